"""What the gateway knows of one board right now. Plain state; nobody waits here.

The connection writes it, sealing and status read it. All on the event loop's thread.
"""

from dataclasses import dataclass, field

from gateway.clips.background import Exceeded
from gateway.link.clock import ClockModel
from gateway.link.events import FiguresReceived
from gateway.link.messages import Hello, Second
from gateway.link.session import Counters
from gateway.link.transfer import ClipProgress
from gateway.service.percentiles import HOUR_S, LEAST_S, Percentiles


@dataclass(slots=True)
class BoardState:
    """One board of the configuration. Times are nanoseconds of the gateway's monotonic clock."""

    id: str
    kind: str
    port: str
    baud: int
    key: bytes | None = field(default=None, repr=False)  # what the board must prove itself with
    connected: bool = False
    refused: bool = False  # because it did not prove itself, and that is in the audit log
    message: str = "not seen yet"
    hello: Hello | None = None
    clock: ClockModel | None = None
    clock_boot: int | None = None
    figures: FiguresReceived | None = None
    second: Second | None = None
    counters: Counters = field(default_factory=Counters)
    transfers: dict[int, ClipProgress] = field(default_factory=dict[int, ClipProgress])
    progress_ns: int = 0
    passed_wall_ns: int | None = None  # when its self-check last passed, see trust.py
    passed_noted_ns: int | None = None
    percentiles: Percentiles | None = None  # of boot `clock_boot`

    def clock_for(self, boot: int) -> ClockModel | None:
        """Return the clock model when it can speak about `boot`."""
        return self.clock if self.clock_boot == boot and self.clock is not None and self.clock.known else None

    def before(self, boot: int, sample: int) -> Exceeded | str:
        """Return the percentile levels of the hour before `sample` of `boot`, or why they are not known."""
        percentiles = self.percentiles if self.clock_boot == boot else None
        if percentiles is None:
            return "the gateway has not heard this start of the board"
        heard_s = percentiles.heard_s(sample)
        found = percentiles.over(HOUR_S, sample)
        if found is None and heard_s < LEAST_S:
            return f"the gateway had heard the board for {heard_s:.0f} s; it takes {LEAST_S} s"
        return found or "too many figures of the hour before were lost or flagged by the self-check"
