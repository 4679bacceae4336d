"""Ten seconds of sound in volatile memory, and the clips that wait for the gateway.

Rules of this file
- Memory is allocated once: `slots` rings of ten seconds. Sound goes round and round in one of them.
- A trigger lets the ring run on to the end of its clip, then the slot is held, and recording goes on in
  a free slot. With no free slot the oldest held clip is given up once it has waited `KEEP_MS`; until then
  nothing is recorded. A board with one slot thus records again when the gateway has the clip.
- Everything counts in blocks, so no sample is ever split: ten seconds are a whole number of blocks.
"""

import struct

from ulab import numpy as np

from firmware.common import wire
from firmware.common.blocks import BLOCKS_PER_FRAME, BLOCKS_PER_SECOND, block_samples
from firmware.common.settings import Settings
from firmware.sensor import decimation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.analysis import Analysis

KEEP_MS = 60000  # a gateway that restarts is back within a minute


class Clip:
    """A clip being recorded or held. Media and trace are read from its slot; see docs/protocol.md."""

    def __init__(self, slot: "_Slot", number: int, first_block: int, end_block: int) -> None:
        self.number = number
        self.first_block = first_block
        self.end_block = end_block
        self.ended_ms = 0
        self._slot = slot
        self._event = b""
        self._summary: bytes | None = None

    @property
    def complete(self) -> bool:
        """True when the last block and the summary are there."""
        return self._summary is not None

    def describe(self, event: bytes) -> None:
        """Set the event part (JSON)."""
        self._event = event

    def end(self, summary: bytes, now_ms: int) -> None:
        """Set the summary part (JSON): nothing more comes."""
        self._summary = summary
        self.ended_ms = now_ms

    def total(self, part: int) -> int:
        """Return the bytes of `part`, or wire.TOTAL_UNKNOWN."""
        if part == wire.PART_EVENT:
            return len(self._event)
        if part == wire.PART_MEDIA:
            return (self.end_block - self.first_block) * self._slot.block_bytes
        if self._summary is None:
            return wire.TOTAL_UNKNOWN
        if part == wire.PART_TRACE:
            return self._slot.trace_bytes(self.first_block, self.end_block)
        return len(self._summary)

    def available(self, part: int) -> int:
        """Return how many bytes of `part` can be read now."""
        if part == wire.PART_MEDIA:
            return (min(self._slot.next_block, self.end_block) - self.first_block) * self._slot.block_bytes
        total = self.total(part)
        return 0 if total == wire.TOTAL_UNKNOWN else total

    def acknowledged(self, part: int, offset: int) -> None:
        """Do nothing: a slot is free when all of its clip is acknowledged."""

    def read(self, part: int, offset: int, view: memoryview) -> None:
        """Fill `view` (memoryview) with the bytes of `part` from `offset`."""
        size = len(view)
        if part == wire.PART_EVENT:
            view[:size] = self._event[offset : offset + size]
        elif part == wire.PART_MEDIA:
            self._slot.read_media(self.first_block, offset, view)
        elif part == wire.PART_TRACE:
            self._slot.read_trace(self.first_block, offset, view)
        else:
            view[:size] = (self._summary or b"")[offset : offset + size]


