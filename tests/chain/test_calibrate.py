"""`stalenstraat calibrate` on a virtual board with a simulated calibrator: the command as it is typed, in fast time."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import pytest

from gateway.calibrate import command, procedure
from gateway.cli import app
from gateway.errors import CalibrationRefused, PortBusy, StoreError
from gateway.link.port import SerialPort
from gateway.store.store import Store
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
from gateway.virtual.calibrator import Calibrator
from gateway.virtual.i2s import Samples
from gateway.virtual.scene import Scene
from gateway.virtual.world import Pace, World
from tests.chain.cabinet import boards, measurement, play, street, write_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    """Ports of this test alone, and a clock that goes a minute from one calibration to the next."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))
    minutes = count()
    start = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(procedure, "now", lambda: start + timedelta(minutes=next(minutes)))


@pytest.fixture
def sensor() -> Iterator[VirtualBoard]:
    """A board that was never calibrated and has no memory for clips."""
    with virtual_sensor("virtual-1", serial=random_serial(), mode="observe") as board:
        yield board


@contextmanager
def on_the_microphone(board: VirtualBoard, calibrator: Iterable[Samples]) -> Iterator[None]:
    """Push `calibrator` on the microphone of `board`, in fast time."""
    world = World(sensor=board, sound=calibrator, pace=Pace.FAST)
    world.start()
    try:
        yield
    finally:
        world.stop()


def typed(board: VirtualBoard, *options: str, level: str = "94", frequency: str = "1000") -> int:
    """Type the command; return its exit code. Raises what `stalenstraat` would print as one line."""
    words = ["calibrate", "--board", board.port, "--level", level, "--frequency", frequency, *options]
    return app(words, result_action="return_value")


def calibrated(board: VirtualBoard, calibrator: Iterable[Samples], *options: str, **tone: str) -> int:
    """Type the command with `calibrator` on the microphone."""
    with on_the_microphone(board, calibrator):
        return typed(board, *options, **tone)


def kept(board: VirtualBoard) -> dict[str, Any]:
    """Return what calibration.json on the board says; {} without one."""
    return json.loads(board.files().get("calibration.json", b"{}"))


def test_a_microphone_that_reads_too_high_is_set_right(sensor, capsys):
    """Measured, stored with everything that was said, measured again; it holds after a restart of the board."""
    code = calibrated(
        sensor,
        Calibrator(sensitivity_db=0.87, on_s=3.0),
        "--calibrator",
        "Brüel & Kjær 4231, no. 2594800",
        "--certificate-date",
        "2026-03-01",
    )
    said = capsys.readouterr().out
    record = kept(sensor)["calibration"]
    sensor.power_cycle()
    again = calibrated(sensor, Calibrator(sensitivity_db=0.87), "--check", "--json")
    check = json.loads(capsys.readouterr().out)

    assert code == again == 0
    assert "reads 94.87 dB" in said
    assert "offset +0.00 dB -> -0.87 dB; now it reads 94.00 dB" in said
    assert record["offset_db"] == pytest.approx(-0.87, abs=0.02)
    assert record["calibrator"] == "Brüel & Kjær 4231, no. 2594800"
    assert record["certificate"] == "2026-03-01"
    assert check["before_db"] == pytest.approx(94.0, abs=0.02)


def test_a_calibrator_of_250_hz_and_114_db_gives_the_same_offset(sensor):
    """What A and C weighting do at 250 Hz is taken into account."""
    calibrated(sensor, Calibrator(114.0, 250.0, sensitivity_db=-1.5), level="114", frequency="250")

    assert kept(sensor)["calibration"]["offset_db"] == pytest.approx(1.5, abs=0.03)


@pytest.mark.parametrize(
    ("calibrator", "level", "why"),
    [
        (
            Calibrator(frequency_hz=250.0),
            "94",
            "a steady tone in the band of 251 Hz is heard, not one of 1000 Hz",
        ),
        (Calibrator(frequency_hz=1090.0), "94", "in the band of 1000 Hz but not at it"),
        (Calibrator(114.0), "94", "reads 114.0 dB .* is the calibrator at 114 dB"),
        (Calibrator(84.0), "94", "reads 84.0 dB .* is it pushed on to its stop"),
    ],
)
def test_another_tone_than_was_said_is_refused_at_once(sensor, calibrator, level, why):
    """Frequency or level: the line says what was found; the board stays as it was."""
    with pytest.raises(CalibrationRefused, match=why):
        calibrated(sensor, calibrator, level=level)
    assert kept(sensor) == {}


