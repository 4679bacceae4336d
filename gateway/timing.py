"""The clock of the gateway, injected wherever time is needed.

Rules of this file
- Durations, order and clock models use `monotonic_ns`; wall time is only ever written down or shown.
- Nothing else in the gateway reads a clock. Simulated time is another `Clock`.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000


class Clock(Protocol):
    """What the gateway needs to know of time. Both count nanoseconds as integers."""

    def monotonic_ns(self) -> int:
        """Return a time that never jumps; its zero has no meaning."""
        ...

    def wall_ns(self) -> int:
        """Return nanoseconds since 1970-01-01 UTC, as well as this computer knows."""
        ...


class SystemClock:
    """The clock of the operating system."""

    def monotonic_ns(self) -> int:
        """Return CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Return CLOCK_REALTIME."""
        return time.time_ns()


def iso_utc(wall_ns: int) -> str:
    """Return `wall_ns` (since 1970, UTC) as ISO 8601 with milliseconds: 2026-11-23T01:42:45.123Z."""
    whole, rest = divmod(wall_ns, SECOND_NS)
    stamp = datetime.fromtimestamp(whole, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{rest // MILLISECOND_NS:03d}Z"
