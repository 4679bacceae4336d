"""What the self-check says of I2S words, through the real interpreter: every fault by name, and nothing of good sound.

A microphone is a street and the noise of its own, 24 bits in 32-bit slots.
"""

import csv
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from firmware.common import flags as flag
from gateway.virtual import faults, i2s
from gateway.virtual.interpreter import Interpreter, firmware_files
from gateway.virtual.level import a_weighted_fast_db
from gateway.virtual.sound import at_level, load, quiet_street
from gateway.virtual.street.scenario import Scenario

RATE = 48000
FRAME = RATE // 8
NOISE_DBA = {"INMP441": 33.0, "ICS-43434": 29.0, "IM72D128": 22.0}
RECORDINGS = Path(__file__).parents[3] / "shared" / "sounds" / "dev"

CHECKING = """
import json, struct
from firmware.sensor.analysis import Analysis
from firmware.sensor import bus
class Settings:
    rate, spacing_m, full_scale_db, microphone = 48000, 0.2, 120.0, "flat"
def start(data):
    global analysis, block
    settings = Settings()
    settings.channels = data[0]
    settings.microphone = str(data[1:], "utf-8") or "flat"
    analysis = Analysis(settings)
    block = bytearray(4800 * settings.channels)
def hear(data):
    flags = []
    for at in range(0, len(data), len(block)):
        block[:] = data[at : at + len(block)]
        if analysis.process(block):
            flags.append(analysis.flags)
    return struct.pack("<%dH" % len(flags), *flags)
def said(data):
    return json.dumps(analysis.check.texts())
def wants(data):
    return bytes([analysis.check.wants_search])
def found(data):
    analysis.check.found(data[0])
def slots(data):
    return bytes([bus.slots_in_use(bytearray(data))])
def seconds(data):
    # LAeq of seconds, without sound: what happens over minutes.
    for level in struct.unpack("<%df" % (len(data) // 4), data):
        analysis.check._floor.add(level)
"""


