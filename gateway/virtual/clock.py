"""Simulated time as the gateway's clock: however fast a world goes, its boards and the gateway agree."""

import time

from gateway.virtual.world import World


class WorldClock:
    """`gateway.timing.Clock` of `world`; its wall clock starts now."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._start_ns = time.time_ns()

    def monotonic_ns(self) -> int:
        """Return simulated time."""
        return self._world.now_ns()

    def wall_ns(self) -> int:
        """Return when it was made plus simulated time."""
        return self._start_ns + self._world.now_ns()
