"""flash.py on virtual boards, through mpremote. Always the webassembly interpreter: it is the one with a prompt."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import serial

from gateway import board_key
from gateway.boards import board_settings, flashed_files, needed_bytes, read_board
from gateway.link import prompt
from gateway.virtual.board import BoardState, VirtualBoard
from gateway.virtual.interpreter import WASM, WASM_WITHOUT_ULAB
from gateway.virtual.serial_end import SerialEnd
from gateway.virtual.world import World

ROOT = Path(__file__).parents[2]
SERIAL = "3485187b35a40c0d"
PORT = f"id:{SERIAL}"
SENSOR = ("--board", "esp32-s3-psram", "--port", PORT)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


class Nothing:
    """What a camera sees in the dark."""

    def jpeg(self, _t_s: float) -> bytes:
        """Return the two markers of an empty JPEG."""
        return b"\xff\xd8\xff\xd9"


@contextmanager
def powered(board: VirtualBoard, *, camera: bool = False) -> Iterator[World]:
    """Let `board` live in real time."""
    world = World(camera=board, scene=Nothing()) if camera else World(sensor=board)
    with board:
        world.start()
        yield world
        world.stop()


def files_of(world: World) -> dict[str, bytes]:
    """Return what is on the only board of `world`, which goes on living."""
    found: dict[str, bytes] = {}
    world.between_events(lambda: found.update(world._boards[0].files()))
    return found


def flash(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run flash.py as a technician does."""
    command = [sys.executable, "flash.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def flash_module() -> ModuleType:
    """Return flash.py as a module, to shorten its patience."""
    spec = importlib.util.spec_from_file_location("flash", ROOT / "flash.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flashed(kind: str = "esp32-s3-psram", **changes: object) -> dict[str, bytes]:
    """Return the files that flash.py leaves on a board."""
    board = read_board(kind)
    return flashed_files(board.kind, board_settings(board, "there", changes))


def test_an_empty_board_gets_the_firmware_and_the_second_run_copies_nothing():
    """All files, byte for byte; the hello names the code's hash, the versions and the free memory, both times."""
    with powered(VirtualBoard({}, serial=SERIAL, program=WASM)) as world:
        done = flash(*SENSOR, "--id", "genk-1", "--set", "threshold_dba=77.5")
        found = files_of(world)
        again = flash(*SENSOR)
    assert (done.stderr, done.returncode) == ("", 0)
    board = read_board("esp32-s3-psram")
    expected = flashed_files("sensor", board_settings(board, "genk-1", {"threshold_dba": 77.5}))
    assert {path: found[path] for path in expected} == expected
    proof = f"genk-1 runs: code {expected['code.txt'].decode()}, MicroPython 1.29.0, ulab 6.12"
    assert done.stdout.splitlines()[-1].startswith(proof)
    assert done.stdout.endswith(" bytes free\n")
    assert again.returncode == 0
    assert again.stdout.splitlines()[0] == "nothing to copy: every file is already there"
    assert again.stdout.splitlines()[1].startswith(proof)


def test_only_what_differs_is_copied_and_what_is_old_is_removed():
    """One changed file, one file of an older firmware; the technician's own file stays."""
    files = {
        **flashed(),
        "firmware/common/wire.py": b"# old",
        "firmware/sensor/gone.py": b"",
        "notes.txt": b"mine",
    }
    with powered(VirtualBoard(files, serial=SERIAL, program=WASM)) as world:
        done = flash(*SENSOR)
        found = files_of(world)
    assert done.returncode == 0
    marked = [line.split()[0:2] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert marked == [["-", "firmware/sensor/gone.py"], ["+", "firmware/common/wire.py,"]]
    assert "firmware/sensor/gone.py" not in found
    assert found["notes.txt"] == b"mine"


def test_what_the_site_decided_stays_on_the_board():
    """Id, threshold and hold-off survive a new flash; --set changes one; --forget starts anew."""
    with powered(
        VirtualBoard(flashed(threshold_dba=71.0, hold_off_s=7.0), serial=SERIAL, program=WASM)
    ) as world:

        def settings() -> dict[str, object]:
            found: dict[str, object] = {}
            world.between_events(lambda: found.update(world._boards[0].settings))
            return found

        assert flash(*SENSOR, "--set", "threshold_dba=75").returncode == 0
        kept = settings()
        assert flash(*SENSOR, "--forget").returncode == 0
        anew = settings()
    assert (kept["id"], kept["threshold_dba"], kept["hold_off_s"]) == ("there", 75, 7)
    assert (anew["id"], anew["threshold_dba"], anew["hold_off_s"]) == ("sensor-0c0d", 80, 10)


@pytest.mark.parametrize(
    ("given", "full_scale_db"),
    [
        ([], 121.0),
        (["microphone=IM72D128"], 130.0),
        (["microphone=IM72D128", "full_scale_db=127"], 127.0),
        (["microphone=flat"], 120.0),
    ],
)
def test_another_microphone_brings_its_full_scale(given, full_scale_db):
    """What the board has of the one before is not kept; what the technician gives counts."""
    board = read_board("pico-2")
    there = board_settings(board, "genk-1", {"microphone": "INMP441", "full_scale_db": 121.0})
    options = SimpleNamespace(id=None, set=given, forget=False)
    settings = flash_module().settings_for(board, SimpleNamespace(settings=there, uid="01"), options)
    assert settings["full_scale_db"] == full_scale_db


def test_the_calibration_of_the_microphone_stays_on_the_board():
    """Byte for byte, through a new firmware and through --forget: it belongs to the hardware, not to the site."""
    record = {"kind": "calibration", "time": "2026-03-01T12:00:00Z", "offset_db": -0.7}
    calibration = json.dumps({"calibration": record, "check": None}).encode()
    files = {**flashed(), "firmware/common/wire.py": b"# old", "calibration.json": calibration}
    with powered(VirtualBoard(files, serial=SERIAL, program=WASM)) as world:
        done = flash(*SENSOR, "--forget")
        found = files_of(world)
    assert done.returncode == 0
    assert found["calibration.json"] == calibration
    assert "calibration.json" not in done.stdout


def test_the_models_of_the_city_stay_on_the_board_and_one_that_cannot_be_used_is_said():
    """Byte for byte, through a new firmware, which uses its own: the one here was made for other features."""
    values = json.loads((ROOT / "firmware/sensor/signature.json").read_text())
    models = {
        "model.json": json.dumps({**values, "features": 9999}).encode(),
        "model.old.json": json.dumps(values).encode(),
    }
    files = {**flashed(), "firmware/common/wire.py": b"# old", **models}
    with powered(VirtualBoard(files, serial=SERIAL, program=WASM)) as world:
        done = flash(*SENSOR)
        found = files_of(world)
    assert done.returncode == 0
    assert {name: found[name] for name in models} == models
    assert "the board's self-check: model: model.json: made for feature set 9999" in done.stdout


def test_a_camera_module_is_flashed_and_runs():
    """It needs no ulab; its hello names its own code."""
    with powered(VirtualBoard({}, serial=SERIAL, program=WASM_WITHOUT_ULAB), camera=True):
        done = flash("--board", "xiao-esp32s3-sense", "--port", PORT, "--id", "cam-1")
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines()[-1].startswith("cam-1 runs: code ")
    assert ", ulab none, " in done.stdout


def test_a_dry_run_changes_nothing_and_lets_the_board_go_on():
    """It says what it would do."""
    files = {**flashed(), "main.py": flashed()["main.py"] + b"# changed\n"}
    with powered(VirtualBoard(files, serial=SERIAL, program=WASM)) as world:
        done = flash(*SENSOR, "--dry-run")
        found = files_of(world)
        state = world._boards[0].state
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("  ")] == [
        f"  + main.py, {len(files['main.py']) - 10} bytes"
    ]
    assert found["main.py"] == files["main.py"]
    assert state is BoardState.RUNNING


def test_a_key_is_made_with_the_board_proved_kept_and_never_printed(tmp_path):
    """In a file for its owner alone before it is on the board; HELLO proves it; flashed again, the board keeps it."""
    path = tmp_path / "keys" / "genk-1.key"
    with powered(VirtualBoard(flashed(), serial=SERIAL, program=WASM)) as world:
        rehearsed = flash(*SENSOR, "--key", str(path), "--dry-run")
        assert not path.exists()
        made = flash(*SENSOR, "--key", str(path))
        key = board_key.read(path).hex()
        again = flash(*SENSOR, "--set", "threshold_dba=75")
        settings = json.loads(files_of(world)["settings.json"])
    runs = [rehearsed, made, again]
    assert [(done.stderr, done.returncode) for done in runs] == [("", 0)] * 3
    assert (settings["key"], settings["threshold_dba"]) == (key, 75)
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.stdout.splitlines()[-1].startswith(f"there proved that it has the key in {path}")
    assert not any(key in done.stdout for done in runs)


def test_a_board_that_does_not_prove_its_key_is_not_said_to_run(tmp_path, monkeypatch, capsys):
    """What answers runs the right code and has another key: a second device on the line, say."""
    module = flash_module()
    monkeypatch.setattr(module, "HELLO_S", 1.5)
    monkeypatch.setattr(module, "_key", lambda *_, **__: bytes(32))
    right = module.wait_for_hello
    monkeypatch.setattr(module, "wait_for_hello", lambda spec, code, _: right(spec, code, b"another key"))
    with powered(VirtualBoard(flashed(), serial=SERIAL, program=WASM)):
        assert module.main([*SENSOR, "--key", str(tmp_path / "there.key")]) == 8
    assert "the board answers, but does not prove that it has its key" in capsys.readouterr().err


def test_boards_and_ports_are_listed():
    """By the names and serial numbers that --board and --port take."""
    with VirtualBoard({}, serial=SERIAL, program=WASM) as board:
        done = flash("--list")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["pico-2", "sensor", "Raspberry", "Pi", "Pico", "2"] in lines
    assert [PORT, board.port, "virtual", "board"] in lines


@pytest.mark.parametrize("spec", ["id:00ff", "/dev/no-such-port", str(ROOT / "flash.py")])
def test_no_such_port_is_exit_code_3(spec):
    """One line that names what was asked for."""
    done = flash("--board", "pico-2", "--port", spec)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert spec.removeprefix("id:") in done.stderr


def test_a_port_in_use_is_exit_code_4():
    """The gateway has it, say."""
    with powered(VirtualBoard({}, serial=SERIAL, program=WASM)) as world:
        port = world._boards[0].port
        with serial.Serial(port, exclusive=True):
            done = flash(*SENSOR)
    assert done.returncode == 4
    assert done.stderr == (
        f"flash.py: {port}: cannot be opened; close the program that uses it (the gateway, say), "
        "or add this user to the group of the port (often dialout)\n"
    )


def test_no_micropython_is_exit_code_5(monkeypatch, capsys):
    """A port behind which nothing answers."""
    monkeypatch.setattr(prompt, "PROMPT_S", 0.3)
    end = SerialEnd(SERIAL)
    try:
        assert flash_module().main(["--board", "pico-2", "--port", PORT]) == 5
    finally:
        end.close()
    assert "no MicroPython answers Ctrl-C" in capsys.readouterr().err


def test_no_ulab_is_exit_code_6_and_says_where_an_image_is():
    """For a sensor board, before anything is copied."""
    with powered(VirtualBoard({}, serial=SERIAL, program=WASM_WITHOUT_ULAB)) as world:
        done = flash("--board", "pico-2", "--port", PORT)
        found = files_of(world)
    assert (done.returncode, found) == (6, {})
    assert "without ulab" in done.stderr
    assert "github.com/v923z/micropython-builder/releases" in done.stderr


def test_too_little_memory_is_exit_code_7_and_says_how_much():
    """Four rings do not fit into one megabyte."""
    with powered(VirtualBoard({}, serial=SERIAL, program=WASM, heap_bytes=1 << 20)):
        done = flash(*SENSOR, "--set", "mode=evidence")
    assert done.returncode == 7
    needed = needed_bytes(board_settings(read_board("esp32-s3-psram"), "one", {"mode": "evidence"}))
    assert f"these settings need {needed} bytes and " in done.stderr
    assert "fewer slots" in done.stderr


def test_a_missing_hello_is_exit_code_8(monkeypatch, capsys):
    """The firmware runs, but its link is another port."""
    module = flash_module()
    monkeypatch.setattr(module, "HELLO_S", 1.5)
    link = {"port": "uart", "id": 1, "baud": 921600, "tx": 17, "rx": 18}
    with powered(VirtualBoard(flashed(), serial=SERIAL, program=WASM)):
        assert module.main([*SENSOR, "--set", f"link={json.dumps(link)}"]) == 8
    assert "no hello within 2 s after the reset" in capsys.readouterr().err


def test_a_firmware_that_fails_says_its_last_words(monkeypatch, capsys):
    """The board's own error is in the line."""
    module = flash_module()
    monkeypatch.setattr(module, "HELLO_S", 1.5)
    broken = {**flashed(), "main.py": b"raise ValueError('the sd wire')\n"}
    monkeypatch.setattr(module, "flashed_files", lambda *_: broken)
    with powered(VirtualBoard(broken, serial=SERIAL, program=WASM)):
        assert module.main([*SENSOR]) == 8
    assert "it last said: ValueError: the sd wire" in capsys.readouterr().err


def test_a_board_that_is_unplugged_while_copying_is_exit_code_9_and_unfinished():
    """The hash over all files, written last, is not there: the next run sees it."""
    with powered(VirtualBoard(flashed(), serial=SERIAL, program=WASM)) as world:
        board = world._boards[0]

        def age() -> None:
            board._interpreter.write_files({path: b"# old\n" for path in flashed() if path.endswith(".py")})
            board._interpreter.write_files({"code.txt": b"0123456789abcdef"})

        world.between_events(age)
        command = [sys.executable, "-u", "flash.py", *SENSOR]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            assert run.stderr is not None
            while "+ main.py" not in run.stdout.readline():
                pass
            while "code.txt" in files_of(world):
                pass
            world.between_events(lambda: board.power_cycle(unplug=True))
            said = run.stderr.read()
            assert run.wait(30) == 9
        found = files_of(world)
    assert len(said.splitlines()) == 1
    assert "code.txt" not in found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--board", "pico-3", "--port", PORT), "no board 'pico-3'; there are: esp32-s3-psram, pico-2"),
        ((*SENSOR, "--set", "treshold_dba=80"), "treshold_dba: unknown key"),
        ((*SENSOR, "--set", "threshold_dba=loud"), "threshold_dba: must be"),
        ((*SENSOR, "--set", "pins.sck=35"), "pins.sck: GPIO 35 is used by the board itself"),
        ((*SENSOR, "--set", "mode"), "--set mode: write KEY=VALUE"),
        ((*SENSOR, "--id", "Genk 1"), "id: 'Genk 1' will not do"),
        (
            (*SENSOR, "--set", "key=" + "ab" * 32),
            "--set key: others can read a command line; write --key FILE",
        ),
        ((*SENSOR, "--key", str(ROOT / "flash.py")), "others may read it"),
    ],
)
def test_wrong_settings_are_exit_code_2(arguments, words):
    """Before anything is copied, in one line that names the key."""
    files = {"main.py": b"def step(): pass\n"}
    with powered(VirtualBoard(files, serial=SERIAL, program=WASM)) as world:
        done = flash(*arguments)
        found = files_of(world)
    assert (done.returncode, found) == (2, files)
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_code_hash_is_the_one_over_paths_and_contents():
    """Sixteen hex digits of SHA-256; settings and the hash itself do not count."""
    files = flashed()
    digest = hashlib.sha256()
    for path in sorted(files):
        if path not in ("code.txt", "settings.json"):
            digest.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    assert files["code.txt"].decode() == digest.hexdigest()[:16]
    assert flashed(threshold_dba=70.0)["code.txt"] == files["code.txt"]
