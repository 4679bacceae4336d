"""A virtual board: the real firmware on an interpreter, behind a serial port that mpremote and the gateway open.

Rules of this file
- The port is a pseudo-terminal. Ctrl-C stops the program and gives MicroPython's own prompt (WebAssembly only);
  Ctrl-D there, `machine.reset()` and a power cut start a fresh interpreter; the file system stays, memory does not.
- Nothing blocks on a host that does not read: what does not fit stays on the board, which sees "not writable".
- Time comes from outside: `step` runs the program once at `now_us`, `pump` only moves bytes.
- Not thread-safe: whoever steps it owns it (virtual/world.py).
"""

import json
import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.errors import GatewayError
from gateway.virtual.interpreter import Interpreter
from gateway.virtual.messages import FAULT, PROMPT, RESET, PinChange, pack_step, unpack_step
from gateway.virtual.serial_end import SerialEnd

HEAP_BYTES = 8 * 1024 * 1024  # an ESP32-S3 with 8 MB of PSRAM
CTRL_C = 0x03
RESTART_US = 2_000_000  # main.py waits that long between a fault and the restart
SOFT_REBOOT = b"MPY: soft reboot\r\n"
RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
INTERRUPTED = (
    b'Traceback (most recent call last):\r\n  File "main.py", in <module>\r\nKeyboardInterrupt: \r\n'
)
NO_PROMPT = b"this interpreter has no prompt: the program goes on\r\n"
READ_BYTES = 4096


class BoardState(Enum):
    """What a board is doing."""

    RUNNING = "running"
    PROMPT = "prompt"
    FAULT = "fault"  # the program raised; it starts again in RESTART_US


