"""`signature explain`: the decision in words, the features that pushed it, and a picture that holds all of it."""

import io
import wave

import numpy as np
import pytest
from PIL import Image

from gateway.signature.drawing import BLUE, GREEN, ORANGE, Panel, canvas, ticks
from gateway.signature.explain import Options, decisive, explain, explain_and_draw, strongest
from gateway.signature.manifest import Clip
from gateway.signature.picture import picture
from gateway.signature.playing import Frames, Player, Setup, in_street, play_all
from gateway.signature.repeatable import gram, solve
from gateway.signature.verdict import held, verdict
from gateway.virtual.level import LevelError, a_weighted_fast_max_db

RATE = 48000


def frames(lafmax_db, score, *, triggered=()):
    """Return frames of these levels and scores, of one feature each."""
    edges = np.zeros(len(score), np.bool_)
    edges[list(triggered)] = True
    return Frames(
        np.array(lafmax_db, np.float32),
        np.array(score, np.float32),
        np.full(len(score), 0.5, np.float32),
        np.zeros(len(score), np.float32),
        edges,
        edges,
        np.zeros((len(score), 1), np.float32),
        {int(index): ("revving", "up and down") for index in np.flatnonzero(edges)},
    )


def rev(seconds=1.5):
    """Return an engine that turns up."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(60 + 50 * t) / RATE
    return sum(np.sin(k * phase + k * k) / k for k in range(1, 12))


@pytest.fixture(scope="module")
def player():
    """Return an interpreter with the signal chain, every frame in words."""
    with Player(Setup(words=True)) as one:
        yield one


def test_frames_that_are_judged_again_get_the_scores_and_triggers_they_had(player):
    """The model and the trigger are the firmware's both times; features go over in single precision."""
    heard = player.play(in_street(rev(), 88.0, seed=1))
    score, triggered = player.judge(heard.lafmax_db, heard.features)
    np.testing.assert_allclose(score, heard.score, atol=2e-5)
    np.testing.assert_array_equal(triggered, heard.triggered)
    assert set(range(heard.score.size)) == set(heard.words)
    assert (heard.score.size, player.features) == heard.features.shape
    assert len(player.names) == player.features


def test_what_is_heard_does_not_depend_on_what_was_played_before(player):
    """A board that was just switched on, every time."""
    street = in_street(rev(), 88.0, seed=1)
    first = player.play(street)
    player.play(in_street(np.random.default_rng(1).standard_normal(RATE), 95.0, seed=2))
    np.testing.assert_array_equal(first.features, player.play(street).features)


def test_a_sound_that_cannot_be_made_stops_the_others():
    """Its error comes out; no thread is left behind."""

    def broken():
        raise LevelError("digital silence")

    with pytest.raises(LevelError, match="digital silence"):
        list(play_all([broken, lambda: np.zeros(RATE)], Setup()))


def test_a_sound_stands_in_its_street_at_its_level():
    """Three seconds of street at its own level come first; the whole reaches the level asked for."""
    street = in_street(rev(), 88.0, seed=1, background_dba=60.0)
    assert a_weighted_fast_max_db(street, RATE) == pytest.approx(88.0, abs=0.2)
    assert a_weighted_fast_max_db(street[: int(2.9 * RATE)], RATE) == pytest.approx(60.0, abs=3.0)
    assert 5.5 == street.size / RATE


def test_a_score_counts_when_it_is_held_at_the_level_as_long_as_a_trigger_needs():
    """Two frames: a single high one, and high ones while it is quiet, do not count."""
    setup = Setup(threshold_dba=82.0, min_duration_s=0.25)
    levels = [70, 83, 83, 83, 83, 70, 70]
    assert 0.6 == pytest.approx(held(np.array(levels, np.float32), [1, 0.9, 0.2, 0.6, 0.8, 1, 1], setup))
    assert 0.0 == held(np.array([90], np.float32), [1.0], setup)


