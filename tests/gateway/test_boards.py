"""Board files and the settings made of them: every shipped one is right, and every wrong one is named."""

import pytest

from gateway.boards import (
    BoardError,
    board_names,
    board_settings,
    code_hash,
    flashed_files,
    needed_bytes,
    read_board,
)

SENSOR = """
title = "A board"
kind = "sensor"
image = "somewhere"
[gpio]
highest = 20
reserved = [3]
ws_after_sck = true
[settings]
rate = 48000
bits = 24
decimate = 1
slots = 2
ibuf_bytes = 20000
[settings.pins]
i2s_id = 0
sck = 4
ws = 5
sd = 6
arm = 7
keep = 8
[settings.link]
port = "usb"
"""


@pytest.mark.parametrize("name", board_names())
def test_every_board_file_of_the_project_makes_settings_that_the_firmware_takes(name):
    """`read_board` runs the firmware's own check on them."""
    board = read_board(name)
    assert board_settings(board, "one")["kind"] == board.kind


def test_there_is_a_board_for_each_kind():
    """A sensor with much memory, one with little, and a camera."""
    assert {"esp32-s3-psram": "sensor", "pico-2": "sensor", "xiao-esp32s3-sense": "camera"}.items() <= {
        name: read_board(name).kind for name in board_names()
    }.items()


def test_no_clip_exists_until_somebody_decides_it():
    """A sensor that nobody configured observes."""
    assert board_settings(read_board("pico-2"), "one")["mode"] == "observe"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rate = 48000", "rate = 44100", "settings.rate: must be one of"),
        ("rate = 48000", "rte = 48000", "settings.rte: unknown key"),
        ("slots = 2", "", "settings.slots: missing"),
        ("slots = 2", "slots = 2.5", "settings.slots: must be int"),
        ("slots = 2", "slots = 2\nmode = 'evidence'", "settings.mode: a site decides this, not a board"),
        ("decimate = 1", "decimate = 3", "settings.bits: must be 16"),
        ("highest = 20", "highest = 200", "gpio.highest: "),
        ("highest = 20", "hihgest = 20", "gpio.highest: Field required"),
        ('kind = "sensor"', 'kind = "lamp"', "kind: Input should be 'sensor' or 'camera'"),
        ('title = "A board"', "", "title: Field required"),
        ("sck = 4", "sck = 3", "settings.pins.sck: GPIO 3 is used by the board itself"),
        ("sck = 4", "sck = 21", "settings.pins.sck: must be a GPIO from 0 to 20, not 21"),
        ("keep = 8", "keep = -1", "settings.pins.keep: must be a GPIO from 0 to 20, not -1"),
        ("keep = 8", "keep = 7", "settings.pins.keep: GPIO 7 is already pins.arm"),
        ("keep = 8", "", "settings.pins.keep: missing"),
        ("ws = 5", "ws = 9", "settings.pins.ws: must be 5, the pin after sck"),
        ('port = "usb"', 'port = "radio"', "settings.link: must be"),
        (
            'port = "usb"',
            'port = "uart"\nid = 1\nbaud = 300\ntx = 10\nrx = 11',
            "settings.link.baud: must be 9600 to 12000000, not 300",
        ),
        (
            'port = "usb"',
            'port = "uart"\nid = 1\nbaud = 921600\ntx = 4\nrx = 11',
            "settings.link.tx: GPIO 4 is already pins.sck",
        ),
        ("[gpio]", "[gpio", "cannot be read"),
    ],
)
def test_a_wrong_board_file_is_refused_with_its_key(tmp_path, old, new, words):
    """In one line that begins with the file's name."""
    assert old in SENSOR
    (tmp_path / "some.toml").write_text(SENSOR.replace(old, new, 1))
    with pytest.raises(BoardError) as refused:
        read_board("some", tmp_path)
    assert str(refused.value).startswith(f"some.toml: {words}")
    assert "\n" not in str(refused.value)


