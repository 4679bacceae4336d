"""Kinds of boards, as `hardware/boards/NAME.toml` describes them, and what is put on a board of that kind.

Rules of this file
- A board file says what follows from the hardware; `SITE` says the rest, and whoever flashes may change it.
- What comes out has passed the firmware's own check (firmware/common/settings.py) and the pins' (here).
- Everything that is wrong with a board file or a setting is a `BoardError` that names the key.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from firmware.common import settings as firmware_settings
from firmware.common import wire
from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.common.microphones import FLAT, FLAT_FULL_SCALE_DB, MICROPHONES
from gateway.errors import ConfigError

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "hardware" / "boards"

CLIP_S = firmware_settings.CLIP_SECONDS
FRAMES_PER_CLIP = FRAMES_PER_SECOND * CLIP_S
TRACE_BYTES = wire.TRACE_HEAD_BYTES + 2 * 29  # a frame's record, see docs/protocol.md
# What the firmware takes beside its rings in single precision, code included, and what comes and goes until the next
# collection; tests/firmware/test_board_memory.py measures it.
WORK_BYTES = {"sensor": 245_000, "camera": 60_000}

# What a second microphone takes: its samples in the blocks on their way, and the bearing.
SECOND_MICROPHONE_BYTES = 20_000

# What a board with a key takes: firmware/common/proof.py, the state of a clip's hash, a summary with its proof.
PROOF_BYTES = 5_000

# What a site decides, with the value a board gets when nothing is said.
SITE: dict[str, dict[str, Any]] = {
    "sensor": {
        "key": "",  # see board_key.py
        "full_scale_db": FLAT_FULL_SCALE_DB,  # of the type where one is named
        "microphone": FLAT,
        "channels": 1,
        "spacing_m": 0.2,  # between the microphones, where there are two
        "mode": "observe",  # no clip can exist until somebody decides that it may
        "threshold_dba": 80.0,
        "signature_threshold": 0.5,
        "min_duration_s": 0.25,
        "hold_off_s": 10.0,
        "max_per_hour": 30,
        "before_s": 4,
        "after_s": 6,
    },
    "camera": {"key": "", "before_s": 4, "after_s": 6},
}
REQUIRED_PINS = {"sensor": ("i2s_id", "sck", "ws", "sd", "arm", "keep"), "camera": ("arm", "keep")}
NOT_GPIO = ("i2s_id", "xclk_freq")
UNUSED = -1
BAUD = (9600, 12_000_000)  # as gateway/config.py


class BoardError(ConfigError):
    """A board file or a setting for a board is wrong."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Gpio(_Section):
    """Which pins a board has: 0 to `highest` without `reserved`."""

    highest: Annotated[int, Field(ge=1, le=63)]
    reserved: list[int] = []
    ws_after_sck: bool = False


class Board(_Section):
    """A kind of board: what it is, where an image for it is found, its pins, its part of the settings."""

    title: str
    kind: Literal["sensor", "camera"]
    image: str
    gpio: Gpio
    settings: dict[str, Any]


def board_names() -> list[str]:
    """Return the names of the board files."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_board(name: str, folder: Path = FOLDER) -> Board:
    """Return the board of `name`.toml; `BoardError` when it is not there or wrong."""
    path = folder / f"{name}.toml"
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        names = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
        raise BoardError(f"no board {name!r}; there are: {names}") from None
    except (OSError, ValueError) as error:
        raise BoardError(f"{path.name}: cannot be read: {error}") from None
    try:
        board = Board.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise BoardError(f"{path.name}: {where}: {problem['msg']}") from None
    site_keys = [key for key in board.settings if key in SITE[board.kind] or key in ("kind", "id")]
    if site_keys:
        raise BoardError(f"{path.name}: settings.{site_keys[0]}: a site decides this, not a board")
    try:
        board_settings(board, "check")
    except BoardError as error:
        raise BoardError(f"{path.name}: settings.{error}") from None
    return board


def board_settings(board: Board, name: str, changes: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return settings.json of a board called `name`, as a dict; `changes` replace keys, `BoardError` names a wrong one.

    A change of "pins" or "link" replaces only the keys it has; one of "microphone" alone brings its `full_scale_db`.
    """
    values: dict[str, Any] = {"kind": board.kind, "id": name, **SITE[board.kind], **_copy(board.settings)}
    changes = changes or {}
    if (microphone := MICROPHONES.get(str(changes.get("microphone")))) is not None:
        values["full_scale_db"] = microphone.full_scale_db
    for key, value in changes.items():
        if key in ("pins", "link") and isinstance(value, Mapping):
            values[key] = {**values[key], **cast("Mapping[str, object]", value)}
        else:
            values[key] = value
    try:
        firmware_settings.check(values)
    except firmware_settings.SettingsError as error:
        raise BoardError(str(error)) from None
    _check_name(name)
    _check_pins(board, values["pins"])
    _check_link(board, values["link"], values["pins"])
    return values


