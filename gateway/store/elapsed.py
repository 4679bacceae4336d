"""The store's own time: how long something has been here, whatever is done to the clock of the computer.

Rules of this file
- While the program runs the monotonic clock counts it: setting the wall clock changes nothing.
- What passed while the program did not run is known from the wall clock, once it is synchronised, against the last time
  that it was; until then it counts as nothing. So the time never runs ahead: nothing is ever deleted early by it.
- It begins with the wall clock at the first synchronised look, or at 0: only differences mean something.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import apsw

COUNTED = "elapsed_ns"  # facts: the store's time when it was last written down
SYNCED = "synced_elapsed_ns"  # the store's time, and
SYNCED_WALL = "synced_wall_ns"  # the wall clock, when that was last known to be right


class Elapsed:
    """Made by `Store`, with its database, its way to make a transaction, and a clock that never jumps."""

    def __init__(
        self,
        db: apsw.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._db = db
        self._transaction = transaction
        self._monotonic_ns = monotonic_ns
        self._at_ns = self._fact(COUNTED) or 0
        self._since_ns = monotonic_ns()
        self._first: tuple[int, int] | None = (
            None  # wall clock and monotonic clock when this run first knew the time
        )

    def now_ns(self) -> int:
        """Return the store's time."""
        return self._at_ns + self._monotonic_ns() - self._since_ns

    def look(self, wall_ns: int, *, synchronised: bool) -> None:
        """Note the wall clock and whether it can be believed; write the store's time down."""
        monotonic_ns = self._monotonic_ns()
        now_ns = self.now_ns()
        if synchronised and self._first is None:
            self._first = (wall_ns, monotonic_ns)
            before, before_wall = self._fact(SYNCED), self._fact(SYNCED_WALL)
            if before is not None and before_wall is not None:
                now_ns = max(now_ns, before + wall_ns - before_wall)
        self._at_ns, self._since_ns = now_ns, monotonic_ns
        with self._transaction():
            self._note(COUNTED, now_ns)
            if synchronised:
                self._note(SYNCED, now_ns)
                self._note(SYNCED_WALL, wall_ns)

    def believed_wall_ns(self, wall_ns: int) -> int | None:
        """Return the wall clock, or an earlier time when it was set ahead in this run; None when it was never right."""
        if self._first is None:
            return None
        wall, monotonic = self._first
        return min(wall_ns, wall + self._monotonic_ns() - monotonic)

    def _fact(self, name: str) -> int | None:
        return next(
            (int(value) for (value,) in self._db.execute("SELECT value FROM facts WHERE name = ?", (name,))),
            None,
        )

    def _note(self, name: str, value: int) -> None:
        self._db.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (name, str(value)),
        )
