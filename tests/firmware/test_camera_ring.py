"""The camera module's ring and clips, on CPython."""

import struct

from firmware.camera.clip import RECORD, Clip
from firmware.camera.frames import FrameRing
from firmware.common import wire


def jpeg(number, size=1000):
    """Return `size` bytes that say which frame they are and contain no zero."""
    return bytes([1 + number % 255]) * size


def read_part(clip, part, step=333):
    """Read a part in pieces of `step` bytes, as the link does."""
    out = bytearray(clip.total(part))
    view = memoryview(out)
    for start in range(0, len(out), step):
        clip.read(part, start, view[start : start + step])
    return bytes(out)


def test_a_clip_is_the_frames_round_the_edge_byte_for_byte():
    """Frames before the edge come from the ring, those after it are added; the rest stays out."""
    ring = FrameRing(20_000)
    for number in range(30):
        ring.add(number * 100, jpeg(number, 900 + number))
    clip = Clip(ring, 1, 2950, 2500, 3500, [640, 480])
    for number in range(30, 35):
        clip.add(ring.add(number * 100, jpeg(number, 900 + number)))
    clip.end(0, 0)

    expected = [jpeg(number, 900 + number) for number in range(25, 35)]
    assert b"".join(expected) == read_part(clip, wire.PART_MEDIA)
    index = read_part(clip, wire.PART_TRACE)
    assert [(number * 100, 900 + number) for number in range(25, 35)] == list(
        struct.iter_unpack(RECORD, index)
    )


def test_held_frames_are_never_overwritten():
    """A full ring drops the new frame and counts it; the held ones read the same."""
    ring = FrameRing(10_000)
    for number in range(8):
        ring.add(number, jpeg(number))
    clip = Clip(ring, 1, 4, 0, 8, [640, 480])
    clip.end(0, 0)
    before = read_part(clip, wire.PART_MEDIA)
    for number in range(100, 150):
        ring.add(number, jpeg(number))

    assert before == read_part(clip, wire.PART_MEDIA)
    assert ring.dropped > 0


def test_wiping_leaves_no_byte_of_a_frame():
    """ARM falling without KEEP: zeros only."""
    ring = FrameRing(10_000)
    for number in range(40):
        ring.add(number, jpeg(number, 777))
    ring.wipe()

    assert not any(ring._buffer)
    assert len(ring) == 0


def test_frames_before_the_pre_roll_are_wiped_as_time_goes_on():
    """The ring forgets by itself, not only when memory runs out."""
    ring = FrameRing(100_000)
    for number in range(40):
        ring.add(number, jpeg(number))
    ring.forget_before(30)

    assert len(ring) == 10
    assert sum(byte != 0 for byte in ring._buffer) == 10_000


def test_a_released_clip_leaves_no_byte_behind():
    """After `done` nothing of the clip is in memory."""
    ring = FrameRing(10_000)
    for number in range(5):
        ring.add(number, jpeg(number))
    clip = Clip(ring, 1, 4, 0, 8, [640, 480])
    clip.end(0, 0)
    ring.wipe()
    kept = sum(byte != 0 for byte in ring._buffer)
    clip.release()

    assert kept == 5000
    assert not any(ring._buffer)


def test_memory_comes_back_as_the_gateway_acknowledges():
    """New frames take the place of acknowledged ones; what is not acknowledged reads the same."""
    ring = FrameRing(10_000)
    for number in range(10):
        ring.add(number, jpeg(number))
    clip = Clip(ring, 1, 4, 0, 10, [640, 480])
    clip.end(0, 0)
    refused = ring.add(10, jpeg(10))
    clip.acknowledged(wire.PART_MEDIA, 3500)
    taken = [ring.add(number, jpeg(number)) for number in range(11, 15)]
    rest = bytearray(6500)
    clip.read(wire.PART_MEDIA, 3500, memoryview(rest))
    clip.release()
    kept = [bytes([1 + number]) * 1000 for number in (11, 12, 13)]

    assert refused is None
    assert [True, True, True, False] == [entry is not None for entry in taken]
    assert (b"".join(jpeg(number) for number in range(3, 10)))[500:] == bytes(rest)
    assert b"".join(kept) == bytes(ring._buffer[:3000])
    assert not any(ring._buffer[3000:])


def test_a_frame_larger_than_the_ring_is_dropped():
    """An absurd frame harms nothing."""
    ring = FrameRing(1000)

    assert ring.add(1, jpeg(1, 1001)) is None
    assert ring.dropped == 1
