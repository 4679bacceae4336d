"""What goes wrong in a street: nothing crashes, nothing acknowledged is lost, and the message says what to do."""

import json
import subprocess

import numpy as np
import pytest

from gateway.virtual.board import random_serial
from gateway.virtual.boards import virtual_sensor
from gateway.virtual.world import Pace
from tests.chain.cabinet import (
    LEVEL_ALONE,
    boards,
    measurement,
    play,
    running_gateway,
    stalenstraat,
    street,
    unpack,
    verify,
    wait_for,
    world_of,
    write_site,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def flags(package):
    """Return the validity flags of a package."""
    return {flag["flag"]: flag["text"] for flag in measurement(package)["validity"]}


def test_a_camera_that_never_answers_gives_a_clip_that_is_incomplete_and_no_evidence(tmp_path):
    """The sound is kept, the package says what is missing, and verify says that it is no evidence."""
    with boards(camera=False) as (sensor, _):
        packages = play(tmp_path, sensor, None, street(30.0, 5.0), camera_wait_s=2.0)

    assert len(packages) == 1
    missing = measurement(packages[0])["missing"]
    assert any("picture" in what for what in missing), missing
    assert "picture.mkv" not in unpack(packages[0], tmp_path / "parts")
    code, said = verify(packages[0])
    assert code == 1
    assert "does not hold" in next(line for line in said.splitlines() if "complete as evidence" in line)


def test_a_camera_on_a_dead_port_is_the_same(tmp_path):
    """The configured camera is there but silent: after the waiting time the sound is sealed without it."""
    with boards() as (sensor, camera):
        camera.step = lambda *_: []
        camera.pump = lambda: None
        packages = play(tmp_path, sensor, camera, street(30.0, 5.0), camera_wait_s=5.0)

    assert len(packages) == 1
    assert any("picture" in what for what in measurement(packages[0])["missing"])


def test_a_board_that_resets_in_the_middle_of_a_clip_leaves_an_incomplete_one_and_goes_on(tmp_path):
    """The half that arrived is sealed as incomplete; the clip after the reset is whole and has its own id."""
    cut = []

    def during(world, gateway):
        transfers = gateway.status()["boards"][0]["transfers"]
        if not cut and world.now_ns() > 8e9 and any(part["received"] > 100_000 for part in transfers):
            cut.append(True)
            original = sensor.step

            def step(*args):
                sensor.step = original
                sensor.power_cycle()
                return original(*args)

            sensor.step = step

    def sound():
        yield from street(12.0, 5.0)
        yield from street(22.0, 8.0)

    with boards() as (sensor, camera):
        packages = play(tmp_path, sensor, camera, sound(), camera_wait_s=15.0, during=during)

    assert ["virtual-1-1-1.zip", "virtual-1-2-1.zip"] == [path.name for path in packages]
    broken, whole = (measurement(path)["missing"] for path in packages)
    assert any("sound" in what for what in broken), broken
    assert [] == whole
    assert verify(packages[0])[0] == 1
    assert verify(packages[1])[0] == 0


@pytest.mark.parametrize(
    ("name", "block", "flag"),
    [
        ("all zero", lambda _source: np.zeros((1, 1200)), "microphone"),
        ("clipped", lambda source: np.sign(source.normal(size=(1, 1200))), "microphone"),
        ("one value for ever", lambda _source: np.full((1, 1200), 0.25), "microphone"),
    ],
)
def test_impossible_sound_is_flagged_and_crashes_nothing(tmp_path, name, block, flag):
    """The self-check names the microphone; levels stay finite; the gateway goes on."""
    source = np.random.default_rng(1)
    seen = []

    def during(_world, gateway):
        board = gateway.status()["boards"][0]
        if board["checks"]:
            seen.append(board["checks"])

    with boards(camera=False, signature_threshold=1.0) as (sensor, _):
        play(tmp_path, sensor, None, (block(source) for _ in range(160)), during=during)
        assert sensor.faults == 0, name

    assert seen
    assert flag in seen[-1]


def test_two_boards_with_the_same_id_do_no_harm(tmp_path):
    """The second one is refused with a message that says what to do; the first one's clip arrives."""
    with (
        virtual_sensor("virtual-1", serial=random_serial(), **LEVEL_ALONE) as first,
        virtual_sensor("virtual-1", serial=random_serial(), **LEVEL_ALONE) as second,
    ):
        site = write_site(tmp_path, first.port, None, camera_wait_s=1.0)
        site.write_text(site.read_text() + f'[[sensors]]\nid = "virtual-2"\nport = "{second.port}"\n')
        worlds = [world_of(board, None, street(12.0, 4.0), pace=Pace.REAL) for board in (first, second)]
        for world in worlds:
            world.start()
        try:
            with running_gateway(site):
                packages = wait_for("a package", lambda: list((tmp_path / "city").glob("*.zip")), 40)
        finally:
            for world in worlds:
                world.stop()

    log = (tmp_path / "gateway.log").read_text()
    assert ["virtual-1-1-1.zip"] == [path.name for path in packages]
    assert "virtual-1" in log
    assert "flash.py" in log


@pytest.mark.parametrize("content", [b"this is no sound at all", b""])
def test_a_file_that_is_no_sound_is_refused_in_one_line(tmp_path, content):
    """`demo --sound` names the file, says why, and leaves with 1."""
    path = tmp_path / "notes.wav"
    path.write_bytes(content)
    done = subprocess.run(
        [*stalenstraat(), "demo", "--fast", "--no-web", "--sound", str(path), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "notes.wav" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("[store]\npath", "[store]\nretention_days = 31\npath"),
        ("[limits]", "[limits]\ncolour = 1"),
        ("camera_wait_s = 60.0", 'camera_wait_s = "long"'),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line(tmp_path, change, message):
    """`run` names file and key and leaves with 1, without a traceback."""
    site = write_site(tmp_path, "/dev/null", None)
    site.write_text(site.read_text().replace(change, message))
    done = subprocess.run(
        [*stalenstraat(), "run", "--config", str(site)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 1
    assert "site.toml" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_noisy_line_costs_nothing_but_time(tmp_path):
    """Garbage before and between frames and flipped bits on the way: the clip still arrives whole."""
    source = np.random.default_rng(3)

    with boards() as (sensor, camera):
        send = sensor._port.send

        def noisy(data):
            if data and source.random() < 0.03:
                spoiled = bytearray(data)
                spoiled[source.integers(len(spoiled))] ^= 1 << source.integers(8)
                data = bytes(source.integers(0, 256, 20, dtype=np.uint8)) + bytes(spoiled)
            send(data)

        sensor._port.send = noisy
        packages = play(tmp_path, sensor, camera, street(25.0, 5.0))

    assert len(packages) == 1
    assert [] == measurement(packages[0])["missing"]
    assert verify(packages[0])[0] == 0
    assert json.loads(json.dumps(flags(packages[0])))