@pytest.mark.parametrize(
    ("calibrator", "why"),
    [
        (Calibrator(talk_db=78.0), "talk or another sound beside the tone"),
        (Calibrator(wind_db=78.0), "wind or rumble beside the tone"),
        (Calibrator(unsteady_db=0.4), "the level moves by 0.40 dB within 5 s"),
        (Calibrator(on_s=1e6), "no tone of 1000 Hz is heard"),
    ],
)
def test_a_tone_that_does_not_become_steady_and_clean_is_refused_in_the_end(
    sensor, calibrator, why, monkeypatch
):
    """Seven seconds instead of a minute; the reason is the newest one; the board stays as it was."""
    monkeypatch.setattr("gateway.calibrate.procedure.PATIENCE_S", 7.0)
    with pytest.raises(CalibrationRefused, match=f"no steady tone within 7 s: .*{why}"):
        calibrated(sensor, calibrator)
    assert kept(sensor) == {}


def test_a_tone_that_stops_before_it_was_measured_again_is_said(sensor, monkeypatch):
    """The offset is on the board then, and the line says so: only a second measurement proves it."""
    monkeypatch.setattr("gateway.calibrate.procedure.PATIENCE_S", 7.0)
    with pytest.raises(
        CalibrationRefused, match=r"on the board but was not seen to be right: .* calibrate again"
    ):
        calibrated(sensor, islice(Calibrator(sensitivity_db=0.3), 7 * 40))
    assert kept(sensor)["calibration"]["offset_db"] == pytest.approx(-0.3, abs=0.02)


def test_drift_between_two_calibrations_is_said_and_kept(sensor, tmp_path, capsys):
    """The second one finds 0.7 dB: exit code 2, on the board, in the history, and in what is printed."""
    config = write_site(tmp_path, sensor.port, None)
    first = calibrated(sensor, Calibrator(sensitivity_db=0.2), "--config", str(config))
    second = calibrated(sensor, Calibrator(sensitivity_db=-0.5), "--config", str(config))
    said = capsys.readouterr().out
    app(["calibrate", "history", "--config", str(config), "--json"], result_action="return_value")
    history = json.loads(capsys.readouterr().out)
    app(["calibrate", "history", "--config", str(config)], result_action="return_value")

    assert (first, second) == (0, 2)
    assert "+0.70 dB" in said
    assert kept(sensor)["calibration"]["drift_db"] == pytest.approx(0.7, abs=0.02)
    assert [each["offset_db"] for each in history] == [
        pytest.approx(-0.2, abs=0.02),
        pytest.approx(0.5, abs=0.02),
    ]
    listed = capsys.readouterr().out.splitlines()
    assert ["drift" in line for line in listed] == [False, True]
    assert "94 dB at 1000 Hz read 93.30  offset +0.50  drift +0.70" in listed[1]


def test_a_check_changes_nothing_but_is_kept(sensor):
    """Before and after a campaign: the deviation is noted beside the calibration, levels stay as they were."""
    calibrated(sensor, Calibrator(sensitivity_db=0.2))
    before = kept(sensor)["calibration"]
    code = calibrated(sensor, Calibrator(sensitivity_db=0.5), "--check")
    after = kept(sensor)

    assert code == 0
    assert after["calibration"] == before
    assert after["check"]["kind"] == "check"
    assert after["check"]["deviation_db"] == pytest.approx(0.3, abs=0.02)
    assert after["check"]["offset_db"] == pytest.approx(before["offset_db"])


def test_a_port_that_the_gateway_holds_is_said_with_the_cure(sensor):
    """Nothing is written to a board that somebody else speaks with."""

    async def busy() -> None:
        port = SerialPort(sensor.port)
        try:
            with pytest.raises(PortBusy, match="running gateway, stop it, calibrate, and start it again"):
                await asyncio.to_thread(typed, sensor)
        finally:
            port.close()

    asyncio.run(busy())


