"""`stalenstraat demo` as a user runs it: the built-in street, and recordings."""

import csv
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from firmware.sensor.trigger import weighed
from gateway.virtual.street.scenario import Scenario
from tests.chain.cabinet import ROOT, stalenstraat, verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SOUNDS = ROOT.parent / "shared" / "sounds" / "dev"
recordings = [
    pytest.mark.recordings,
    pytest.mark.skipif(not SOUNDS.is_dir(), reason="the recordings beside the project are not here"),
]


def demo(out: Path, *options: str) -> dict:
    """Run the demo as fast as it goes and return its report."""
    done = subprocess.run(
        [*stalenstraat(), "demo", "--fast", "--no-web", "--json", "--out", str(out), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def clip_of(kind: str) -> Path:
    """Return the first recording of a class."""
    with (SOUNDS / "manifest.csv").open() as file:
        return SOUNDS / next(row["file"] for row in csv.DictReader(file) if row["class"] == kind)


def test_the_built_in_street_gives_a_package_that_holds(tmp_path):
    """The demo of the README: an event with everything said of it, a package that verifies, no overrun."""
    report = demo(tmp_path)

    assert report["events"], "the street's loud motorcycle was not recognised"
    assert report["overruns"] == 0
    assert report["blocks"] >= 40 * 40
    assert 0.0 < report["trigger_delay_ms"] < 1000.0
    for event in report["events"]:
        assert event["missing"] == []
        assert event["level_lafmax_db"] > 82.0
        # As the trigger weighs it: the further over the threshold, the less of a signature it asks.
        assert 0.5 <= weighed(event["signature_score"], event["level_lafmax_db"] - 82.0) <= 1.0
        assert event["behaviour"]
        assert event["trigger_time"].endswith("Z")
        code, said = verify(Path(event["package"]))
        assert code == 0, said
        assert "holds  it comes from the boards that it names" in said


def test_a_second_demo_adds_to_the_first_ones_packages(tmp_path):
    """Event ids count on: nothing is overwritten."""
    first = demo(tmp_path)
    second = demo(tmp_path)

    packages = {event["package"] for report in (first, second) for event in report["events"]}
    assert len(packages) == len(first["events"]) + len(second["events"])
    assert packages == {str(path) for path in tmp_path.glob("*.zip")}


def test_sound_comes_from_a_named_pipe_as_well(tmp_path):
    """Raw floats at 48 kHz, as another program writes them; the demo ends with the pipe."""
    fifo = tmp_path / "microphone"
    os.mkfifo(fifo)

    def write():
        with fifo.open("wb") as file:
            for block in Scenario(1, 14.0):
                file.write(block[0].astype("<f4").tobytes())

    writer = threading.Thread(target=write)
    writer.start()
    report = demo(tmp_path / "out", "--sound", str(fifo))
    writer.join()

    assert len(report["events"]) == 1


class TestRecordings:
    """One recording each, at 92 dB(A)."""

    pytestmark = recordings

    @pytest.mark.parametrize("kind", ["sports_car_rev", "motorcycle_rev"])
    def test_a_loud_exhaust_gives_a_package(self, tmp_path, kind):
        """Exactly one event, sealed whole."""
        report = demo(tmp_path, "--sound", str(clip_of(kind)), "--level-dba", "92")

        assert [[]] == [event["missing"] for event in report["events"]]
        assert 91.0 < report["events"][0]["level_lafmax_db"] < 93.0

    @pytest.mark.parametrize(
        "name",
        ["siren/us8k_165166_siren_o0_s0.flac", "rain/blk_rain_0.flac", "speech/tux_speech_fr_1.flac"],
    )
    def test_what_is_no_exhaust_gives_none_however_loud(self, tmp_path, name):
        """The same level, and nothing is kept. One siren of seven is taken for an exhaust, see docs/signature.md."""
        report = demo(tmp_path, "--sound", str(SOUNDS / name), "--level-dba", "92")

        assert [] == report["events"]
        assert [] == list(tmp_path.glob("*.zip"))
