"""`signature evaluate`: what the firmware does with recordings is counted, and what a user can get wrong is said."""

import json
import sys
import wave

import numpy as np
import pytest

from gateway.cli import main
from gateway.signature.evaluate import Options, evaluate
from gateway.signature.manifest import SignatureError

KEYS = {"precision", "recall", "f1", "auc", "n", "false_triggers_per_hour", "by_class", "by_source", "errors"}


def write_sound(path, hz):
    """Write a harmonic series on the track `hz` (n,) at 48 kHz."""
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


def run(monkeypatch, *arguments):
    """Run the command line; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["stalenstraat", "signature", *(str(each) for each in arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--manifest", "none.csv"], "none.csv: No such file or directory: give a CSV that can be read"),
        (["--manifest", "m.csv", "--json", "none/out.json"], "none/out.json: No such file or directory"),
        (["--manifest", "m.csv", "--model", "none.json"], "none.json: No such file or directory"),
        (["--manifest", "m.csv", "--model", "m.csv"], "the firmware refuses the model"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_line_and_exit_code_1(
    tmp_path, capsys, monkeypatch, arguments, said
):
    """No traceback."""
    write_sound(tmp_path / "a.wav", np.full(4800, 50.0))
    manifest(tmp_path, "file,label,class", "a.wav,negative,hum").rename(tmp_path / "m.csv")
    monkeypatch.chdir(tmp_path)
    assert 1 == run(monkeypatch, "evaluate", *arguments)
    error = capsys.readouterr().err
    assert said in error
    assert 1 == error.count("\n")


def test_a_recording_of_silence_is_named(tmp_path):
    """It has no level that could be set."""
    write_sound(tmp_path / "a.wav", np.zeros(4800))
    with pytest.raises(SignatureError, match=r"a\.wav: the sound is digital silence"):
        evaluate(Options(manifest(tmp_path, "file,label,class", "a.wav,negative,rev")))


@pytest.mark.timeout(60)
def test_the_figures_are_those_of_what_the_firmware_did(tmp_path):
    """A high whistle, labelled once rightly and once wrongly: counts by class and source, and one error."""
    write_sound(tmp_path / "whistle.wav", np.full(96000, 1900.0))
    lines = ["whistle.wav,positive,wrongly,there", "whistle.wav,negative,whistle,there"]
    figures = evaluate(Options(manifest(tmp_path, "file,label,class,source", *lines)))
    assert set(figures) >= KEYS
    assert (2, 0, 0) == (figures["n"], figures["true_positives"], figures["false_positives"])
    assert (None, 0.0, 0.5, 0.0) == tuple(
        figures[key] for key in ("precision", "recall", "auc", "false_triggers_per_hour")
    )
    assert {"positives": 1, "negatives": 1, "triggered": 0, "errors": 1}.items() <= (
        figures["by_source"]["there"].items()
    )
    assert ["whistle.wav"] == [error["file"] for error in figures["errors"]]
    assert {"nothing": 1} == figures["confusion"]["whistle"]
    assert set(json.loads(json.dumps(figures))) == set(figures)