class Board:
    """An Analysis in the interpreter. `channels` slots are read, the left one first."""

    def __init__(self, interpreter, channels=1, microphone="flat", full_scale_db=120.0):
        interpreter.exec(f"checking.Settings.full_scale_db = {full_scale_db}")
        interpreter.call("checking.start", bytes([channels]) + microphone.encode())
        self._interpreter = interpreter
        self._channels = channels

    def hear(self, x, fault=None):
        """Hear `x` (n,) or (2, n), -1..1, through `fault`; return the flags of each 125 ms."""
        words = i2s.words(np.atleast_2d(x))
        both = i2s.both_slots(words, np.atleast_2d(x).shape[0])
        both = fault(both) if fault else both
        slots = np.frombuffer(both, dtype="<i4").reshape(-1, 2)
        read = slots if self._channels == 2 else slots[:, 0]
        found = b""
        for second in range(len(slots) // RATE):
            piece = read[second * RATE : (second + 1) * RATE].tobytes()
            found += self._interpreter.call("checking.hear", piece)
        return list(struct.unpack(f"<{len(found) // 2}H", found))

    @property
    def said(self):
        """What is wrong, in words."""
        return json.loads(self._interpreter.call("checking.said"))

    def minutes(self, levels):
        """Let the self-check take LAeq of seconds, without sound."""
        self._interpreter.call("checking.seconds", struct.pack(f"<{len(levels)}f", *levels))

    def call(self, name, data=b""):
        """Call a function of the board."""
        return self._interpreter.call(f"checking.{name}", data)


@pytest.fixture(scope="module")
def checking():
    """One interpreter for all: each board is a new Analysis."""
    with Interpreter({**firmware_files(), "checking.py": CHECKING.encode()}) as running:
        running.exec("import checking")
        yield running


@pytest.fixture
def board(checking):
    """A board with one microphone."""
    return Board(checking)


@pytest.fixture
def stereo(checking):
    """A board with two microphones."""
    return Board(checking, channels=2)


def street(seconds=3, seed=1):
    """Return a quiet street (n,) of about 47 dB(A)."""
    return quiet_street(seconds * RATE, seed=seed)


def both_hear(seconds=3):
    """Return a street as two microphones hear it: the same, each with noise of its own."""
    noise = np.random.default_rng(5).normal(0.0, 5e-5, (2, seconds * RATE))
    return street(seconds) + noise


# -- good sound


def test_a_quiet_street_raises_no_flag_and_no_word(board):
    """The commonest state of a board: nothing to say."""
    assert {0} == set(board.hear(street(5)))
    assert {} == board.said


def test_a_line_without_its_resistor_raises_no_flag(board):
    """Low bytes that hold the last bit are what good microphones show without 100 kOhm to ground."""
    assert {0} == set(board.hear(street(), faults.without_resistor))
    assert {} == board.said


@pytest.mark.parametrize(("microphone", "noise_dba"), [*NOISE_DBA.items(), ("flat", 22.0)])
def test_the_silence_of_a_real_microphone_is_under_range_and_no_fault(checking, microphone, noise_dba):
    """In a silent room a microphone gives its own noise, or 3 dB less, and the levels are that noise."""
    board = Board(checking, microphone=microphone)
    noise = np.random.default_rng(3).normal(0.0, 1e-5, 4 * RATE)
    noise *= 10 ** ((noise_dba - np.median(a_weighted_fast_db(noise, RATE))) / 20)
    for below_db in (0.0, 3.0):
        assert {flag.UNDER_RANGE} == set(board.hear(noise * 10 ** (-below_db / 20))[8:])
        assert {} == board.said


@pytest.mark.parametrize(("microphone", "lowest_dba"), [("INMP441", 41.0), ("IM72D128", 30.0)])
def test_the_range_of_a_microphone_begins_where_its_noise_is_within_the_limit_of_linearity(
    checking, microphone, lowest_dba
):
    """A dB above that a level is not flagged, two below it is: a quiet night is measured with the better one only."""
    board = Board(checking, microphone=microphone)
    noise = np.random.default_rng(3).normal(0.0, 1e-5, 2 * RATE)
    noise *= 10 ** ((lowest_dba - np.median(a_weighted_fast_db(noise, RATE))) / 20)
    assert {0} == set(board.hear(noise * 10 ** (1.5 / 20))[8:])
    assert {flag.UNDER_RANGE} == set(board.hear(noise * 10 ** (-2.0 / 20))[8:])


@pytest.mark.parametrize(("microphone", "flagged"), [("flat", set()), ("IM72D128", {flag.OVERLOAD})])
def test_a_microphone_that_is_overdriven_below_full_scale_is_an_overload(checking, microphone, flagged):
    """Full scale is 130 dB here; an IM72D128 has 10 % distortion from 128 dB on."""
    board = Board(checking, microphone=microphone, full_scale_db=130.0)
    tone = np.sin(2 * np.pi * 997 * np.arange(RATE) / RATE)
    assert flag.OVERLOAD not in board.hear(tone * 10 ** (-2.5 / 20))
    assert flagged == set(board.hear(tone * 10 ** (-1.5 / 20))) & {flag.OVERLOAD}


def test_the_loud_vehicles_of_a_street_raise_no_flag(board):
    """Half a minute of the street simulator with exhausts at 92 dB(A)."""
    scenario = Scenario(4, 30.0)
    sound = np.concatenate(list(scenario), axis=1)
    assert scenario.events
    assert {0} == set(board.hear(sound))
    assert {} == board.said


@pytest.mark.recordings
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings beside the project are not here")
def test_recordings_raise_no_flag(board):
    """Those with the highest peaks, cut off by their recorder; at 92 dB(A), after a second of street."""
    with (RECORDINGS / "manifest.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: -float(row["peak_dbfs"]))
    for name in [row["file"] for row in rows[:6]]:
        x = at_level(load(RECORDINGS / name), 92.0)[: 3 * RATE]
        padded = np.concatenate([street(1), x + street(3)[: x.size], street(1)])
        assert (name, {0}) == (name, set(board.hear(padded)))
        assert (name, {}) == (name, board.said)


@pytest.mark.parametrize("hertz", [40, 250, 1000, 8000])
def test_the_clean_tone_of_a_calibrator_has_no_flat_tops(board, hertz):
    """94 and 114 dB: every top is a sample or two, however often it comes at the same place of a sample."""
    t = np.arange(2 * RATE) / RATE
    for level in (0.05, 0.5):
        assert {0} == set(board.hear(level * np.sin(2 * np.pi * hertz * t) + 5e-5 * np.cos(7 * t))[2:])
    assert {} == board.said


# -- faults


def test_a_microphone_without_power_is_silent(board):
    """Zeros, ones, or any other constant word: said with its cure; the flag is in every frame."""
    for value in (0, 0xFFFFFFFF, 0x12345600):
        flags = board.hear(street(), faults.stuck(value))
        assert all(flags[8:]), value
        assert all(each & flag.STUCK for each in flags[8:])
        assert "check power" in board.said["microphone"]


def test_a_microphone_that_comes_back_is_believed_again(board):
    """The words go, and so does the flag."""
    board.hear(street(2), faults.stuck())
    assert board.said
    assert {0} == set(board.hear(street(3))[16:])
    assert {} == board.said


def test_half_a_second_without_a_signal_is_flagged_where_it_was(board):
    """A loose contact: the frames of the gap, and no others."""
    x = street(2)
    x[10 * FRAME : 14 * FRAME] = -0.01
    assert [flag.STUCK if 10 <= frame < 14 else 0 for frame in range(16)] == [
        each & flag.STUCK for each in board.hear(x)
    ]
    assert board.said == {"microphone": "silent or stuck: check power, data line and slot"}


def test_what_a_microphone_does_in_its_first_half_second_is_not_said(board):
    """Zeros after power-up are in the flags of their frames, and no fault."""
    x = street(2)
    x[: round(0.3 * RATE)] = 0.0
    assert board.hear(x)[0] & flag.STUCK
    assert {} == board.said


def test_an_empty_slot_is_silent_although_the_line_keeps_some_bits(board):
    """Without a resistor the slot beside the microphone's shows its last bit, held: not zero, and no sound."""

    def fault(slots):
        return faults.without_resistor(faults.swapped(slots))

    assert all(each & flag.STUCK for each in board.hear(street(), fault)[8:])
    assert "check power" in board.said["microphone"]


def test_a_microphone_in_the_wrong_slot_is_found_by_a_search_and_named(board):
    """The search is wanted once; what it found is said until there is a signal."""
    wrong = faults.swapped(i2s.both_slots(i2s.words(street(1)[np.newaxis, :1200]), 1))
    assert b"\0" == board.call("wants")
    board.hear(street(), faults.swapped)
    assert b"\1" == board.call("wants")
    slots = board.call("slots", wrong)
    board.call("found", slots)
    assert b"\0" == board.call("wants")
    assert "its signal is in the right slot: connect its L/R (SEL) pin to ground" == board.said["microphone"]
    board.hear(street())
    assert {} == board.said
    board.hear(street(1), faults.stuck())
    assert b"\1" == board.call("wants"), "a new silence is a new search"
    board.call("found", b"\1")
    assert "silent or stuck: check power, data line and slot" == board.said["microphone"]


def test_a_search_tells_the_slots_apart_with_and_without_a_resistor(board):
    """1 is left, 2 is right; a line that keeps bits does not make a signal."""
    words = i2s.both_slots(i2s.words(street(1)[np.newaxis, :1200]), 1)
    pair = i2s.words(both_hear(1)[:, :1200])
    for resistor in (lambda slots: slots, faults.without_resistor):
        assert b"\1" == board.call("slots", resistor(words))
        assert b"\2" == board.call("slots", resistor(faults.swapped(words)))
        assert b"\3" == board.call("slots", resistor(pair))
    for value in (0, 0xFFFFFFFF, 0x12345600):
        assert b"\0" == board.call("slots", faults.stuck(value)(words))


@pytest.mark.parametrize("masked", [False, True])
def test_a_data_line_that_is_not_connected_is_floating(board, masked):
    """Noise in the eight bits that no microphone writes; where the port hides those, noise that no sound is."""

    def fault(slots):
        words = np.frombuffer(faults.floating()(slots), dtype="<u4")
        return (words & 0xFFFFFF00).astype("<u4").tobytes() if masked else words.tobytes()

    flags = board.hear(street(), fault)
    assert all(each & flag.FLOATING for each in flags[8:])
    assert "data wire" in board.said["microphone"]


def test_a_faint_sound_on_a_line_that_others_drive_too_is_floating(board):
    """The samples look like a street: what gives it away are the bits below them."""

    def fault(slots):
        low = np.frombuffer(faults.floating()(slots), dtype="<u4") & 0xFF
        return (np.frombuffer(slots, dtype="<u4") | low).astype("<u4").tobytes()

    assert {flag.FLOATING} == set(board.hear(street(), fault)[8:])


def test_an_offset_beyond_three_per_cent_is_flagged_and_a_smaller_one_is_not(board):
    """What good microphones have, 0.3 %, is none; the levels do not count it either way."""
    assert {0} == set(board.hear(street(4), faults.offset(0.003)))
    flags = board.hear(street(6), faults.offset(0.05))
    assert flag.DC_OFFSET in flags[24:]
    assert all(each & flag.DC_OFFSET for each in flags[24:])
    assert board.said["offset"].startswith("5.0 % of full scale off zero")


def test_flat_tops_below_full_scale_are_not_an_overload(board):
    """A microphone that cuts off at a third of full scale; the frames without a loud sound are clean."""
    t = np.arange(3 * RATE) / RATE
    loud = 0.4 * np.sin(2 * np.pi * 97.3 * t) * (t >= 1.0) + street(3)
    loud[2 * RATE :] = street(1)
    flags = board.hear(loud[: 2 * RATE], faults.clipped(0.3))
    assert {0} == set(flags[:8])
    assert {flag.CLIPPED} == set(flags[8:])
    assert "flat tops" in board.said["range"]
    assert {0} == set(board.hear(loud[2 * RATE :], faults.clipped(0.3)))
    assert {} == board.said


def test_a_wave_that_is_cut_off_at_full_scale_is_an_overload_and_nothing_else(board):
    """Its flat tops are the converter's, not the microphone's."""
    t = np.arange(2 * RATE) / RATE
    assert {flag.OVERLOAD} == set(board.hear(1.2 * np.sin(2 * np.pi * 97.3 * t)))
    assert board.said == {"range": "overload: the signal is clipped"}


def test_an_overload_is_latched_in_its_frame_and_no_other(board):
    """One sample at full scale is enough."""
    x = street(2)
    x[RATE + 7000] = 1.0
    assert [0] * 9 + [flag.OVERLOAD] + [0] * 6 == board.hear(x)
    assert board.said["range"].startswith("overload")


def test_a_second_quieter_than_any_microphone_is_flagged(board):
    """40 dB of the signal are lost: a wrong type, a shifted word. It holds while the second is remembered."""
    flags = board.hear(street(4), faults.faint(45.0))
    assert all(each & flag.NOISE_FLOOR for each in flags[16:])
    assert "less than its own noise" in board.said["noise_floor"]
    assert all(each & flag.NOISE_FLOOR for each in board.hear(street(2)))


def test_ten_minutes_like_no_street_are_flagged(board):
    """Steady to 1.5 dB at 65 dB(A), or never under 90: flagged after ten minutes, not before."""
    board.minutes([65.0 + 0.1 * (n % 5) for n in range(590)])
    assert {0} == set(board.hear(street(1)))
    for levels in ([65.0 + 0.1 * (n % 5) for n in range(700)], [91.0 + n % 10 for n in range(700)]):
        board.call("start", b"\1")
        board.hear(street(1))
        board.minutes(levels[:-1])
        board.hear(at_level(np.random.default_rng(1).normal(0, 0.01, 2 * RATE), levels[0] + 0.3))
        assert "in 10 minutes" in board.said["noise_floor"]


def test_a_motorway_and_a_night_are_no_implausible_noise(board):
    """75 to 88 dB(A) for hours, and a steady 45 dB(A)."""
    rng = np.random.default_rng(2)
    board.hear(street(1))
    for levels in (rng.uniform(75.0, 88.0, 1300), rng.uniform(45.0, 45.5, 1300)):
        board.minutes(list(levels))
        same = at_level(np.random.default_rng(1).normal(0, 0.01, 2 * RATE), float(levels.mean()))
        assert {0} == set(board.hear(same))
        assert {} == board.said


# -- two microphones


def test_two_good_microphones_have_nothing_to_say(stereo):
    """Each with noise of its own."""
    assert {0} == set(stereo.hear(both_hear(4)))
    assert {} == stereo.said


def test_an_empty_slot_of_two_is_named(stereo):
    """The right one does not touch the levels, so no flag; without the left one nothing is measured."""
    silent = both_hear(3) * [[1.0], [0.0]]
    assert {0} == set(stereo.hear(silent))
    assert "right slot is empty" in stereo.said["right_microphone"]
    assert all(each & flag.STUCK for each in stereo.hear(silent, faults.swapped)[8:])
    assert "left slot is empty, the right one is not" in stereo.said["microphone"]


def test_microphones_that_differ_for_ten_seconds_are_named(stereo):
    """A covered opening: 20 dB; five seconds of it are a gust."""
    covered = both_hear(5) * [[1.0], [0.1]]
    stereo.hear(covered)
    assert {} == stereo.said
    stereo.hear(both_hear(2))
    stereo.hear(covered)
    assert {} == stereo.said
    stereo.hear(covered)
    stereo.hear(covered)
    assert "dB apart from the left one" in stereo.said["right_microphone"]
