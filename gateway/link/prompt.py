"""A board at MicroPython's prompt: what is on it, and putting files there. The way is mpremote's own transport.

Rules of this file
- The program is stopped first, and the prompt is waited for before raw mode is asked: asked earlier, Ctrl-A may
  arrive while the program is still being stopped, and is lost.
- Everything that goes wrong is a `LinkError` with a class of its own; nothing is printed.
"""

import contextlib
import io
import json
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from gateway.errors import LinkError, PortLost
from gateway.link.discovery import NoSuchPort, find_port

BAUD = 115200  # USB ports ignore it; the prompt of a UART has it
PROMPT_S = 6.0  # a board that restarts after a fault waits 2 s before it listens
ASK_AGAIN_S = 0.5
ANSWER_S = 10
CHUNK_BYTES = 1024  # per write; its text as Python source fits the smallest board's memory many times
PROMPT = b">>> "
STOP = b"\r\x03\x02"  # Ctrl-C stops the program, Ctrl-B leaves raw mode
LAST = "code.txt"  # the hash over all files: removed first and written last

# Runs on the board. Prints one line of JSON about it, then one of [path, SHA-256] for each of our files.
LOOK = """
import os, sys, json, gc, machine, binascii, hashlib
def look(path):
    digest = hashlib.sha256()
    try:
        with open(path, 'rb') as file:
            while True:
                data = file.read(1024)
                if not data: break
                digest.update(data)
    except OSError: return
    print(json.dumps([path, binascii.hexlify(digest.digest()).decode()]))
def walk(folder):
    try: entries = [entry[:2] for entry in os.ilistdir(folder)]
    except OSError: return
    for name, kind in entries:
        path = folder + '/' + name
        if name in ('.', '..'): continue
        elif kind & 0x4000: walk(path)
        elif name.endswith(('.py', '.json')): look(path)
gc.collect()
try:
    import ulab
    # Spectra need complex numbers, which an image can be built without.
    version = ulab.__version__ if hasattr(ulab.numpy, "complex") else None
except ImportError: version = None
try:
    with open('settings.json') as file: settings = json.load(file)
except (OSError, ValueError): settings = None
print(json.dumps({'micropython': '.'.join([str(part) for part in sys.implementation[1][:3]]), 'ulab': version,
    'settings': settings, 'mem_free': gc.mem_free(), 'uid': binascii.hexlify(machine.unique_id()).decode()}))
for path in ('main.py', 'settings.json', 'code.txt'): look(path)
walk('firmware')
"""


class PortInUse(PortLost):
    """The port is there and cannot be opened."""


class NoPrompt(LinkError):
    """What is behind the port does not answer as MicroPython does."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is on a board: versions (ulab None without it), free bytes, settings.json, SHA-256 of each of our files."""

    micropython: str
    ulab: str | None
    mem_free: int
    uid: str
    settings: dict[str, Any] | None
    hashes: dict[str, str]


class BoardPrompt:
    """The board at the port `spec`, stopped at its prompt; `found` is what is on it. Raises `LinkError`."""

    def __init__(self, spec: str) -> None:
        self._spec = spec
        self._transport = self._open()
        try:
            self._wait_for_prompt()
            with self._answers(NoPrompt):
                self._transport.enter_raw_repl(soft_reset=True)
                said = cast("bytes", self._transport.exec(LOOK)).decode()
            first, *lines = said.splitlines()
            self.found = Found(hashes=dict(json.loads(line) for line in lines), **json.loads(first))
        except ValueError as error:
            self.close()
            raise NoPrompt(f"{spec}: the board answers nonsense ({error}); reset it and try again") from None
        except BaseException:
            self.close()
            raise

    def copy(self, files: Mapping[str, bytes]) -> None:
        """Write `files` (path -> content), in the order that lets an interrupted copy be seen."""
        with self._answers(PortLost):
            if LAST in files and LAST in self.found.hashes:
                self._transport.fs_rmfile(LAST)
            for path in sorted(files, key=lambda path: (path == LAST, path)):
                self._make_folders(path)
                self._transport.fs_writefile(path, files[path], chunk_size=CHUNK_BYTES)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove these files."""
        with self._answers(PortLost):
            for path in paths:
                self._transport.fs_rmfile(path)

    def run(self, code: str) -> str:
        """Execute `code` on the board; return what it printed."""
        with self._answers(LinkError):
            return cast("bytes", self._transport.exec(code)).decode()

    def reset(self) -> None:
        """Restart the board and leave the port."""
        with self._answers(PortLost):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        self.close()

    def close(self) -> None:
        """Leave the port; the board stays at its prompt."""
        with contextlib.suppress(OSError, TransportError):
            self._transport.close()

    def _open(self) -> SerialTransport:
        path = find_port(self._spec)
        if not Path(path).is_char_device():
            raise NoSuchPort(f"{path}: is no port")
        try:
            return SerialTransport(path, BAUD, timeout=ANSWER_S)
        except (TransportError, OSError):
            raise PortInUse(
                f"{path}: cannot be opened; close the program that uses it (the gateway, say), "
                "or add this user to the group of the port (often dialout)"
            ) from None

    def _make_folders(self, path: str) -> None:
        parts = path.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            with contextlib.suppress(FileExistsError):
                self._transport.fs_mkdir("/".join(parts[:count]))

    def _wait_for_prompt(self) -> None:
        port = cast("serial.Serial", self._transport.serial)
        port.timeout = 0.05
        deadline = time.monotonic() + PROMPT_S
        said = b""
        try:
            while not said.endswith(PROMPT):
                if time.monotonic() > deadline:
                    raise NoPrompt(
                        f"{self._spec}: no MicroPython answers Ctrl-C; put an image on the board first "
                        "(hardware/boards says which), or press its reset button and try again"
                    )
                port.write(STOP)
                ask_again = time.monotonic() + ASK_AGAIN_S
                while time.monotonic() < ask_again and not said.endswith(PROMPT):
                    said = (said + port.read(4096))[-len(PROMPT) :]
        except (OSError, serial.SerialException) as error:
            raise PortLost(f"{self._spec}: the port is gone ({error}); plug the board in again") from None
        port.timeout = ANSWER_S

    @contextlib.contextmanager
    def _answers(self, otherwise: type[LinkError]) -> Generator[None]:
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not understand
                yield
        except TransportExecError as error:
            said = str(error).strip().splitlines() or ["no reason"]
            raise otherwise(f"{self._spec}: the board refused: {said[-1]}") from None
        except (TransportError, OSError, serial.SerialException) as error:
            raise otherwise(
                f"{self._spec}: the board does not answer ({error}); reset it and try again"
            ) from None
