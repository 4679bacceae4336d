"""Which ports there are, and which one is meant: `id:SERIAL` or a path.

Rules of this file
- Nothing is opened here. A port that is listed may still be in use.
- A serial number stays with its board; a path does not: configurations and examples name `id:SERIAL`.
- Virtual boards put a link to their port in `virtual_ports_folder()`, named SERIAL.PID after the process that runs
  them, as udev does for USB ports in /dev/serial/by-id. Links of processes that are gone are passed over.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports as usb

from gateway.errors import PortLost

FOLDER_VARIABLE = "STALENSTRAAT_PORTS"


class NoSuchPort(PortLost):
    """No port answers to that name now."""


@dataclass(frozen=True, slots=True, order=True)
class PortInfo:
    """A port: its path, the serial number of what is behind it ("" when it has none), and words for people."""

    path: str
    serial_number: str
    description: str
    virtual: bool = False


def virtual_ports_folder() -> Path:
    """Return the folder of the virtual boards' links: $STALENSTRAAT_PORTS, else one of this user."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if chosen:
        return Path(chosen)
    return (
        Path(runtime) / "stalenstraat"
        if runtime
        else Path(tempfile.gettempdir()) / f"stalenstraat-{os.getuid()}"
    )


def list_ports() -> list[PortInfo]:
    """Return all ports that have a serial number, sorted by path."""
    found = [
        PortInfo(port.device, port.serial_number, port.product or port.description or "")
        for port in usb.comports()
        if port.serial_number
    ]
    return sorted(found + _virtual_ports())


def find_port(spec: str) -> str:
    """Return the path of the port `spec` (`id:SERIAL` or a path); `NoSuchPort` says which ones there are."""
    if not spec.startswith("id:"):
        path = spec.removeprefix("port:")
        if not Path(path).exists():
            raise NoSuchPort(f"{path}: no such port; is the board plugged in? {_there_is()}")
        return path
    number = spec.removeprefix("id:")
    found = [port.path for port in list_ports() if port.serial_number.lower() == number.lower()]
    if not found:
        raise NoSuchPort(f"no board with serial number {number}; is it plugged in? {_there_is()}")
    if len(found) > 1:
        raise NoSuchPort(f"{' and '.join(found)} have the same serial number {number}; name the path instead")
    return found[0]


def _there_is() -> str:
    ports = list_ports()
    if not ports:
        return "No board is seen."
    return "Seen: " + ", ".join(f"id:{port.serial_number} ({port.path})" for port in ports) + "."


def _virtual_ports() -> list[PortInfo]:
    try:
        links = sorted(virtual_ports_folder().iterdir())
    except OSError:
        return []
    found: list[PortInfo] = []
    for link in links:
        serial_number, _, pid = link.name.rpartition(".")
        if serial_number and pid.isdigit() and _runs(int(pid)) and link.is_char_device():
            found.append(PortInfo(str(link.readlink()), serial_number, "virtual board", virtual=True))
    return found


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
