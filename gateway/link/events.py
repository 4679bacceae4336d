"""What a board says, as typed values: the only thing a `Session` hands on.

Levels are in dB (the wire's 0.01 dB already divided), counts are the board's own ticks.
"""

from dataclasses import dataclass

from gateway.link.messages import Hello, ModelAnswer, Second


@dataclass(frozen=True, slots=True)
class HelloReceived:
    """The board said who it is. `rebooted` is True when it is another boot than before in this session."""

    hello: Hello
    rebooted: bool


@dataclass(frozen=True, slots=True)
class BoardRefused:
    """This session will never work; `reason` says why and what to do. `unproved`: the board has not the right key."""

    reason: str
    unproved: bool = False


@dataclass(frozen=True, slots=True)
class FiguresReceived:
    """The figures of the 125 ms that end at `sample`. Levels in dB, `flags` of flags.py, `bands` third-octaves."""

    sample: int
    laf_db: float
    lafmax_db: float
    laeq_db: float
    lasmax_db: float
    lceq_db: float
    lzeq_db: float
    lcpeak_db: float
    flags: int
    bands: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SecondReceived:
    """The one-second figures."""

    second: Second


@dataclass(frozen=True, slots=True)
class ClockReceived:
    """The answer to the `clock` line with `token`: the board's counter stood at `ticks`."""

    token: int
    ticks: int


@dataclass(frozen=True, slots=True)
class ChunkReceived:
    """`data` of a clip's part from `offset`; `total` is the part's length, or None while it is not known."""

    boot: int
    clip: int
    part: int
    total: int | None
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ClipLost:
    """The board gave up a clip of `boot`."""

    boot: int
    clip: int
    reason: str


@dataclass(frozen=True, slots=True)
class ModelAnswered:
    """The answer to a line that carries a model."""

    answer: ModelAnswer


@dataclass(frozen=True, slots=True)
class LogText:
    """Text the board printed, or what is left of a damaged frame, made safe to log."""

    text: str


@dataclass(frozen=True, slots=True)
class FramesMissed:
    """`count` frames are missing before the next event; a reset may hide in the gap."""

    count: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame passed its check and still makes no sense: the board's firmware is wrong."""

    reason: str


Event = (
    HelloReceived
    | BoardRefused
    | FiguresReceived
    | SecondReceived
    | ClockReceived
    | ChunkReceived
    | ClipLost
    | ModelAnswered
    | LogText
    | FramesMissed
    | Malformed
)
