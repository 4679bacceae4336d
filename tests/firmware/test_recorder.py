"""The sensor's ring, in the interpreter: what goes in comes out, sample for sample."""

import json

RECORDER = """
import json, struct
from array import array
from firmware.common import wire
from firmware.common.blocks import block_samples
from firmware.sensor.recorder import Recorder
from ulab import numpy as np

class S: pass

def make(**changes):
    s = S()
    s.rate, s.channels, s.bits, s.decimate, s.slots = 48000, 1, 24, 1, 2
    s.before_s, s.after_s = 4, 6
    for key in changes:
        setattr(s, key, changes[key])
    return s, Recorder(s, 29)

class Frame:
    laf_db, lafmax_db, laeq_db, lcpeak_db, score, firing_hz = 60.0, 61.0, 59.5, 400.0, 0.5, 96.1
    bands = array("h", range(29))
    bearing = None

class Bearing:
    degrees, height, other_degrees, other_height = -41.26, 0.8, 30.0, 0.2

def feed(s, r, first, blocks):
    # Block n is filled with 24-bit words whose value is n.
    words = block_samples(s.rate) * s.channels
    raw = bytearray(4 * words)
    view = np.frombuffer(raw, dtype=np.uint8)
    for block in range(first, first + blocks):
        raw[:] = struct.pack("<i", (block + 1) << 8) * words
        r.write(raw, view)
        if (block + 1) % 5 == 0:
            r.write_trace((block + 1) * block_samples(s.rate), Frame)

def read(clip, part, step=2048):
    out = bytearray(clip.total(part))
    view = memoryview(out)
    for at in range(0, len(out), step):
        clip.read(part, at, view[at : at + step])
    return out
"""


def test_a_clip_is_four_seconds_before_and_six_after_sample_for_sample(interpreter):
    """Whatever lap the ring is in, the clip is the 400 blocks round the trigger, in order."""
    out = interpreter.exec(
        RECORDER
        + """
results = []
for lap in (200, 400, 1005):
    s, r = make()
    feed(s, r, 0, lap)
    clip = r.open(1)
    early = clip.available(wire.PART_MEDIA)
    feed(s, r, lap, 240)
    ended = r.ended()
    r.close(b"{}", 0)
    media = read(clip, wire.PART_MEDIA)
    values = [struct.unpack("<i", media[3600 * b : 3600 * b + 3] + b"\\0")[0] for b in range(400)]
    tails = [struct.unpack("<i", media[3600 * b + 3597 : 3600 * b + 3600] + b"\\0")[0] for b in range(400)]
    trace = read(clip, wire.PART_TRACE)
    samples = [struct.unpack_from("<Q", trace, 78 * f)[0] for f in range(len(trace) // 78)]
    ends = [values[0], values[-1], len(media), samples[0], samples[-1], len(samples)]
    ends.append(list(struct.unpack_from(wire.TRACE_HEAD, trace, 78)[1:]))
    results.append([clip.first_block, early, ended, values == tails] + ends)
print(json.dumps(results))
"""
    )

    assert [
        [
            lap - 160,
            160 * 3600,
            True,
            True,
            lap - 159,
            lap + 240,
            400 * 3600,
            (lap - 155) * 1200,
            (lap + 240) * 1200,
            80,
            # 400 dB does not fit 16 bits: the most that does.
            [6000, 6100, 5950, 32767, 128, 29, 961],
        ]
        for lap in (200, 400, 1005)
    ] == json.loads(out)


def test_recording_goes_on_in_a_free_slot_and_waits_when_there_is_none(interpreter):
    """Held clips are not overwritten; after a minute the oldest is given up, and then only."""
    out = interpreter.exec(
        RECORDER
        + """
s, r = make(slots=2)
feed(s, r, 0, 200)
first = r.open(1)
feed(s, r, 200, 240)
r.close(b"{}", 1000)
ready = [r.ready]
feed(s, r, 440, 200)
second = r.open(2)
feed(s, r, 640, 240)
r.close(b"{}", 7000)
ready.append(r.ready)
before = bytes(read(first, wire.PART_MEDIA)) + bytes(read(second, wire.PART_MEDIA))
feed(s, r, 880, 500)
same = before == bytes(read(first, wire.PART_MEDIA)) + bytes(read(second, wire.PART_MEDIA))
overdue = [r.overdue(60999), r.overdue(61001) is first]
r.release(first)
ready.append(r.ready)
feed(s, r, 1380, 10)
third = r.open(3)
print(json.dumps([ready, same, overdue, third.first_block, third.end_block]))
"""
    )

    assert [[True, False, True], True, [None, True], 1380, 1630] == json.loads(out)


def test_a_decimated_ring_keeps_the_voice_band_and_says_16_bit(interpreter):
    """At 48 -> 16 kHz a 1 kHz tone keeps its level within 0.1 dB, and 15 kHz is 60 dB down."""
    out = interpreter.exec(
        RECORDER
        + """
import math
def level(hz):
    s, r = make(decimate=3, bits=16, slots=1)
    raw = bytearray(4 * 1200)
    view = np.frombuffer(raw, dtype=np.uint8)
    for block in range(200):
        for i in range(1200):
            if block >= 190:
                turns = (hz * (block * 1200 + i) % 48000) / 48000
                struct.pack_into("<i", raw, 4 * i, int(math.sin(2 * math.pi * turns) * 0.5 * 2147483647))
        r.write(raw, view)
    clip = r.open(1)
    media = bytearray(800 * 2)
    clip.read(wire.PART_MEDIA, clip.available(wire.PART_MEDIA) - 1600, memoryview(media))
    x = [v for v in struct.unpack("<800h", media)]
    mean = sum(v * v for v in x) / 800
    return 10 * math.log10(max(mean, 1e-9) / (32767 * 0.5) ** 2 * 2)
print(json.dumps([level(1000), level(15000)]))
"""
    )

    passed, stopped = json.loads(out)
    assert abs(passed) < 0.1
    assert stopped < -60


def test_with_two_microphones_the_trace_has_the_bearing(interpreter):
    """Six bytes after the bands: tenths of a degree, heights in parts of 255; media has twice the samples."""
    out = interpreter.exec(
        RECORDER
        + """
s, r = make(channels=2, slots=1)
Frame.bearing = Bearing
feed(s, r, 0, 20)
clip = r.open(1)
feed(s, r, 20, 240)
r.close(b"{}", 0)
trace = read(clip, wire.PART_TRACE)
found = [len(trace) // 84, len(trace) % 84, struct.unpack_from("<29h", trace, 84 + 20)[28]]
found += struct.unpack_from(wire.TRACE_BEARING, trace, 84 + 78)
print(json.dumps(found + [clip.total(wire.PART_MEDIA)]))
"""
    )

    assert [52, 0, 28, -413, 204, 300, 51, 260 * 7200] == json.loads(out)
