"""A clock that stands still until it is told to go on."""

from gateway.timing import SECOND_NS

START_WALL_NS = 1_795_000_000 * SECOND_NS  # some day in November 2026


class FakeClock:
    """A `gateway.timing.Clock`. The wall clock can be set; the monotonic one only goes on."""

    def __init__(self) -> None:
        self._monotonic_ns = SECOND_NS
        self._wall_offset_ns = START_WALL_NS

    def monotonic_ns(self) -> int:
        """Return the time since the clock was made, and a second."""
        return self._monotonic_ns

    def wall_ns(self) -> int:
        """Return the wall clock."""
        return self._monotonic_ns + self._wall_offset_ns

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        self._monotonic_ns += round(seconds * SECOND_NS)

    def set_wall(self, seconds: float) -> None:
        """Move the wall clock alone by `seconds`, as somebody who sets it does."""
        self._wall_offset_ns += round(seconds * SECOND_NS)