def needed_bytes(settings: Mapping[str, Any]) -> int:
    """Return the free memory that the firmware with `settings` needs at its start."""
    work = WORK_BYTES[settings["kind"]] + (PROOF_BYTES if settings["key"] else 0)
    if settings["kind"] == "camera":
        return work + settings["ring_bytes"]
    if _has_two(settings):
        work += SECOND_MICROPHONE_BYTES
    return work + settings["ibuf_bytes"] + ring_bytes(settings)


def ring_bytes(settings: Mapping[str, Any]) -> int:
    """Return the memory that the clips of a sensor with `settings` are recorded in."""
    if settings["mode"] != "evidence":
        return 0
    sample_bytes = settings["channels"] * settings["bits"] // 8
    record_bytes = TRACE_BYTES + (wire.TRACE_BEARING_BYTES if _has_two(settings) else 0)
    clip = CLIP_S * settings["rate"] // settings["decimate"] * sample_bytes + FRAMES_PER_CLIP * record_bytes
    return settings["slots"] * clip


def _has_two(settings: Mapping[str, Any]) -> bool:
    return settings["channels"] > 1


def flashed_files(kind: str, settings: Mapping[str, Any]) -> dict[str, bytes]:
    """Return path -> content of all that flash.py puts on a board of `kind` ("sensor" or "camera")."""
    firmware = ROOT / "firmware"
    paths = [firmware / "__init__.py", *(firmware / "common").glob("*.py"), *(firmware / kind).glob("*.py")]
    paths += (firmware / kind).glob("signature.json")
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sorted(paths)}
    files["main.py"] = files.pop(f"firmware/{kind}/main.py")
    files["code.txt"] = code_hash(files).encode()
    files["settings.json"] = json.dumps(settings, indent=1).encode()
    return files


def code_hash(files: Mapping[str, bytes]) -> str:
    """Return 16 hex digits over the paths and contents of the firmware `files`."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return digest.hexdigest()[:16]


def _copy(values: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(values))


def _check_name(name: str) -> None:
    # As the gateway's configuration has it: it becomes part of file names.
    if not re.fullmatch(r"[a-z0-9-]{1,32}", name):
        raise BoardError(f"id: {name!r} will not do; write 1 to 32 small letters, digits and hyphens")


def _check_pins(board: Board, pins: Mapping[str, Any]) -> None:
    for name in REQUIRED_PINS[board.kind]:
        if name not in pins:
            raise BoardError(f"pins.{name}: missing")
    known = {*REQUIRED_PINS[board.kind], *board.settings.get("pins", {})}
    used: dict[int, str] = {}
    for name, value in pins.items():
        if name not in known:
            raise BoardError(f"pins.{name}: unknown; possible here: {', '.join(sorted(known))}")
        if name not in NOT_GPIO:
            several = cast("list[object]", value if isinstance(value, list) else [value])
            for pin in several:
                _take_pin(board.gpio, f"pins.{name}", pin, used)
    if board.gpio.ws_after_sck and pins["ws"] != pins["sck"] + 1:
        raise BoardError(f"pins.ws: must be {pins['sck'] + 1}, the pin after sck, on this board")


def _take_pin(gpio: Gpio, name: str, pin: object, used: dict[int, str]) -> None:
    if pin == UNUSED and name in ("pins.powerdown_pin", "pins.reset_pin"):
        return
    if not isinstance(pin, int) or isinstance(pin, bool) or not 0 <= pin <= gpio.highest:
        raise BoardError(f"{name}: must be a GPIO from 0 to {gpio.highest}, not {pin!r}")
    if pin in gpio.reserved:
        raise BoardError(f"{name}: GPIO {pin} is used by the board itself")
    if pin in used:
        raise BoardError(f"{name}: GPIO {pin} is already {used[pin]}")
    used[pin] = name


def _check_link(board: Board, link: Mapping[str, Any], pins: Mapping[str, Any]) -> None:
    if link == {"port": "usb"}:
        return
    if link.get("port") != "uart" or set(link) != {"port", "id", "baud", "tx", "rx"}:
        raise BoardError('link: must be {"port": "usb"} or {"port": "uart", "id", "baud", "tx", "rx"}')
    if not isinstance(link["baud"], int) or not BAUD[0] <= link["baud"] <= BAUD[1]:
        raise BoardError(f"link.baud: must be {BAUD[0]} to {BAUD[1]}, not {link['baud']!r}")
    used = {
        pin: f"pins.{name}" for name, pin in pins.items() if isinstance(pin, int) and name not in NOT_GPIO
    }
    for end in ("tx", "rx"):
        _take_pin(board.gpio, f"link.{end}", link[end], used)
