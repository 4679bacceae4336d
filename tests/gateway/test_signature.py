"""`signature evaluate`: bad manifests, the counting, and what the signature makes of the recordings."""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.cli import main
from gateway.signature import SignatureError, area_under_curve, evaluate, read_manifest

RECORDINGS = Path(__file__).parents[3] / "shared" / "sounds" / "dev" / "manifest.csv"


def write_sound(path, hz):
    """Write two seconds of a harmonic series on the track `hz` (n,) at 48 kHz."""
    phase = 2 * np.pi * np.cumsum(hz) / 48000
    x = 4000 * sum(np.sin(order * phase + order**2) / order for order in range(1, 12))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(x.astype("<i2").tobytes())


def manifest(folder, *lines):
    """Write the lines to a manifest in `folder`, return its path."""
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["file,class", "a.wav,rev"], "no column label"),
        (["file,label,class"], "lists no recording"),
        (["file,label,class", "a.wav,loud,rev"], "line 2: label 'loud' must be positive or negative"),
        (["file,label,class", "a.wav,positive,rev", "b.wav,negative,dog"], "line 3: no file"),
        (["file,label,class", ",positive,rev"], "line 2: no file"),
    ],
)
def test_a_bad_manifest_is_refused_with_the_line_and_the_cure(tmp_path, lines, said):
    """Before anything is played."""
    write_sound(tmp_path / "a.wav", np.full(4800, 50.0))
    with pytest.raises(SignatureError, match=said):
        read_manifest(manifest(tmp_path, *lines))


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_a_manifest_that_is_not_there_is_one_line_on_the_command_line(tmp_path, capsys, monkeypatch):
    """No traceback, exit code 1."""
    monkeypatch.setattr(
        sys, "argv", ["stalenstraat", "signature", "evaluate", "--manifest", str(tmp_path / "none.csv")]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert 1 == left.value.code
    assert "none.csv: No such file or directory" in capsys.readouterr().err


def test_a_recording_of_silence_is_named(tmp_path):
    """It has no level that could be set."""
    write_sound(tmp_path / "a.wav", np.zeros(4800))
    with pytest.raises(SignatureError, match=r"a\.wav: the sound is digital silence"):
        evaluate(manifest(tmp_path, "file,label,class", "a.wav,negative,rev"))


@pytest.mark.parametrize(
    ("positives", "negatives", "area"),
    [([0.9, 0.8], [0.1, 0.2], 1.0), ([0.1], [0.9], 0.0), ([0.5], [0.5], 0.5), ([0.3, 0.9], [0.5], 0.5)],
)
def test_the_area_under_the_curve_is_how_often_a_positive_is_over_a_negative(positives, negatives, area):
    """A tie counts half."""
    assert area == area_under_curve(positives, negatives)


def test_the_area_under_the_curve_needs_both_kinds():
    """Without negatives there is none."""
    assert area_under_curve([0.5], []) is None


@pytest.mark.timeout(60)
def test_the_figures_are_those_of_what_the_firmware_did(tmp_path):
    """A revved engine and a high whistle: counts by class and source, and an error for a label that is wrong."""
    t = np.arange(96000) / 48000
    write_sound(tmp_path / "rev.wav", 50.0 + 40.0 * np.sin(2 * np.pi * 0.4 * t) ** 2)
    write_sound(tmp_path / "whistle.wav", np.full(96000, 1900.0))
    lines = [
        "rev.wav,positive,rev,here",
        "whistle.wav,positive,wrongly,there",
        "whistle.wav,negative,whistle,there",
    ]
    figures = evaluate(manifest(tmp_path, "file,label,class,source", *lines))
    assert json.loads(json.dumps(figures)) == figures
    assert (3, 1, 0) == (figures["n"], figures["true_positives"], figures["false_positives"])
    assert (1.0, 0.5) == (figures["precision"], figures["recall"])
    assert {"positives": 1, "negatives": 1, "triggered": 0, "errors": 1} == figures["by_source"]["there"]
    assert ["whistle.wav"] == [error["file"] for error in figures["errors"]]


@pytest.mark.slow
@pytest.mark.recordings
@pytest.mark.timeout(300)
@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings are not beside the project")
def test_three_quarters_of_the_exhausts_trigger_and_at_most_a_tenth_of_the_rest():
    """All recordings of the manifest at 92 dB(A), so that the level is no help."""
    figures = evaluate(RECORDINGS)
    assert figures["n"] >= 140
    assert figures["recall"] >= 0.75
    assert figures["false_positives"] <= 0.1 * figures["negatives"]
