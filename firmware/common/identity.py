"""Who this board is: serial number, boot count, code hash, versions. What HELLO says of it."""

import binascii
import gc
import os
import random
import sys

import machine

from . import wire
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

BOOT_FILE = "boot.txt"
CODE_FILE = "code.txt"  # written by flash.py: the hash over all firmware files


def next_boot() -> int:
    """Count this start in `boot.txt` and return the count.

    Without a readable file it counts from a number drawn by lot: event ids of a board whose memory was wiped must not
    be those of its earlier clips.
    """
    try:
        with open(BOOT_FILE) as file:
            boot = int(file.read()) + 1
    except (OSError, ValueError):
        boot = 1 + random.getrandbits(24)
    with open(BOOT_FILE + ".new", "w") as file:
        file.write(str(boot))
    os.rename(BOOT_FILE + ".new", BOOT_FILE)
    return boot


def code_hash() -> str:
    """Return the hash of the firmware as flash.py put it here; "" when it was put here otherwise."""
    try:
        with open(CODE_FILE) as file:
            return file.read().strip()
    except OSError:
        return ""


def hello(settings: Settings, boot: int, clock_hz: int, held: list[int], checks: dict[str, str]) -> "Json":
    """Return HELLO's dict (docs/protocol.md) of the board with `settings`."""
    try:
        import ulab

        ulab_version = ulab.__version__
    except ImportError:
        ulab_version = None
    return {
        "v": wire.VERSION,
        "kind": settings.kind,
        "id": settings.id,
        "uid": binascii.hexlify(machine.unique_id()).decode(),
        "boot": boot,
        "code": code_hash(),
        "micropython": ".".join([str(part) for part in sys.implementation.version[:3]]),
        "ulab": ulab_version,
        "mem_free": gc.mem_free(),
        "clock_hz": clock_hz,
        "held": held,
        "checks": checks,
    }
