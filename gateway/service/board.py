"""What the gateway knows of one board right now. Plain state; nobody waits here.

The connection writes it, sealing and status read it. All on the event loop's thread.
"""

from dataclasses import dataclass, field

from gateway.link.clock import ClockModel
from gateway.link.events import FiguresReceived
from gateway.link.messages import Hello, Second
from gateway.link.session import Counters
from gateway.link.transfer import ClipProgress


@dataclass(slots=True)
class BoardState:
    """One board of the configuration. Times are nanoseconds of the gateway's monotonic clock."""

    id: str
    kind: str
    port: str
    baud: int
    connected: bool = False
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

    def clock_for(self, boot: int) -> ClockModel | None:
        """Return the clock model when it can speak about `boot`."""
        return self.clock if self.clock_boot == boot and self.clock is not None and self.clock.known else None