def test_a_board_that_is_not_there_is_told_from_those_that_are(tmp_path):
    """So that a typing error is seen."""
    (tmp_path / "some.toml").write_text(SENSOR)
    with pytest.raises(BoardError, match="no board 'sone'; there are: some"):
        read_board("sone", tmp_path)


def test_changes_replace_settings_and_only_the_pins_they_name(tmp_path):
    """The file's own settings stay as they are."""
    (tmp_path / "some.toml").write_text(SENSOR)
    board = read_board("some", tmp_path)
    changed = board_settings(board, "one", {"slots": 1, "pins": {"keep": 9}})
    assert (changed["slots"], changed["pins"]["keep"], changed["pins"]["arm"]) == (1, 9, 7)
    assert board_settings(board, "one")["pins"]["keep"] == 8


def test_a_type_of_microphone_brings_its_full_scale():
    """Unless that is given too: a converter behind a PDM microphone may have a gain."""
    board = read_board("pico-2")
    assert ("flat", 120.0) == named(board_settings(board, "one"))
    assert ("IM72D128", 130.0) == named(board_settings(board, "one", {"microphone": "IM72D128"}))
    changes = {"full_scale_db": 127.0, "microphone": "IM72D128"}
    assert ("IM72D128", 127.0) == named(board_settings(board, "one", changes))


def named(settings):
    """Return the type of microphone and the level of full scale."""
    return settings["microphone"], settings["full_scale_db"]


def test_a_microphone_that_nobody_knows_is_refused():
    """With those there are."""
    with pytest.raises(BoardError, match=r"microphone: must be one of \('flat', 'ICS-43434', "):
        board_settings(read_board("pico-2"), "one", {"microphone": "SPH0645"})


def test_a_pin_that_the_firmware_does_not_know_is_refused(tmp_path):
    """With the ones it knows."""
    (tmp_path / "some.toml").write_text(SENSOR)
    board = read_board("some", tmp_path)
    with pytest.raises(BoardError, match=r"pins\.lamp: unknown; possible here: arm, i2s_id, keep"):
        board_settings(board, "one", {"pins": {"lamp": 9}})


@pytest.mark.parametrize("name", ["", "Genk", "a b", "a" * 33, "straße", "../x"])
def test_an_id_that_could_not_be_a_file_name_is_refused(name):
    """It becomes part of every clip's name."""
    with pytest.raises(BoardError, match=r"id: .* will not do"):
        board_settings(read_board("pico-2"), name)


def test_memory_is_that_of_the_rings_and_of_the_work():
    """Ten seconds at 48 kHz and 24 bit are 1.44 MB; without evidence there is no ring."""
    board = read_board("esp32-s3-psram")
    four = needed_bytes(board_settings(board, "one", {"mode": "evidence"}))
    one = needed_bytes(board_settings(board, "one", {"mode": "evidence", "slots": 1}))
    none = needed_bytes(board_settings(board, "one"))
    assert four - one == 3 * (1_440_000 + 80 * 78)
    assert one - none == 1_440_000 + 80 * 78
    small = board_settings(read_board("pico-2"), "one", {"mode": "evidence"})
    assert needed_bytes(small) - needed_bytes({**small, "mode": "observe"}) == 320_000 + 80 * 78


def test_a_board_gets_its_own_kind_of_firmware_and_what_both_share():
    """main.py is that of its kind; nothing of the other kind is there."""
    board = read_board("pico-2")
    files = flashed_files("sensor", board_settings(board, "one"))
    assert {
        "main.py",
        "settings.json",
        "code.txt",
        "firmware/common/wire.py",
        "firmware/sensor/app.py",
    } <= set(files)
    assert not [path for path in files if "camera" in path or path.endswith("/main.py")]
    assert b"firmware.sensor" in files["main.py"]


def test_the_code_hash_changes_with_a_byte_and_with_a_name():
    """And with nothing else."""
    files = {"a.py": b"1", "b.py": b"2"}
    assert code_hash(files) == code_hash(dict(reversed(files.items())))
    assert (
        len({code_hash(files), code_hash({**files, "b.py": b"3"}), code_hash({"a.py": b"1", "c.py": b"2"})})
        == 3
    )