def test_the_delay_counts_from_the_start_of_the_first_loud_frame_to_the_end_of_the_one_that_triggers():
    """Loud in frame 1, trigger in frame 3: three frames."""
    found = verdict(
        Clip("a", True, "rev", "A", "a", lambda: np.zeros(0)),  # noqa: FBT003  positive
        frames([60, 84, 84, 84, 60], [0, 0.1, 0.9, 0.9, 0], triggered=[3]),
        Setup(),
    )
    assert (0.375, 1, "revving", True) == (found.delay_s, found.triggers, found.behaviour, found.taken)


@pytest.mark.parametrize(
    ("levels", "scores", "triggered", "frame"),
    [
        ([60, 84, 84, 84], [0.9, 0.6, 0.7, 0.9], [2], 2),
        ([60, 84, 84, 84], [0.9, 0.1, 0.4, 0.2], [], 2),
        ([60, 70, 65, 60], [0.9, 0.1, 0.4, 0.2], [], 1),
    ],
)
def test_the_frame_that_is_explained_is_the_one_that_decided(levels, scores, triggered, frame):
    """The trigger's; else the best score that was loud enough; else the loudest."""
    assert frame == decisive(frames(levels, scores, triggered=triggered), Setup())


def test_the_strongest_push_comes_first_whatever_its_sign():
    """For words and bars."""
    assert [1, 2, 0] == strongest(np.array([0.5, -3.0, 2.0]))


@pytest.mark.timeout(60)
def test_a_picture_shows_the_track_the_decision_and_what_pushed_it(tmp_path, write_wav):
    """A PNG with the track in orange, level and score in blue; the words are printed too."""
    out = tmp_path / "rev.png"
    assert 0 == explain_and_draw(Options(write_wav(rev(3.0)), out, level_dba=90.0))
    with Image.open(out) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}
        assert image.width > 1000
    assert {ORANGE, BLUE} <= colours


@pytest.mark.timeout(60)
def test_pushes_are_what_the_score_would_lose_without_a_feature(tmp_path, write_wav):
    """As many as features; the words name level and score, and why it did not trigger when it is too quiet."""
    found = explain(Options(write_wav(rev()), tmp_path / "a.png", level_dba=75.0))
    assert found.pushes.shape == (found.frames.features.shape[1],) == (len(found.names),)
    assert found.decision.startswith("Does not trigger: the level stays under 82 dB(A).")
    assert np.isfinite(found.pushes).all()
    assert GREEN not in {
        colour for _, colour in Image.open(io.BytesIO(_drawn(found))).convert("RGB").getcolors(1 << 24)
    }


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0.0, 1.0), [0.0, 0.25, 0.5, 0.75, 1.0]),
        ((-3.0, 7.4), [-2.5, 0.0, 2.5, 5.0]),
        ((50.0, 93.0), [50.0, 60.0, 70.0, 80.0, 90.0]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(span, expected):
    """Four to nine of them."""
    assert expected == ticks(span)


def test_a_panel_puts_values_where_its_axes_say_and_cuts_off_what_is_outside():
    """Corners, middle, and a point beyond."""
    panel = Panel(canvas(200, 100)[0], (20, 10, 180, 90), (0.0, 10.0), (-1.0, 1.0))
    assert (20, 90) == panel.at(0.0, -1.0)
    assert (100, 50) == panel.at(5.0, 0.0)
    assert (180, 10) == panel.at(99.0, 7.0)


def test_sums_are_those_of_numpy():
    """A weighted Gram matrix and the solution of its equations, of a size that is no whole number of blocks."""
    rng = np.random.default_rng(2)
    x, weights = rng.standard_normal((333, 97)), rng.random(333)
    np.testing.assert_allclose(gram(x, weights), (x * weights[:, np.newaxis]).T @ x, rtol=1e-10, atol=1e-10)
    a = gram(x, weights) + np.eye(97)
    np.testing.assert_allclose(solve(a, x[0]), np.linalg.solve(a, x[0]), rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="not positive definite"):
        solve(-np.eye(3), np.ones(3))


@pytest.fixture
def write_wav(tmp_path):
    """Return a function that writes samples to a WAV file and returns its path."""

    def write(samples):
        path = tmp_path / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples / np.max(np.abs(samples)) * 10000).astype("<i2").tobytes())
        return path

    return write


def _drawn(found):

    return picture(found)
