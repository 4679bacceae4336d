"""The last seconds of JPEG frames, in one buffer of volatile memory.

Rules of this file
- One bytearray, allocated once; frames lie in it one after the other, round and round, none split.
- Frames of a held clip are not overwritten: a new frame that would is dropped and counted.
- Frames older than the pre-roll are let go, and `wipe` overwrites everything that no clip holds.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Buffer, Entry

ZEROS = bytes(4096)


class FrameRing:
    """A ring of `capacity` bytes. Entries are (ticks, start, size), oldest first."""

    def __init__(self, capacity: int) -> None:
        self._buffer = bytearray(capacity)
        self._view = memoryview(self._buffer)
        self._capacity = capacity
        self._entries: list[Entry] = []
        self._held: list[Entry] = []
        self._head = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, ticks: int, jpeg: "Buffer") -> "Entry | None":
        """Store `jpeg` taken at `ticks`; return its entry, or None when held clips leave no room."""
        size = len(jpeg)
        start = self._head if self._head + size <= self._capacity else 0
        if size > self._capacity or self._overlaps(self._held, start, size):
            self.dropped += 1
            return None
        self._entries = [e for e in self._entries if e[1] + e[2] <= start or start + size <= e[1]]
        entry = (ticks, start, size)
        self._view[start : start + size] = jpeg
        self._head = start + size
        self._entries.append(entry)
        return entry

    def since(self, ticks: int) -> "list[Entry]":
        """Return the entries taken at `ticks` or later."""
        return [e for e in self._entries if e[0] >= ticks]

    def forget_before(self, ticks: int) -> None:
        """Let go of frames taken before `ticks`."""
        while self._entries and self._entries[0][0] < ticks:
            entry = self._entries.pop(0)
            if entry not in self._held:
                self._zero(entry[1], entry[2])

    def hold(self, entries: "list[Entry]") -> None:
        """Keep `entries` until they are released."""
        self._held = self._held + list(entries)

    def release(self, entries: "list[Entry]") -> None:
        """Wipe `entries`; nobody needs them any more."""
        self._held = [e for e in self._held if e not in entries]
        for entry in entries:
            self._zero(entry[1], entry[2])
        self._entries = [e for e in self._entries if e not in entries]

    def wipe(self) -> None:
        """Overwrite every frame that is not held."""
        for entry in self._entries:
            if entry not in self._held:
                self._zero(entry[1], entry[2])
        self._entries = []

    def read(self, entry: "Entry", offset: int, view: memoryview) -> None:
        """Fill `view` (memoryview) with the bytes of `entry` from `offset`."""
        start = entry[1] + offset
        view[: len(view)] = self._view[start : start + len(view)]

    def _zero(self, start: int, size: int) -> None:
        while size:
            count = min(size, len(ZEROS))
            self._view[start : start + count] = ZEROS[:count]
            start += count
            size -= count

    @staticmethod
    def _overlaps(entries: "list[Entry]", start: int, size: int) -> bool:
        return any(entry[1] < start + size and start < entry[1] + entry[2] for entry in entries)
