"""`signature learn` and what is learnt by: repeatable to the bit, read by the firmware, and judged held out."""

import json
import sys
import wave

import numpy as np
import pytest

from gateway.cli import main
from gateway.signature import evaluate, learn, training
from gateway.signature.augment import driven, variant
from gateway.signature.evaluate import Options as Evaluation
from gateway.signature.fitting import fit
from gateway.signature.learn import Options, learn_and_write
from gateway.signature.manifest import Clip, SignatureError, read_manifest
from gateway.signature.playing import RATE, Player, Setup
from gateway.signature.simulated import learnt, unseen
from gateway.signature.training import Heard, choose_threshold
from gateway.virtual.level import a_weighted_fast_max_db


def write_sound(path, x):
    """Write `x` (n,) at 48 kHz, its peak at a third of full scale."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((x / np.max(np.abs(x)) * 10000).astype("<i2").tobytes())


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Return a manifest of four short sounds of four sources: two engines that turn up, a whistle and a hiss."""
    folder = tmp_path_factory.mktemp("few")
    t = np.arange(RATE) / RATE
    for name, hz in (("up_a", 60 + 60 * t), ("up_b", 80 + 90 * t)):
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        write_sound(folder / f"{name}.wav", sum(np.sin(k * phase + k * k) / k for k in range(1, 12)))
    write_sound(folder / "whistle_a.wav", np.sin(2 * np.pi * 2100 * t))
    write_sound(folder / "hiss_a.wav", np.random.default_rng(5).standard_normal(t.size))
    lines = ["file,label,class,source", "up_a.wav,positive,rev,A", "up_b.wav,positive,rev,B"]
    lines += ["whistle_a.wav,negative,whistle,C", "hiss_a.wav,negative,hiss,D"]
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def two_variants(monkeypatch):
    """Play each recording twice only: as it is, and one variant."""
    monkeypatch.setattr(training, "VARIANTS", 2)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_learning_twice_gives_the_same_bytes_and_a_model_that_the_firmware_reads(few, tmp_path, capsys):
    """From the recordings and a simulated event; what is printed says how it did where it was held back."""
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        assert 0 == learn_and_write(Options(few, file, "ours", "7", simulated=1))
    one, two = (file.read_bytes() for file in files)
    assert one == two
    values = json.loads(one)
    assert ("ours", "7", 64) == (values["name"], values["version"], len(values["training"]))
    assert one.decode() == json.dumps(values, sort_keys=True, separators=(",", ":")) + "\n"
    with Player(Setup(model=one.decode())) as player:
        assert "ours" == player.about["name"]
        said = capsys.readouterr().out
        assert player.about["hash"] in said
    assert "recordings: recall" in said
    assert "simulated: recall" in said


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_held_out_every_clip_is_judged_by_the_model_of_its_fold(few, tmp_path, monkeypatch):
    """Two models of two folds, and one of everything for the simulated event; the figures have the street's keys."""
    street = tmp_path / "street.csv"
    street.write_text(
        "class,label,lafmax_median_db,lafmax_sd_db,events_per_day\n"
        "rev,positive,86,3,4\nwhistle,negative,80,3,9\nquad_passby,positive,80,3,1\n"
    )
    texts = []
    own = evaluate.held_out.judged_by
    monkeypatch.setattr(evaluate.held_out, "judged_by", lambda *given: texts.append(given[0]) or own(*given))
    figures = evaluate.evaluate(Evaluation(few, folds=2, learnt=0, simulated=1, street=street))
    assert [0, 1, evaluate.held_out.ALL] == sorted(texts[0], key=lambda fold: fold % 10)
    assert 3 == len(set(texts[0].values()))
    assert (4, 1, 2) == (figures["n"], figures["simulated"]["n"], figures["folds"])
    assert figures["recall"] is not None
    for key in ("yield", "false_triggers_per_day", "recall_over_threshold"):
        assert key in figures
        assert key in figures["level_alone"]
    assert 1.0 == pytest.approx(figures["level_alone"]["recall_over_threshold"], abs=0.35)
    assert ["hiss"] == figures["street"]["classes_not_in_street"]
    assert ["quad_passby"] == figures["street"]["classes_without_recording"]


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["learn", "--manifest", "none.csv", "--out", "m.json"], "none.csv: No such file or directory"),
        (["learn", "--manifest", "m.csv", "--out", "none/m.json"], "none/m.json: No such file or directory"),
        (["learn", "--manifest", "m.csv", "--out", "m.json", "--simulated", "0"], "nothing to tell apart"),
        (["evaluate", "--manifest", "m.csv", "--folds", "2"], "2 folds cannot be made of 1 separate sources"),
        (["evaluate"], "nothing to judge: give --manifest CSV"),
        (["evaluate", "--manifest", "m.csv", "--folds", "2", "--model", "m.csv"], "leave out --model"),
        (["evaluate", "--simulated", "2", "--folds", "2"], "--folds holds recordings out"),
        (["evaluate", "--manifest", "m.csv", "--street", "none.csv"], "none.csv: No such file or directory"),
        (["explain", "none.wav"], "none.wav is not a file"),
        (["explain", "a.wav", "--out", "none/a.png"], "none/a.png: No such file or directory"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line_and_exit_code_1(
    tmp_path, capsys, monkeypatch, arguments, said
):
    """No traceback, and no file of a failed run."""
    write_sound(tmp_path / "a.wav", np.sin(np.arange(4800) * 0.05))
    (tmp_path / "m.csv").write_text("file,label,class\na.wav,negative,hum\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stalenstraat", "signature", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert 1 == left.value.code
    error = capsys.readouterr().err
    assert said in error
    assert 1 == error.count("\n")
    assert ["a.wav", "m.csv"] == sorted(path.name for path in tmp_path.iterdir())


def test_the_fit_is_the_same_whatever_the_order_of_threads():
    """Two fits of the same frames have the same bytes, and tell two clouds apart."""
    rng = np.random.default_rng(3)
    labels = np.arange(600) % 2 == 0
    features = rng.standard_normal((600, 5)) + 2.0 * labels[:, np.newaxis]
    models = [fit(features, labels, np.ones(600), strength=0.01) for _ in range(2)]
    lines = {m.line(name="a", version="1", threshold=0.5, training="", feature_set=1) for m in models}
    assert 1 == len(lines)
    right = (models[0].probability(features) > 0.5) == labels
    assert right.mean() > 0.97


def test_the_threshold_accepts_eight_percent_of_the_recorded_negatives():
    """However many simulated ones there are; where nothing is recorded, of those."""
    clips = [_clip(f"r_{n}") for n in range(100)] + [_clip(f"s_{n}", simulated=True) for n in range(200)]
    one = np.zeros(1, np.float32)
    heard = [Heard(index, one, one, one[:, np.newaxis]) for index in range(300)]
    scores = np.concatenate([np.arange(100) / 100, np.full(200, 0.995)])
    assert 8 == np.sum(scores[:100] >= choose_threshold(clips, heard, scores))

    scores[100:] = np.arange(200) / 200
    simulated = choose_threshold(
        clips[100:], [Heard(index, one, one, one[:, np.newaxis]) for index in range(200)], scores[100:]
    )
    assert 16 == np.sum(scores[100:] >= simulated)


def test_a_variant_is_the_same_every_time_and_another_for_another_number():
    """Seeded by the clip's name; the recording as it is has number 0."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(RATE)
    clip = Clip("a.wav", True, "rev", "A", "a", lambda: noise)  # noqa: FBT003  positive
    first = [variant(clip, number) for number in range(3)]
    for number, samples in enumerate(first):
        np.testing.assert_array_equal(samples, variant(clip, number))
        assert 84.0 - 0.5 <= a_weighted_fast_max_db(samples, RATE) <= 102.5
    assert len({samples.size for samples in first} | {float(samples[RATE * 3]) for samples in first}) >= 4


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_loop_is_driven_through_the_speeds_of_an_engine(seed):
    """A tone as loop: what is heard of it lies between half and a little over twice its frequency, Doppler included."""
    loop = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    heard = driven(loop, seed=seed)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(heard.size)))
    hz = np.fft.rfftfreq(heard.size, 1 / RATE)
    inside = (hz > 200 * 0.55 * 0.75) & (hz < 200 * 2.2 * 1.35)
    assert np.sum(spectrum[inside] ** 2) > 0.98 * np.sum(spectrum**2)
    assert heard.size == 6 * RATE


def test_simulated_events_alternate_and_those_to_judge_are_of_other_families():
    """As many positives as negatives; nothing of what is judged was learnt from."""
    ours, theirs = learnt(12), unseen(12)
    assert [True, False] * 6 == [clip.positive for clip in ours]
    assert not {clip.source for clip in ours} & {clip.source for clip in theirs}
    assert not {clip.group for clip in ours} & {clip.group for clip in theirs}
    assert all(clip.simulated for clip in (*ours, *theirs))


def test_only_one_label_cannot_be_learnt_from(few):
    """There is nothing to tell apart."""
    clips = [clip for clip in read_manifest(few) if clip.positive]
    heard = [
        Heard(index, np.zeros(1, np.float32), np.full(1, 0.5, np.float32), np.zeros((1, 1), np.float32))
        for index in range(2)
    ]
    with pytest.raises(SignatureError, match="nothing to tell apart"):
        learn.learn(clips, heard, Setup())


def _clip(name, *, simulated=False):
    return Clip(name, False, "dog", "A", name, lambda: np.zeros(0), simulated=simulated)  # noqa: FBT003  negative
