"""A flashed sensor board on the bench: it speaks, keeps time, and can be stopped."""

import itertools
import json
import struct
import time

import pytest

from firmware.common import flags as flag
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
    assert all(lcpeak > lceq for *_, lceq, _lzeq, lcpeak, _flags, _bands in heads)
    assert {0} == {flags & ~flag.UNDER_RANGE for *_, flags, _bands in heads}


def test_nothing_is_lost_or_damaged_on_the_line(bench):
    """Frame numbers have no gap, and nothing but frames comes."""
    bench.frames.clear()
    bench.garbage.clear()
    bench.listen(3.0)
    numbers = [frame.seq for _, frame in bench.frames]

    assert bench.garbage == []
    assert {1} == {(later - earlier) & 0xFFFF for earlier, later in itertools.pairwise(numbers)}


def test_the_clock_counts_samples_at_the_nominal_rate(bench):
    """Over four seconds, within one percent, of which all is the bench's own jitter."""
    first_at, first = read_clock(bench, 100)
    bench.listen(4.0)
    last_at, last = read_clock(bench, 200)

    assert abs((last - first) / (last_at - first_at) / 48000 - 1.0) < 0.01


def read_clock(bench, token):
    """Return (seconds here, samples there) of the quickest of five answers."""
    answers = []
    for number in range(token, token + 5):
        asked = time.monotonic()
        bench.say(f"clock {number}")
        bench.listen(0.15)
        for at, frame in bench.of(wire.CLOCK):
            answered, samples = struct.unpack(wire.CLOCK_BODY, frame.payload)
            if answered == number:
                answers.append((at - asked, at, samples))
    return min(answers)[1:]


def test_a_damaged_line_is_ignored_and_the_next_one_obeyed(bench):
    """Noise towards the board harms nothing."""
    bench.port.write(b"\xff\x00 hel\r\rlo *0000\nack 1 1 1 99999\n")
    bench.frames.clear()
    bench.say("clock 4711")  # not a hello: a board says one unasked too, when its first second is over
    bench.listen(1.0)

    assert [4711] == [struct.unpack(wire.CLOCK_BODY, frame.payload)[0] for _, frame in bench.of(wire.CLOCK)]


def test_the_second_says_no_overrun(bench):
    """Three seconds without lost samples."""
    bench.listen(3.2)
    seconds = [json.loads(frame.payload) for _, frame in bench.of(wire.SECOND)]

    assert {0} == {second["overruns"] for second in seconds}
