"""What was found when a calibrator was on a microphone: the record that board, gateway and clips carry. Pure.

Rules of this file
- Field names are those of docs/protocol.md; levels in dB, time in UTC.
- The record of a board that makes no sense is no record: the board then counts as never calibrated, which is a flag.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WrapValidator
from pydantic import ValidatorFunctionWrapHandler as Handler

from gateway.timing import SECOND_NS

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
MAX_CALIBRATOR = 64  # characters: maker, type and serial number; the line to the board is bounded


def _is_time(text: str) -> str:
    datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    return text


# Boards with single precision give 0.8700001 back for 0.87.
Decibels = Annotated[float, Field(ge=-200, le=200), AfterValidator(lambda value: round(value, 3))]


class CalibrationRecord(BaseModel):
    """One calibration, or one check, of one microphone.

    `offset_db` is what the board adds to its levels (after a check: as it was before). `deviation_db` is by how much
    the level read too high before; `drift_db` how far the offset is from that of the last calibration, None without
    one; `spread_db` how much the tone's level moved; `uncertainty_db` expanded, k = 2, of the offset.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    kind: Literal["calibration", "check"]
    time: Annotated[str, AfterValidator(_is_time)]
    offset_db: Annotated[Decibels, Field(ge=-20, le=20)]
    deviation_db: Decibels
    drift_db: Decibels | None = None
    level_db: Decibels
    frequency_hz: Annotated[float, Field(gt=0, le=20000), AfterValidator(lambda value: round(value, 2))]
    spread_db: Decibels
    uncertainty_db: Decibels
    calibrator: Annotated[str, Field(max_length=MAX_CALIBRATOR)] = ""
    certificate: Annotated[str, Field(max_length=10)] | None = None

    @property
    def wall_ns(self) -> int:
        """Return when it was, in nanoseconds since 1970, UTC."""
        return int(datetime.strptime(self.time, TIME_FORMAT).replace(tzinfo=UTC).timestamp()) * SECOND_NS

    def compact(self) -> str:
        """Return it as JSON for a line to the board: ASCII, without spaces between the values."""
        values = self.model_dump(exclude_none=True)
        return json.dumps(values, separators=(",", ":"))


def _or_none(value: Any, handler: Handler) -> CalibrationRecord | None:  # noqa: ANN401  whatever a board sends
    try:
        return handler(value)
    except ValidationError:
        return None


MaybeRecord = Annotated[CalibrationRecord | None, WrapValidator(_or_none)]
