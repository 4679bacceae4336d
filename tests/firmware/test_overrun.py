"""Lost samples are found; lateness, jitter and slow clocks are not taken for them."""

import random

from firmware.sensor.overrun import OverrunCounter

BLOCK = 1200


def play(seconds, *, lost_at=(), ppm=0.0, jitter_us=0, stall_at=None):
    """Return a counter after `seconds` of blocks; a loss is 1,000 samples (20.8 ms) at block n."""
    source = random.Random(1)
    counter = OverrunCounter(48000)
    lost_us = 0.0
    for block in range(1, seconds * 40 + 1):
        lost_us += 20_833 * (block in lost_at)
        late = 80_000 if stall_at and stall_at <= block < stall_at + 3 else 0
        now = block * 25_000 * (1 + ppm / 1e6) + lost_us + source.uniform(0, jitter_us) + late
        counter.block(block * BLOCK, int(now))
    return counter


def test_a_perfect_stream_has_no_overrun():
    """Nothing lost, nothing counted."""
    assert play(60).count == 0


def test_lost_samples_are_counted_once_each_with_their_length():
    """Two losses of 20.8 ms."""
    counter = play(60, lost_at=(400, 1200), jitter_us=3000)

    assert counter.count == 2
    assert abs(counter.lost_us - 2 * 20_833) < 3000


def test_a_slow_or_fast_clock_is_not_an_overrun():
    """Two oscillators differ by up to some hundred ppm for ever."""
    assert play(600, ppm=300).count == 0
    assert play(600, ppm=-300).count == 0


def test_being_late_for_a_moment_is_not_an_overrun():
    """A collection of 80 ms is caught up from the I2S buffer."""
    assert play(60, stall_at=500).count == 0


def test_a_loss_that_no_whole_second_has_confirmed_is_pending():
    """A clip may end before the second does: it must not be believed to be whole."""
    counter = play(10)
    assert not counter.pending
    now = 10_000_000
    for block in range(401, 411):
        counter.block(block * BLOCK, now + (block - 400) * 25_000 + 20_833)
    assert counter.pending
    assert counter.count == 0


def test_samples_that_stopped_on_purpose_are_not_lost():
    """The bus was opened anew: the count goes on from there."""
    counter = play(10)
    counter.restart()
    for block in range(401, 601):
        counter.block(block * BLOCK, block * 25_000 + 30_000)
    assert counter.count == 0
    assert not counter.pending
