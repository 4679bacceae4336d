"""The board's settings: `settings.json`, written by flash.py, checked here before anything starts.

Every key is in one of the two tables below, and every key of the table must be in the file: a board
with a doubtful setting does not start, it says which one and what it may be.
"""

import binascii
import json

from firmware.common.microphones import FLAT, MICROPHONES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json, LinkSettings, Pins, Rule

MODES = ("observe", "dialogue", "evidence")

# key: (type, lowest, highest) or (type, allowed values); "pins" and "link" are checked by their users.
SENSOR: "dict[str, Rule]" = {
    "kind": (str, ("sensor",)),
    "id": (str, None),
    "key": (str, None),  # what the board proves itself with: 64 hex digits, or empty
    "rate": (int, (48000, 32000)),
    "channels": (int, 1, 2),
    "spacing_m": (float, 0.1, 0.5),  # between two microphones
    "bits": (int, (24, 16)),
    "decimate": (int, (1, 2, 3)),
    "full_scale_db": (float, 90.0, 150.0),
    "microphone": (str, (FLAT,) + tuple(MICROPHONES)),
    "mode": (str, MODES),
    "threshold_dba": (float, 40.0, 130.0),
    "signature_threshold": (float, 0.0, 1.0),
    "min_duration_s": (float, 0.125, 5.0),
    "hold_off_s": (float, 0.0, 3600.0),
    "max_per_hour": (int, 1, 360),
    "before_s": (int, 1, 9),
    "after_s": (int, 1, 9),
    "slots": (int, 1, 16),
    "ibuf_bytes": (int, 10000, 1000000),
    "pins": (dict, None),
    "link": (dict, None),
}

CAMERA: "dict[str, Rule]" = {
    "kind": (str, ("camera",)),
    "id": (str, None),
    "key": (str, None),  # what the board proves itself with: 64 hex digits, or empty
    "size": (list, None),
    "quality": (int, 1, 100),
    "fps": (int, 1, 30),
    "before_s": (int, 1, 9),
    "after_s": (int, 1, 9),
    "ring_bytes": (int, 100000, 32000000),
    "pins": (dict, None),
    "link": (dict, None),
}

CLIP_SECONDS = 10  # clips of ten seconds, never longer: a promise, not a setting


class SettingsError(Exception):
    """A setting is missing, unknown or out of its range; the text says which and what it may be."""


class Settings:
    """The checked settings, one attribute a key."""

    kind: str
    id: str
    key: str
    mode: str
    pins: "Pins"
    link: "LinkSettings"
    before_s: int
    after_s: int
    # sensor
    rate: int
    channels: int
    bits: int
    decimate: int
    full_scale_db: float
    microphone: str
    spacing_m: float
    threshold_dba: float
    signature_threshold: float
    min_duration_s: float
    hold_off_s: float
    max_per_hour: int
    slots: int
    ibuf_bytes: int
    # camera
    size: list[int]
    quality: int
    fps: int
    ring_bytes: int

    def __init__(self, values: "Json") -> None:
        for key in values:
            setattr(self, key, values[key])


def check(values: "Json") -> Settings:
    """Return `Settings` of `values` (dict as in settings.json); `SettingsError` names what is wrong."""
    kind = values.get("kind")
    if kind not in ("sensor", "camera"):
        raise SettingsError('kind: must be "sensor" or "camera", not %r' % (kind,))
    table = SENSOR if kind == "sensor" else CAMERA
    for key in values:
        if key not in table:
            raise SettingsError("%s: unknown key for a %s board; flash.py writes this file" % (key, kind))
    for key in table:
        if key not in values:
            raise SettingsError("%s: missing; run flash.py again" % key)
        values[key] = _checked(key, values[key], table[key])
    _check_key(values["key"])
    if values["before_s"] + values["after_s"] != CLIP_SECONDS:
        raise SettingsError("before_s + after_s: must be %d seconds" % CLIP_SECONDS)
    if kind == "sensor" and values["decimate"] > 1 and values["bits"] != 16:
        raise SettingsError("bits: must be 16 with decimate %d" % values["decimate"])
    if kind == "sensor" and values["rate"] % (values["decimate"] * 40):
        raise SettingsError("decimate: does not divide the %d samples of a block" % (values["rate"] // 40))
    return Settings(values)


def load(path: str) -> Settings:
    """Read and check `path`; `SettingsError` when it is missing, no JSON, or wrong."""
    try:
        with open(path) as file:
            values = json.load(file)
    except OSError:
        raise SettingsError("%s: missing; run flash.py" % path)
    except ValueError:
        raise SettingsError("%s: not JSON; run flash.py again" % path)
    if not isinstance(values, dict):
        raise SettingsError("%s: not a JSON object; run flash.py again" % path)
    return check(values)  # pyright: ignore[reportUnknownArgumentType]  # JSON keys are text


def _check_key(key: str) -> None:
    try:
        count = len(binascii.unhexlify(key))
    except ValueError:
        count = -1
    if count not in (0, 32):  # the text must not hold it
        raise SettingsError("key: must be 64 hex digits, or empty; flash.py --key writes it")


def _checked(key: str, value: object, rule: "Rule") -> object:
    kind = rule[0]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SettingsError("%s: must be %s, not %r" % (key, kind.__name__, value))
    if len(rule) == 3:
        if not rule[1] <= value <= rule[2]:
            raise SettingsError("%s: must be %s to %s, not %r" % (key, rule[1], rule[2], value))
    elif rule[1] is not None and value not in rule[1]:
        raise SettingsError("%s: must be one of %s, not %r" % (key, rule[1], value))
    return value
