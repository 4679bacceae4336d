"""The JSON a board sends, as typed values. Field names are those of docs/protocol.md.

Rules of this file
- Only shapes: no bytes on the wire, no state.
- A value the gateway uses is checked here, with bounds; what it does not know is ignored, so that a newer
  board still talks to an older gateway. `RemoteProtocolError` names the field that is wrong.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import RemoteProtocolError
from gateway.link.calibration import MaybeRecord

# Letters, digits and - only: an id is part of file names and of the event id.
ID_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
MAX_COUNT = 2**63 - 1  # what SQLite holds; a 48 kHz counter needs six million years for it

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Short = Annotated[str, Field(max_length=256)]
Rate = Annotated[int, Field(ge=8000, le=192000)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class ModelName(_Message):
    """Which model of the signature a board decides by; `hash` is 16 hex digits of the SHA-256 of its first line."""

    name: Short
    version: Short
    hash: Short


class Hello(_Message):
    """HELLO: who the board is. `clock_hz` is the rate of its counter.

    `label_s` is how many seconds a labelled session still runs, 0 without one. `nonce` is what a board with a key was
    asked with, as hex digits; None without a key.
    """

    v: int
    kind: Literal["sensor", "camera"]
    id: Annotated[str, Field(pattern=ID_PATTERN)]
    uid: Short = ""
    boot: Count
    code: Short = ""
    micropython: Short = ""
    ulab: Short | None = None
    mem_free: int = 0
    clock_hz: Annotated[int, Field(ge=1, le=1_000_000_000)]
    mode: Short = ""
    held: tuple[Count, ...] = ()
    rate: int | None = None
    channels: int | None = None
    bits: int | None = None
    microphone: Short = "flat"
    calibration: MaybeRecord = None
    calibration_check: MaybeRecord = None
    model: ModelName | None = None
    label_s: Count = 0
    nonce: Short | None = None
    checks: dict[str, str] = {}


class Second(_Message):
    """SECOND: once a second. Levels in dB, `flags` of firmware/common/flags.py; a camera has none of them.

    `shown` is how often the display by the road was switched on since the board started; None outside mode dialogue.
    """

    n: Count
    laeq: float | None = None
    lafmax: float | None = None
    lasmax: float | None = None
    lceq: float | None = None
    lzeq: float | None = None
    lcpeak: float | None = None
    flags: Annotated[int, Field(ge=0, le=0xFFFF)] = 0
    score: float | None = None
    state: Short = ""
    overruns: int = 0
    dropped: int = 0
    frames: int = 0
    mem_free: int = 0
    label_s: Count = 0
    shown: Count | None = None
    checks: dict[str, str] = {}


class ModelAnswer(_Message):
    """MODEL: the answer to a line that carries a model. `hash` is that of the model in use."""

    state: Literal["receiving", "kept", "refused", "busy"]
    have: Count
    size: Count
    hash: Short
    why: Short = ""


class SensorEvent(_Message):
    """The event part of a sensor clip. Counts are the board's samples, `rate` is that of the clip's sound."""

    trigger: Count
    keep: Count
    laf: float
    score: float
    firing_hz: float = 0.0
    why: str = ""
    rate: Rate
    decimate: Annotated[int, Field(ge=1, le=16)] = 1
    bits: Literal[16, 24]
    channels: Literal[1, 2]
    spacing_m: Annotated[float, Field(gt=0, le=10)] | None = None
    first: Count
    samples: Annotated[int, Field(ge=0, le=20 * 192000)]
    labelled: bool = False  # recorded in a labelled session: never evidence
    checks: dict[str, str] = {}
    full_scale_db: float
    microphone: Short = "flat"
    calibration_db: float
    calibration: MaybeRecord = None
    calibration_check: MaybeRecord = None

    @property
    def clock_hz(self) -> int:
        """Return the rate of the board's counter in Hz."""
        return self.rate * self.decimate

    @property
    def frame_bytes(self) -> int:
        """Return the bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    @property
    def trigger_s(self) -> float:
        """Return where the trigger lies, in seconds from the first sample of the sound."""
        return (self.trigger - self.first) / self.clock_hz

    @property
    def keep_s(self) -> float:
        """Return where the KEEP edge lies, in seconds from the first sample of the sound."""
        return (self.keep - self.first) / self.clock_hz


class SensorSummary(_Message):
    """The summary part of a sensor clip. Levels in dB, `firing_hz` the lowest and the highest, `flags` of flags.py."""

    lafmax: float
    lasmax: float
    laeq: float
    lae: float
    lceq: float
    lcpeak: float
    behaviour: Short = "unknown"
    evidence: str = ""
    firing_hz: tuple[float, float] = (0.0, 0.0)
    score: float
    overruns: int = 0
    flags: Annotated[int, Field(ge=0, le=0xFFFF)]
    model: Short | None = None  # the hash of the one that decided


class CameraEvent(_Message):
    """The event part of a camera clip; `keep` in ticks of the camera's counter."""

    keep: Count
    size: tuple[Annotated[int, Field(ge=16, le=8192)], Annotated[int, Field(ge=16, le=8192)]]
    format: Literal["jpeg"]


class CameraSummary(_Message):
    """The summary part of a camera clip."""

    frames: int
    dropped: int = 0


M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], data: bytes) -> M:
    """Return `data` (JSON) as a `model`; `RemoteProtocolError` says which field is wrong and why."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the text"
        raise RemoteProtocolError(
            f"{model.__name__}: {where}: {first['msg']}; put matching firmware on the board with flash.py"
        ) from None
