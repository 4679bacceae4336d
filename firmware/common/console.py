"""The board's serial port: USB (standard input and output) or a UART (RS-485). Hardware only, no protocol.

`write` never waits for a host that does not read: some ports say "writable" and then block until a
time-out, so a write that was slow or short is followed by `BACK_OFF_MS` without a try, or until the host
is heard. Ctrl-C stays what it is: it gives the prompt back.
"""

import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import LinkSettings, Port, StampMs

BACK_OFF_MS = 250
SLOW_MS = 20  # a USB packet takes 1 ms; slower means that nobody reads
READ_BYTES = 256  # at most a few lines a call; the rest waits


class _Usb:
    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)

    def read(self) -> bytes:
        found = b""
        while len(found) < READ_BYTES and self._readable.poll(0):
            byte = self._in.read(1)
            if not byte:
                break
            found += byte
        return found

    def write(self, view: memoryview) -> int | None:
        if not self._writable.poll(0):
            return 0
        return self._out.write(view)


class _Uart:
    def __init__(self, link: "LinkSettings") -> None:
        from machine import UART

        self._uart = UART(
            link["id"], link["baud"], tx=link["tx"], rx=link["rx"], txbuf=8192, rxbuf=1024, timeout=0
        )

    def read(self) -> bytes:
        return self._uart.read(READ_BYTES) or b""

    def write(self, view: memoryview) -> int | None:
        return self._uart.write(view)


class Console:
    """The port named by `link` (dict of settings.json)."""

    def __init__(self, link: "LinkSettings") -> None:
        self._port: Port = _Uart(link) if link["port"] == "uart" else _Usb()
        self._quiet_until: StampMs | None = None

    def read(self) -> bytes:
        """Return what has come from the host; b"" when nothing has. Never waits."""
        data = self._port.read()
        if data:
            self._quiet_until = None
        return data

    def write(self, view: memoryview) -> int:
        """Send `view` (memoryview) as far as the host takes it now; return the number of bytes taken."""
        start = time.ticks_ms()
        if self._quiet_until is not None:
            if time.ticks_diff(self._quiet_until, start) > 0:
                return 0
            self._quiet_until = None
        count = self._port.write(view) or 0
        stop = time.ticks_ms()
        if count < len(view) and time.ticks_diff(stop, start) > SLOW_MS:
            self._quiet_until = time.ticks_add(stop, BACK_OFF_MS)
        return count
