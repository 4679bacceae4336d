"""What a calibrator said of this board's microphone: `calibration.json`, written here and nowhere else.

Rules of this file
- flash.py never touches the file: a new firmware or a new site keeps the calibration of the hardware.
- Two records: the newest calibration, whose offset is added to all levels, and the newest check since, which changes
  nothing. A new calibration makes the check obsolete. The history is the gateway's.
- Written aside, then renamed: a power cut leaves the old file or the new one.
- A file that makes no sense is no calibration, and the self-check says so; the board starts all the same.
- A record is a dict as docs/protocol.md has it. The board looks at `kind`, `time` and `offset_db` and keeps the rest.
"""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

FILE = "calibration.json"
CALIBRATION = "calibration"
CHECK = "check"
LARGEST_OFFSET_DB = 20.0  # a microphone that is further off is another one than the settings say
LONGEST_TIME = 24
DAMAGED = "calibration.json makes no sense: levels rest on the data sheet; run stalenstraat calibrate"


class CalibrationError(Exception):
    """A record makes no sense; the text says why."""


class Calibration:
    """The records in the file at `path`: `record` and `check` (dict or None); `damage` says what is wrong, or ""."""

    def __init__(self, path: str = FILE) -> None:
        self._path = path
        self.record: Json | None = None
        self.check: Json | None = None
        self.damage = ""
        try:
            with open(path) as file:
                found = json.load(file)
            self.record = _checked(found[CALIBRATION], CALIBRATION)
            self.check = _checked(found[CHECK], CHECK)
        except OSError:
            pass  # never calibrated
        except (CalibrationError, ValueError, KeyError, TypeError):
            self.record = self.check = None
            self.damage = DAMAGED

    @property
    def offset_db(self) -> float:
        """What is added to all levels, in dB; 0.0 without a calibration."""
        return float(self.record["offset_db"]) if self.record else 0.0

    def store(self, text: str) -> None:
        """Keep the record `text` (JSON) in the file; `CalibrationError` when it makes no sense, `OSError` no room."""
        try:
            record = json.loads(text)
        except ValueError:
            raise CalibrationError("it is not JSON")
        if not isinstance(record, dict):
            raise CalibrationError("it is no JSON object")
        values: Json = record  # pyright: ignore[reportUnknownVariableType]  # JSON keys are text
        records: dict[str, Json | None] = {CALIBRATION: self.record, CHECK: None}
        kind = CHECK if values.get("kind") == CHECK else CALIBRATION
        records[kind] = _checked(values, kind)
        with open(self._path + ".new", "w") as file:
            json.dump(records, file)
        os.rename(self._path + ".new", self._path)
        self.record = records[CALIBRATION]
        self.check = records[CHECK]
        self.damage = ""


def _checked(record: object, kind: str) -> "Json | None":
    """Return `record` when it is one of `kind` or None; `CalibrationError` otherwise."""
    if record is None:
        return None
    if not isinstance(record, dict):
        raise CalibrationError("it is no JSON object")
    values: Json = record  # pyright: ignore[reportUnknownVariableType]  # JSON keys are text
    if values.get("kind") != kind:
        raise CalibrationError("it is no record of a %s" % kind)
    offset = values.get("offset_db")
    if isinstance(offset, bool) or not isinstance(offset, (int, float)):
        raise CalibrationError("offset_db: must be a number")
    if not -LARGEST_OFFSET_DB <= offset <= LARGEST_OFFSET_DB:
        raise CalibrationError("offset_db: must be within %d dB" % LARGEST_OFFSET_DB)
    time = values.get("time")
    if not isinstance(time, str) or not 0 < len(time) <= LONGEST_TIME:
        raise CalibrationError("time: must be a time")
    return values
