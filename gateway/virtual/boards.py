"""The virtual boards that demo, bench and tests put in a world: the reference boards, flashed as flash.py flashes.

Keys of settings.json can be changed by name; see firmware/common/settings.py.
"""

from pathlib import Path
from typing import Any

from gateway.boards import board_settings, flashed_files, read_board
from gateway.virtual.board import VirtualBoard

SENSOR_BOARD = "esp32-s3-psram"
CAMERA_BOARD = "xiao-esp32s3-sense"
# A demo wants clips; a board as delivered only observes.
SHOWN: dict[str, object] = {"mode": "evidence", "threshold_dba": 82.0}


def sensor_settings(name: str = "virtual-1", **changes: object) -> dict[str, Any]:
    """Return settings.json of a virtual sensor."""
    return board_settings(read_board(SENSOR_BOARD), name, {**SHOWN, **changes})


def camera_settings(name: str = "virtual-1-cam", **changes: object) -> dict[str, Any]:
    """Return settings.json of a virtual camera."""
    return board_settings(read_board(CAMERA_BOARD), name, changes)


def virtual_sensor(
    name: str, *, serial: str, program: Path | None = None, boot: int = 1, **changes: object
) -> VirtualBoard:
    """Return a sensor that starts for the `boot`-th time; `program` chooses the interpreter."""
    return _board("sensor", sensor_settings(name, **changes), serial, program, boot)


def virtual_camera(
    name: str, *, serial: str, program: Path | None = None, boot: int = 1, **changes: object
) -> VirtualBoard:
    """Return a camera module that starts for the `boot`-th time; `program` chooses the interpreter."""
    return _board("camera", camera_settings(name, **changes), serial, program, boot)


def _board(kind: str, settings: dict[str, Any], serial: str, program: Path | None, boot: int) -> VirtualBoard:
    files = {**flashed_files(kind, settings), "boot.txt": str(boot - 1).encode()}
    return VirtualBoard(files, serial=serial, program=program)