def test_a_camera_has_no_microphone():
    """The wrong port is named as such."""
    with virtual_camera("virtual-1-cam", serial=random_serial()) as camera:
        world = World(camera=camera, scene=Scene([]), pace=Pace.FAST)
        world.start()
        try:
            with pytest.raises(CalibrationRefused, match='"virtual-1-cam" is a camera'):
                typed(camera)
        finally:
            world.stop()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"level": "9.4"}, "--level 9.4: no calibrator has it"),
        ({"frequency": "8000"}, "between 100 and 2000 Hz"),
        ({"options": ("--certificate-date", "last spring")}, "no date"),
        ({"options": ("--calibrator", "x" * 65)}, "at most 64"),
        ({"options": ("--calibrator", "校" * 30)}, "at most 64, fewer in other scripts"),
    ],
)
def test_what_cannot_be_is_refused_before_a_port_is_opened(options, why, tmp_path):
    """The option is named."""
    words = options.pop("options", ())
    with pytest.raises(CalibrationRefused, match=why):
        command.run_calibrate(
            command.Options(
                str(tmp_path / "no-port"),
                float(options.get("level", 94)),
                float(options.get("frequency", 1000)),
                **{words[0].removeprefix("--").replace("-", "_"): words[1]} if words else {},
            )
        )


def test_a_board_that_is_not_of_the_site_is_not_put_in_its_history(sensor, tmp_path):
    """Another board than the configuration knows: refused before anything is measured."""
    config = write_site(tmp_path, sensor.port, None)
    config.write_text(config.read_text().replace('id = "virtual-1"', 'id = "genk-1"'))
    with pytest.raises(CalibrationRefused, match='is "virtual-1", which is no sensor of'):
        calibrated(sensor, Calibrator(), "--config", str(config))
    assert kept(sensor) == {}


def test_a_history_that_a_running_gateway_holds_is_said_so(tmp_path):
    """One program at a time has the store."""
    config = write_site(tmp_path, "no-port", None)
    store = Store(tmp_path / "store")
    try:
        with pytest.raises(StoreError, match="in use by another gateway"):
            app(["calibrate", "history", "--config", str(config)], result_action="return_value")
    finally:
        store.close()


def test_a_clip_after_a_calibration_says_so_and_the_gateway_knows_it(tmp_path):
    """Calibrated without the gateway; it reads the record from the board, keeps it, and every clip carries it.

    With the weather of that moment, from the file that the configuration names.
    """
    windy = {"time": datetime.now(UTC).isoformat(), "wind_m_s": 7.5, "rain_mm_h": 0.0}
    (tmp_path / "weather.json").write_text(json.dumps(windy))
    with boards(camera=False, slots=1) as (sensor, _):
        calibrated(sensor, Calibrator(sensitivity_db=0.87), "--calibrator", "of the city")
        record = kept(sensor)["calibration"]
        sensor.power_cycle()
        more = '[weather]\nfile = "weather.json"'
        packages = play(tmp_path, sensor, None, street(14.0, 5.0), more=more)
    values = measurement(packages[0])
    store = Store(tmp_path / "store")
    known = store.calibrations.all("virtual-1")
    store.close()
    flags = {flag["flag"] for flag in values["validity"]}

    assert values["calibration"]["state"] == "calibrated"
    assert values["calibration"]["calibration_db"] == pytest.approx(-0.87, abs=0.02)
    assert values["calibration"]["record"]["time"] == record["time"]
    assert values["calibration"]["age_days"] == pytest.approx(1 / 24, abs=0.01)
    assert values["calibration"]["self_check_passed"] is not None
    assert not flags & {
        "never_calibrated",
        "calibration_expired",
        "electronic_check_overdue",
        "weather_unknown",
    }
    assert "wind" in flags
    assert values["weather"]["wind_m_s"] == 7.5
    assert [(each.uid, each.record.calibrator) for each in known] == [(sensor.serial, "of the city")]


def test_a_damaged_calibration_is_mended_by_a_new_one():
    """The board starts without it; calibrating again writes a whole file."""
    with virtual_sensor("virtual-1", serial=random_serial(), mode="observe") as made:
        files = {**made.files(), "calibration.json": b'{"calibration": {"kind'}
    with VirtualBoard(files, serial=random_serial()) as board:
        code = calibrated(board, Calibrator(sensitivity_db=0.3), "--json")

        assert code == 0
        assert kept(board)["calibration"]["offset_db"] == pytest.approx(-0.3, abs=0.02)
