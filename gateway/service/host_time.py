"""Two uses of time that must not be mixed: comparing edges, and saying when something was.

Rules of this file
- Edges are compared in gateway time: the monotonic clock plus one offset, taken when the program starts.
  A wall clock that is set while a clip is on its way moves nothing.
- The time of an event is said by the wall clock as it stands when it is asked.
"""

import ctypes
from collections.abc import Callable

from gateway.timing import Clock, SystemClock

TIMEX_BYTES = 512  # struct timex is 208 on the 64-bit kernels of today; the kernel writes no more than that
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
SYNCHRONISED = "synchronised"
SIMULATED = "simulated time"


class HostTime:
    """The gateway's `clock` in both uses."""

    def __init__(self, clock: Clock, state: Callable[[], str] | None = None) -> None:
        self._clock = clock
        self._offset_ns = clock.wall_ns() - clock.monotonic_ns()
        simulated = not isinstance(clock, SystemClock)
        self._state = state or ((lambda: SIMULATED) if simulated else system_clock_state)

    def monotonic_ns(self) -> int:
        """Return the monotonic clock."""
        return self._clock.monotonic_ns()

    def wall_ns(self) -> int:
        """Return the wall clock."""
        return self._clock.wall_ns()

    def gateway_ns(self, monotonic_ns: int) -> int:
        """Return a monotonic time as gateway time, which later runs of the program can compare too."""
        return monotonic_ns + self._offset_ns

    def wall_of_ns(self, monotonic_ns: int) -> int:
        """Return the wall time of a monotonic time."""
        return self._clock.wall_ns() - self._clock.monotonic_ns() + monotonic_ns

    def state(self) -> str:
        """Return "synchronised", or why the wall clock is not to be trusted."""
        return self._state()

    @property
    def synchronised(self) -> bool:
        """True when the wall clock is to be trusted."""
        return self.state() in (SYNCHRONISED, SIMULATED)


def system_clock_state() -> str:
    """Ask the kernel whether the wall clock is synchronised (adjtimex(2), which needs no rights to read)."""
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)
    try:
        result = int(ctypes.CDLL(None, use_errno=True).adjtimex(buffer))
    except (OSError, AttributeError):
        return "cannot be asked on this system"
    if result < 0:
        return "cannot be asked on this system"
    return "not synchronised with a time server" if result == TIME_ERROR else SYNCHRONISED
