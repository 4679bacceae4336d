"""Virtual boards with the firmware already on them, as flash.py leaves a real one.

They are the boards of hardware/boards; a demo, a test or a tool changes what it needs of their settings.
"""

from pathlib import Path
from typing import Any

from gateway.boards import board_settings, flashed_files, read_board
from gateway.virtual.board import HEAP_BYTES, VirtualBoard

SENSOR = "esp32-s3-psram"
CAMERA = "xiao-esp32s3-sense"
MODE = "evidence"  # a virtual board is there to show clips


def sensor_settings(name: str = "virtual", **changes: object) -> dict[str, Any]:
    """Return settings.json of a virtual sensor board called `name`; `changes` replace keys. Raises `BoardError`."""
    return board_settings(read_board(SENSOR), name, {"mode": MODE, **changes})


def camera_settings(name: str = "virtual-camera", **changes: object) -> dict[str, Any]:
    """Return settings.json of a virtual camera module called `name`; `changes` replace keys. Raises `BoardError`."""
    return board_settings(read_board(CAMERA), name, changes)


def virtual_sensor(name: str, *, serial: str, program: Path | None = None, **changes: object) -> VirtualBoard:
    """Return a sensor board called `name`, its firmware running; `changes` replace settings."""
    return _board(sensor_settings(name, **changes), serial, program)


def virtual_camera(name: str, *, serial: str, program: Path | None = None, **changes: object) -> VirtualBoard:
    """Return a camera module called `name`, its firmware running; `changes` replace settings."""
    return _board(camera_settings(name, **changes), serial, program)


def _board(settings: dict[str, Any], serial: str, program: Path | None) -> VirtualBoard:
    files = flashed_files(settings["kind"], settings)
    # Double precision takes more than a real board needs.
    return VirtualBoard(files, serial=serial, program=program, heap_bytes=HEAP_BYTES * 3 // 2)
