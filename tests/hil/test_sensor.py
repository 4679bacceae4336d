"""A flashed sensor board on the bench: it speaks, keeps time, and can be stopped."""

import itertools
import json
import struct

import pytest

from firmware.common import wire

pytestmark = [pytest.mark.hil, pytest.mark.slow, pytest.mark.timeout(60)]


def test_it_says_who_it_is(bench):
    """HELLO names versions and code, and its self-check found nothing."""
    bench.say("hello 1")
    bench.listen(1.0)
    hello = json.loads(bench.of(wire.HELLO)[-1][1].payload)

    assert hello["v"] == wire.VERSION
    assert hello["kind"] == "sensor"
    assert hello["ulab"]
    assert len(hello["code"]) == 16
    assert hello["mem_free"] > 20_000
    assert hello["checks"] == {}


def test_figures_come_every_125_ms_without_a_gap(bench):
    """Five seconds of figures: sample counts rise by exactly one frame, levels are possible ones."""
    bench.frames.clear()
    bench.listen(5.0)
    heads = [struct.unpack_from(wire.FIGURES_HEAD, frame.payload) for _, frame in bench.of(wire.FIGURES)]

    assert 38 <= len(heads) <= 42
    assert {6000} == {later[0] - earlier[0] for earlier, later in itertools.pairwise(heads)}
    assert all(20.0 < laf / 100 < 130.0 for _, laf, *_ in heads)


def test_nothing_is_lost_or_damaged_on_the_line(bench):
    """Frame numbers have no gap, and nothing but frames comes."""
    bench.frames.clear()
    bench.garbage.clear()
    bench.listen(3.0)
    numbers = [frame.seq for _, frame in bench.frames]

    assert bench.garbage == []
    assert {1} == {(later - earlier) & 0xFFFF for earlier, later in itertools.pairwise(numbers)}


def test_the_clock_counts_samples_at_the_nominal_rate(bench):
    """Two answers five seconds apart: within half a percent, of which all is the bench's own jitter."""
    stamps = []
    for token in (11, 12):
        bench.say(f"clock {token}")
        bench.listen(0.5 if token == 11 else 0.3)
        at, frame = next(
            (at, f) for at, f in bench.of(wire.CLOCK) if struct.unpack_from("<I", f.payload)[0] == token
        )
        stamps.append((at, struct.unpack(wire.CLOCK_BODY, frame.payload)[1]))
        bench.listen(4.5 if token == 11 else 0.0)
    (first_at, first), (last_at, last) = stamps

    assert abs((last - first) / (last_at - first_at) / 48000 - 1.0) < 0.01


def test_a_damaged_line_is_ignored_and_the_next_one_obeyed(bench):
    """Noise towards the board harms nothing."""
    bench.port.write(b"\xff\x00 hel\r\rlo *0000\nack 1 1 1 99999\n")
    bench.frames.clear()
    bench.say("hello 1")
    bench.listen(1.0)

    assert len(bench.of(wire.HELLO)) == 1


def test_the_second_says_no_overrun(bench):
    """Three seconds without lost samples."""
    bench.listen(3.2)
    seconds = [json.loads(frame.payload) for _, frame in bench.of(wire.SECOND)]

    assert {0} == {second["overruns"] for second in seconds}
