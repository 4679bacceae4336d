"""A camera clip: the frames round a KEEP edge, as the four parts of docs/protocol.md."""

import json
import struct

from firmware.camera.frames import FrameRing
from firmware.common import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Entry

RECORD = "<QI"  # ticks, length
RECORD_BYTES = 12


class Clip:
    """The frames of `ring` from `first_ticks` to `end_ticks`; read through the link once it has ended."""

    def __init__(
        self, ring: FrameRing, number: int, keep_ticks: int, first_ticks: int, end_ticks: int, size: list[int]
    ) -> None:
        self.number = number
        self.end_ticks = end_ticks
        self.ended_ms = 0
        self.entries = ring.since(first_ticks)
        ring.hold(self.entries)
        self._ring = ring
        self._offsets: list[int] = []  # of each frame in the media part, and its end; empty until then
        self._index = b""
        self._event = json.dumps({"keep": keep_ticks, "size": size, "format": "jpeg"}).encode()
        self._summary = b""
        self._last = 0
        self._released = 0  # frames whose memory the ring has back

    def add(self, entry: "Entry") -> None:
        """Take a frame that was stored after the KEEP edge."""
        self._ring.hold([entry])
        self.entries.append(entry)

    def end(self, dropped: int, now_ms: int) -> None:
        """Nothing more comes; `dropped` frames found no room."""
        self.ended_ms = now_ms
        offsets = [0]
        index = bytearray(RECORD_BYTES * len(self.entries))
        for number, entry in enumerate(self.entries):
            struct.pack_into(RECORD, index, RECORD_BYTES * number, entry[0], entry[2])
            offsets.append(offsets[-1] + entry[2])
        self._index = bytes(index)
        self._summary = json.dumps({"frames": len(self.entries), "dropped": dropped}).encode()
        self._offsets = offsets

    def acknowledged(self, part: int, offset: int) -> None:
        """Give the memory of every frame below `offset` of the media back: the pictures after this clip need it."""
        if part == wire.PART_MEDIA:
            first = self._released
            while self._released < len(self.entries) and self._offsets[self._released + 1] <= offset:
                self._released += 1
            self._ring.release(self.entries[first : self._released])

    def release(self) -> None:
        """Give back what is left: the gateway has the clip, or it is given up."""
        self._ring.release(self.entries[self._released :])
        self._released = len(self.entries)

    @property
    def ended(self) -> bool:
        """True when all frames are there."""
        return len(self._offsets) > 0

    def total(self, part: int) -> int:
        """Return the bytes of `part`, or wire.TOTAL_UNKNOWN."""
        if part == wire.PART_EVENT:
            return len(self._event)
        if not self._offsets:
            return wire.TOTAL_UNKNOWN
        if part == wire.PART_MEDIA:
            return self._offsets[-1]
        return len(self._index if part == wire.PART_TRACE else self._summary)

    def available(self, part: int) -> int:
        """Return how many bytes of `part` can be read now."""
        total = self.total(part)
        return 0 if total == wire.TOTAL_UNKNOWN else total

    def read(self, part: int, offset: int, view: memoryview) -> None:
        """Fill `view` (memoryview) with the bytes of `part` from `offset`."""
        if part == wire.PART_MEDIA:
            self._read_media(offset, view)
            return
        data = (
            self._event
            if part == wire.PART_EVENT
            else self._index
            if part == wire.PART_TRACE
            else self._summary
        )
        view[: len(view)] = data[offset : offset + len(view)]

    def _read_media(self, offset: int, view: memoryview) -> None:
        offsets = self._offsets
        frame = self._last if offsets[self._last] <= offset else 0
        while offsets[frame + 1] <= offset:
            frame += 1
        done = 0
        while done < len(view):
            at = offset + done - offsets[frame]
            count = min(len(view) - done, offsets[frame + 1] - offsets[frame] - at)
            self._ring.read(self.entries[frame], at, view[done : done + count])
            done += count
            self._last = frame
            frame += 1
