"""The board's end of a serial port: a pseudo-terminal and its link in the folder of virtual ports.

Rules of this file
- Nothing blocks. What the host has not read beyond `FULL_BYTES` stays with the board, as with a real port.
- We keep the host's end open too, so that its raw mode and what lies in it survive a host that comes and goes.
"""

import array
import fcntl
import os
import termios
import tty

from gateway.link.discovery import virtual_ports_folder

# A little under the 4 KiB that the kernel keeps for a reader; beyond, its own queue would hide what is unread.
FULL_BYTES = 2048
WRITE_BYTES = 4096


class SerialEnd:
    """A new port for what has the serial number `serial`."""

    def __init__(self, serial: str) -> None:
        self._board, self._host = os.openpty()
        tty.setraw(self._host)
        os.set_blocking(self._board, False)
        self.path = os.ttyname(self._host)
        self._unsent = bytearray()
        self._open = True
        folder = virtual_ports_folder()
        folder.mkdir(parents=True, exist_ok=True)
        self._link = folder / f"{serial}.{os.getpid()}"
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self.path)

    def fileno(self) -> int:
        """Return the file descriptor that becomes readable when the host has written."""
        return self._board

    @property
    def unread_bytes(self) -> int:
        """What the host has not read, here and in the kernel."""
        return len(self._unsent) + self._in_kernel()

    def receive(self, limit: int) -> bytes:
        """Return what the host has written, at most `limit` bytes; b"" when nothing."""
        try:
            return os.read(self._board, limit)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        """Queue `data` for the host. The caller sends no more than what it found before `flush` said False."""
        self._unsent += data
        self.flush()

    def flush(self) -> bool:
        """Give the host what it has room for; return whether all is given and there is room for more."""
        while self._unsent and self._in_kernel() < FULL_BYTES:
            try:
                count = os.write(self._board, self._unsent[:WRITE_BYTES])
            except BlockingIOError:
                return False
            del self._unsent[:count]
        return not self._unsent and self._in_kernel() < FULL_BYTES

    def close(self) -> None:
        """Remove the port; a host that has it open sees it go."""
        if self._open:
            self._open = False
            self._link.unlink(missing_ok=True)
            os.close(self._host)
            os.close(self._board)

    def _in_kernel(self) -> int:
        count = array.array("i", [0])
        fcntl.ioctl(self._host, termios.FIONREAD, count)
        return count[0]
