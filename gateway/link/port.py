"""Serial ports. The only file of the gateway that touches one.

Rules of this file
- A port is opened exclusively and never blocks: the event loop says when bytes can be read or written.
- Everything that goes wrong with a port is `PortLost`, once; a lost port is closed and not used again.
- Both directions are bounded: a reader that is too slow stops reading (the board then sees a host that does
  not read, and drops figures), a board that does not read for long makes the port lost.
"""

import asyncio
import os
from typing import Protocol

import serial

from gateway.errors import PortBusy, PortLost

# USB ports ignore it; it is the speed of the RS-485 line in hardware/boards/*.toml.
DEFAULT_BAUD = 921600
READ_BYTES = 65536
MAX_UNREAD_BYTES = 1 << 20  # a second of the fastest USB serial port
MAX_UNWRITTEN_BYTES = 65536  # a thousand lines: a board that reads none of them is not there


class Port(Protocol):
    """A two-way stream of bytes."""

    async def read(self) -> bytes:
        """Return at least one byte; `PortLost` when there will be none any more."""
        ...

    def write(self, data: bytes) -> None:
        """Queue `data`; `PortLost` when the port is gone or the other side does not read."""
        ...

    def close(self) -> None:
        """Give the port back; what is still queued is tried once."""
        ...


class SerialPort:
    """The serial port at `path`; made inside a running event loop. `PortLost` when it cannot be opened."""

    def __init__(self, path: str, baud: int = DEFAULT_BAUD) -> None:
        self._path = path
        try:
            self._serial = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise _why_not_opened(path, error) from None
        self._fd: int = self._serial.fileno()
        self._loop = asyncio.get_running_loop()
        self._unread = bytearray()
        self._unwritten = bytearray()
        self._arrived = asyncio.Event()
        self._lost: str | None = None
        self._reading = False
        self._resume_reading()

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte."""
        await self._arrived.wait()
        data = bytes(self._unread)
        self._unread.clear()
        if not data:
            raise PortLost(self._lost or f"{self._path}: closed")
        if self._lost is None:
            self._arrived.clear()
            self._resume_reading()
        return data

    def write(self, data: bytes) -> None:
        """Queue `data` for the board."""
        if self._lost is not None:
            raise PortLost(self._lost)
        idle = not self._unwritten
        self._unwritten += data
        if len(self._unwritten) > MAX_UNWRITTEN_BYTES:
            self._lose("the board reads nothing; unplug and plug it in again")
            raise PortLost(self._lost or "")
        if idle and self._unwritten:
            self._on_writable()

    def close(self) -> None:
        """Write what can be written at once, then give the port back."""
        if self._lost is None:
            if self._unwritten:
                self._on_writable()
            self._lose("closed")

    def _resume_reading(self) -> None:
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._fd, self._on_readable)

    def _on_readable(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(f"gone ({error.strerror}); is it unplugged?")
            return
        if not data:
            self._lose("gone; is it unplugged?")
            return
        self._unread += data
        self._arrived.set()
        if len(self._unread) >= MAX_UNREAD_BYTES:
            self._loop.remove_reader(self._fd)
            self._reading = False

    def _on_writable(self) -> None:
        try:
            count = os.write(self._fd, self._unwritten)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self._lose(f"gone ({error.strerror}); is it unplugged?")
            return
        del self._unwritten[:count]
        if self._unwritten:
            self._loop.add_writer(self._fd, self._on_writable)
        else:
            self._loop.remove_writer(self._fd)

    def _lose(self, why: str) -> None:
        if self._lost is not None:
            return
        self._lost = f"{self._path}: {why}"
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False
        self._loop.remove_writer(self._fd)
        self._serial.close()
        self._arrived.set()


def _why_not_opened(path: str, error: Exception) -> PortLost:
    number = getattr(error, "errno", None)
    text = str(error)
    if number == 2 or "No such file" in text:  # noqa: PLR2004 - ENOENT
        return PortLost(f"{path}: no such port; is the board plugged in?")
    if number == 13 or "Permission denied" in text:  # noqa: PLR2004 - EACCES
        return PortLost(f"{path}: not allowed; add this user to the group of the port (often dialout)")
    if "exclusively lock" in text or number in (11, 16):
        return PortBusy(f"{path}: in use by another program; close that program")
    return PortLost(f"{path}: cannot be opened ({text})")