class VirtualBoard:
    """A board with `files` on its file system and the serial number `serial` (hex, as machine.unique_id() has it).

    `program` chooses the interpreter, see `Interpreter`. Raises `GatewayError` when that cannot run.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        serial: str,
        program: Path | None = None,
        heap_bytes: int = HEAP_BYTES,
    ) -> None:
        bytes.fromhex(serial)
        self.serial = serial
        self.faults = 0  # how often the program raised
        self.starts = 0
        self.state = BoardState.RUNNING
        self._program = program
        self._heap_bytes = heap_bytes
        self._files = dict(files)
        self._now_us = 0
        self._restart_us = 0
        self._high: set[int] = set()
        self._fallen: list[PinChange] = []
        self._lines: dict[str, SerialEnd] = {}
        self._raw = False
        self._port = SerialEnd(serial)
        try:
            self._interpreter = self._fresh()
        except BaseException:
            self._port.close()
            raise
        self._run_program()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> str:
        """The path of the board's USB port; it changes with `power_cycle(unplug=True)`."""
        return self._port.path

    @property
    def settings(self) -> dict[str, Any]:
        """What `settings.json` on the board says; empty when there is none that can be read."""
        try:
            return json.loads(self._interpreter.files().get("settings.json", b"{}"))
        except ValueError:
            return {}

    def files(self) -> dict[str, bytes]:
        """Return what is on the board's file system."""
        return self._interpreter.files()

    def uart(self, number: int) -> str:
        """Return the path of the port at the other end of UART `number`."""
        return self._line(f"uart{number}").path

    @property
    def unread_bytes(self) -> int:
        """How much of what the board has said lies in its ports, unread by the host."""
        return self._port.unread_bytes + sum(line.unread_bytes for line in self._lines.values())

    def fileno(self) -> int:
        """Return the file descriptor that becomes readable when the host has written."""
        return self._port.fileno()

    def step(
        self, now_us: int, inputs: Mapping[str, bytes], pins: Sequence[PinChange] = ()
    ) -> list[PinChange]:
        """Let time pass to `now_us`, then run `main.step()` once.

        `inputs`: "i2s" (words as the bus brings them), "camera" (a JPEG); they last for this step. `pins` are the
        edges since the last step, oldest first, in this board's time. Returns the edges the board made.
        """
        self._now_us = now_us
        self._take_input()
        changes, self._fallen = self._fallen, []
        if self.state is BoardState.FAULT and now_us >= self._restart_us:
            self.power_cycle()
        elif self.state is BoardState.RUNNING:
            arrived = {name: line.receive(READ_BYTES) for name, line in self._lines.items()}
            data = pack_step(
                now_us, pins, {**inputs, **{name: some for name, some in arrived.items() if some}}
            )
            flags, made, sent = unpack_step(self._interpreter.call("_board.step", data, drain=False))
            for change in made:
                (self._high.add if change.value else self._high.discard)(change.pin)
            for name, some in sent.items():
                self._line(name).send(some)
            changes += made
            self._obey(flags)
        self._give_output()
        return changes

    def pump(self) -> None:
        """Move bytes between the port and the board, without letting time pass."""
        self._take_input()
        self._give_output()

    def power_cycle(self, *, unplug: bool = False) -> None:
        """Cut the power and give it again; with `unplug` the port goes too, and comes back elsewhere."""
        if unplug:
            self._port.close()
            self._port = SerialEnd(self.serial)
        self._restart()
        self._run_program()

    def close(self) -> None:
        """Switch the board off and remove its port."""
        self._interpreter.close()
        for end in (self._port, *self._lines.values()):
            end.close()

    # -- starting

    def _fresh(self) -> Interpreter:
        interpreter = Interpreter(self._files, program=self._program, heap_bytes=self._heap_bytes)
        try:
            known = {"uid": self.serial, "heap_bytes": self._heap_bytes, "now_us": self._now_us}
            interpreter.call("_board.configure", json.dumps(known).encode())
        except BaseException:
            interpreter.close()
            raise
        return interpreter

    def _restart(self) -> None:
        self._give_output()
        self._files = self._interpreter.files()
        self._interpreter.close()
        self._interpreter = self._fresh()
        self._raw = False
        self._fallen += [PinChange(self._now_us, pin, 0) for pin in sorted(self._high)]
        self._high.clear()

    def _run_program(self) -> None:
        self.starts += 1
        self.state = BoardState.RUNNING
        self._obey(self._interpreter.call("_board.start", drain=False)[0])

    def _obey(self, flags: int) -> None:
        if flags & RESET:
            self.power_cycle()
        elif flags & FAULT:
            self.faults += 1
            self.state = BoardState.FAULT
            self._restart_us = self._now_us + RESTART_US
        elif flags & PROMPT:
            self._open_prompt(b"")

    # -- from the host

    def _take_input(self) -> None:
        data = self._port.receive(READ_BYTES)
        while data:
            if self.state is BoardState.PROMPT:
                data = self._process(data)
                continue
            before, stop, after = data.partition(bytes([CTRL_C]))
            self._interpreter.console_write(before)
            if stop and self._interpreter.has_prompt:
                self._open_prompt(INTERRUPTED)
            elif stop:
                self._port.send(NO_PROMPT)
            data = after

    def _open_prompt(self, why: bytes) -> None:
        if not self._interpreter.has_prompt:
            raise GatewayError(
                "the program on the virtual board did not start, and this interpreter has no prompt"
            )
        self.state = BoardState.PROMPT
        self._port.send(self._interpreter.console_read() + why)
        self._process(b"")

    def _process(self, data: bytes) -> bytes:
        taken, restart = self._interpreter.process(data)
        typed = data[:taken].replace(b"\x05A\x01", b"")
        self._raw = typed.rfind(b"\x01") > typed.rfind(b"\x02") or (self._raw and b"\x02" not in typed)
        if restart:
            said = self._interpreter.console_read()
            if self._interpreter.call("_board.reset_wanted") == b"\x01":
                self._port.send(said.partition(b"\x04")[0])
                self.power_cycle()
            else:
                self._port.send(said + SOFT_REBOOT)
                self._soft_reboot()
        return data[taken:]

    def _soft_reboot(self) -> None:
        raw = self._raw
        self._restart()
        if not raw:
            self._run_program()
            return
        self._interpreter.process(b"\x01")
        self._interpreter.console_read()
        self._port.send(RAW_PROMPT)
        self._raw = True

    # -- to the host

    def _give_output(self) -> None:
        while self._port.flush():
            data = self._interpreter.console_read(READ_BYTES)
            if not data:
                break
            self._port.send(data)
        for line in self._lines.values():
            line.flush()

    def _line(self, name: str) -> SerialEnd:
        if name not in self._lines:
            self._lines[name] = SerialEnd(f"{self.serial}-{name}")
        return self._lines[name]


def random_serial() -> str:
    """Return a serial number of eight bytes, as most boards have."""
    return os.urandom(8).hex()