class _Slot:
    """One ring: `blocks` blocks of `block_bytes`, and one trace record per frame."""

    def __init__(self, blocks: int, block_bytes: int, record_bytes: int) -> None:
        self.blocks = blocks
        self.block_bytes = block_bytes
        self._record_bytes = record_bytes
        self._frames = blocks // BLOCKS_PER_FRAME
        self._media = memoryview(bytearray(blocks * block_bytes))
        self._trace = memoryview(bytearray(self._frames * record_bytes))
        self.clip: Clip | None = None
        self.start(0)

    def start(self, block: int) -> None:
        """Record from `block` on, forgetting what was there."""
        self.clip = None
        self.first_block = block
        self.next_block = block

    def write(self, data: bytearray) -> None:
        at = self.next_block % self.blocks * self.block_bytes
        self._media[at : at + self.block_bytes] = data
        self.next_block += 1

    def write_trace(self, record: bytearray) -> None:
        """Store the record of the frame that ended with the newest block."""
        frame = self.next_block // BLOCKS_PER_FRAME - 1
        at = frame % self._frames * self._record_bytes
        self._trace[at : at + self._record_bytes] = record

    def oldest_block(self) -> int:
        return max(self.first_block, self.next_block - self.blocks)

    def _frame_range(self, first_block: int, end_block: int) -> tuple[int, int]:
        """The frames that lie wholly in the blocks."""
        return -(-first_block // BLOCKS_PER_FRAME), end_block // BLOCKS_PER_FRAME

    def trace_bytes(self, first_block: int, end_block: int) -> int:
        first, end = self._frame_range(first_block, end_block)
        return (end - first) * self._record_bytes

    def read_media(self, first_block: int, offset: int, view: memoryview) -> None:
        _copy_ring(self._media, first_block % self.blocks * self.block_bytes + offset, view)

    def read_trace(self, first_block: int, offset: int, view: memoryview) -> None:
        first = self._frame_range(first_block, first_block)[0]
        _copy_ring(self._trace, first % self._frames * self._record_bytes + offset, view)


def _copy_ring(ring: memoryview, start: int, view: memoryview) -> None:
    size = len(ring)
    start %= size
    count = min(len(view), size - start)
    view[:count] = ring[start : start + count]
    if count < len(view):
        view[count:] = ring[: len(view) - count]


class Recorder:
    """Records blocks; `open` makes a clip of the ten seconds round a trigger."""

    def __init__(self, settings: Settings, bands: int) -> None:
        words = block_samples(settings.rate) * settings.channels
        kept = words // settings.decimate
        blocks = (settings.before_s + settings.after_s) * BLOCKS_PER_SECOND
        self._before = settings.before_s * BLOCKS_PER_SECOND
        self._after = settings.after_s * BLOCKS_PER_SECOND
        self._bytes = settings.bits // 8
        self._packed = bytearray(kept * self._bytes)
        self._packed_view = np.frombuffer(self._packed, dtype=np.uint8)
        self._decimator = None
        if settings.decimate > 1:
            self._decimator = decimation.Decimator(settings.rate, settings.decimate, settings.channels)
        self._after_bands = wire.TRACE_HEAD_BYTES + 2 * bands
        bearing = wire.TRACE_BEARING_BYTES if settings.channels == 2 else 0
        self._record = bytearray(self._after_bands + bearing)
        self._bands = bands
        self._slots = [_Slot(blocks, len(self._packed), len(self._record)) for _ in range(settings.slots)]
        self._current: _Slot | None = self._slots[0]
        self._block = 0
        self.clip: Clip | None = None  # the clip whose end is still being recorded

    @property
    def ready(self) -> bool:
        """True while a trigger could make a clip."""
        return self._current is not None and self.clip is None

    def write(self, raw: bytearray, raw_view: np.ndarray) -> None:
        """Store the block `raw` (bytearray of I2S words; `raw_view` the same as ulab uint8)."""
        self._block += 1
        slot = self._current
        if slot is None:
            return
        packed = self._packed_view
        if self._decimator:
            self._decimator.pack(raw, self._packed)
        elif self._bytes == 3:
            packed[0::3] = raw_view[1::4]
            packed[1::3] = raw_view[2::4]
            packed[2::3] = raw_view[3::4]
        else:
            packed[0::2] = raw_view[2::4]
            packed[1::2] = raw_view[3::4]
        slot.write(self._packed)

    def write_trace(self, sample: int, analysis: "Analysis") -> None:
        """Store the frame of `analysis` that ended with the last block, at `sample`."""
        if self._current is None:
            return
        record = self._record
        struct.pack_into(
            wire.TRACE_HEAD,
            record,
            0,
            sample,
            wire.level(analysis.laf_db),
            wire.level(analysis.lafmax_db),
            wire.level(analysis.laeq_db),
            wire.level(analysis.lcpeak_db),
            int(analysis.score * 255 + 0.5),
            self._bands,
            int(analysis.firing_hz * 10 + 0.5),
        )
        record[wire.TRACE_HEAD_BYTES : self._after_bands] = bytes(analysis.bands)
        bearing = analysis.bearing
        if bearing:
            struct.pack_into(
                wire.TRACE_BEARING,
                record,
                self._after_bands,
                round(bearing.degrees * 10),
                int(bearing.height * 255 + 0.5),
                round(bearing.other_degrees * 10),
                int(bearing.other_height * 255 + 0.5),
            )
        self._current.write_trace(record)

    def open(self, number: int) -> Clip:
        """Return a clip of what is in the ring before now, and of what comes after. Only when `ready`."""
        slot = self._current
        if slot is None:
            raise RuntimeError("no slot is free: open a clip only when ready")
        first = max(slot.oldest_block(), slot.next_block - self._before)
        clip = Clip(slot, number, first, slot.next_block + self._after)
        slot.clip = clip
        self.clip = clip
        return clip

    def ended(self) -> bool:
        """True when the last block of the open clip has been written."""
        return self.clip is not None and self._block >= self.clip.end_block

    def close(self, summary: bytes, now_ms: int) -> None:
        """End the open clip with its summary part and go on in a free slot, if there is one."""
        if self.clip:
            self.clip.end(summary, now_ms)
        self.clip = None
        self._current = None
        self._take_free_slot()

    def release(self, clip: Clip) -> None:
        """Let go of `clip`: the gateway has it, or it is given up."""
        for slot in self._slots:
            if slot.clip is clip and slot is not self._current:
                slot.clip = None
        if self._current is None:
            self._take_free_slot()

    def overdue(self, now_ms: int) -> Clip | None:
        """Return the clip to give up, because its memory is needed and it has waited long enough; or None."""
        if self._current is not None:
            return None
        oldest = min([slot.clip for slot in self._slots if slot.clip], key=lambda clip: clip.number)
        return oldest if now_ms - oldest.ended_ms > KEEP_MS else None

    def _take_free_slot(self) -> None:
        for slot in self._slots:
            if slot.clip is None:
                slot.start(self._block)
                self._current = slot
                return
