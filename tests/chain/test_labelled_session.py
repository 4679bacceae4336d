"""A labelled session on a board: on level alone, while it is asked for, without pictures, and then forgotten."""

import json

import pytest
import serial

from firmware.common import wire
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import sensor_settings, virtual_sensor
from tests.chain.cabinet import street

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
BLOCKS_PER_SECOND = 40


class Listened:
    """What a board said and did while sound was played to it."""

    def __init__(self, board, sound, lines):
        """Play `sound`; say `lines` (second -> lines); `hello` and the clock are said as a gateway does."""
        reader = wire.FrameReader()
        self.found = []
        self.edges = []
        with serial.Serial(board.port, timeout=0) as port:
            port.write(wire.line("hello 1"))
            for number, block in enumerate(sound, start=1):
                words = (block.clip(-1, 1) * (2**31 - 1)).astype("<i4").tobytes()
                self.edges += [edge for edge in board.step(number * 25_000, {"i2s": words}) if edge.value]
                self.found += reader.feed(port.read(65536))
                if number % BLOCKS_PER_SECOND == 0:
                    port.write(wire.line(f"clock {number}"))
                    for line in lines.get(number // BLOCKS_PER_SECOND, ()):
                        port.write(wire.line(line))

    def said(self, kind):
        """Return the JSON of the frames of `kind`."""
        return [json.loads(frame.payload) for frame in self.frames(kind)]

    def frames(self, kind):
        """Return the frames of `kind`."""
        return [frame for frame in self.found if isinstance(frame, wire.Frame) and frame.kind == kind]

    @property
    def text(self):
        """Return what was printed."""
        return b"".join(piece.data for piece in self.found if isinstance(piece, wire.Garbage)).decode()

    @property
    def event(self):
        """Return the event part of the first clip."""
        return json.loads(self.frames(wire.CHUNK)[0].payload[wire.CHUNK_HEAD_BYTES :])


def sensor(**changes):
    """Return a board on which a signature decides that no sound here has."""
    return virtual_sensor("virtual-1", serial=random_serial(), **{"signature_threshold": 1.0, **changes})


def test_level_alone_makes_a_clip_that_says_what_it_is_and_no_picture():
    """Noise that has no signature of an exhaust: a clip that is `labelled`; ARM and KEEP stay low from then on."""
    arm = sensor_settings()["pins"]["arm"]
    with sensor() as board:
        heard = Listened(board, street(9.0, 5.0), {2: ["label on 20"]})
    seconds = {second["n"] // 48000: second.get("label_s") for second in heard.said(wire.SECOND)}

    assert heard.event["labelled"] is True
    assert heard.event["why"].startswith("a labelled session: LAFmax 9")
    assert [(edge.pin, edge.at_us < 3_000_000) for edge in heard.edges] == [(arm, True)]
    assert (seconds[1], seconds[2], seconds[3], seconds[8]) == (None, None, 20, 15)
    assert {hello.get("label_s") for hello in heard.said(wire.HELLO)} == {None, 20}


@pytest.mark.parametrize(
    ("lines", "loud_at"),
    [
        ({}, 2.0),
        ({1: ["label on 3"]}, 5.0),
        ({1: ["label on 20"], 3: ["label off"]}, 4.0),
        ({1: ["label on 21", "label on 0", "label on -1", "label on", "label up 9", "label on 1 1"]}, 4.0),
    ],
    ids=str,
)
def test_without_a_session_or_after_it_nothing_is_recorded_on_level_alone(lines, loud_at):
    """Not asked for, not asked for again, ended, or asked for in a way that makes no sense."""
    with sensor() as board:
        heard = Listened(board, street(loud_at + 2.0, loud_at), lines)

    assert heard.frames(wire.CHUNK) == []


def test_a_line_without_its_check_begins_nothing():
    """What a person may type, or a damaged line, is not enough."""
    with sensor() as board, serial.Serial(board.port, timeout=0) as port:
        port.write(b"hello 1\nlabel on 20\n")
        board.step(25_000, {"i2s": bytes(4800)})
        frames = wire.FrameReader().feed(port.read(65536))

    hellos = [json.loads(frame.payload) for frame in frames if frame.kind == wire.HELLO]
    assert hellos
    assert all("label_s" not in hello for hello in hellos)


@pytest.mark.parametrize("mode", ["observe", "dialogue"])
def test_in_a_mode_without_clips_there_is_no_session(mode):
    """The board says why; no chunk, no line rises."""
    with sensor(mode=mode) as board:
        heard = Listened(board, street(7.0, 4.0), {1: ["label on 20"]})

    assert f"no labelled session in mode {mode}" in heard.text
    assert all("label_s" not in hello for hello in heard.said(wire.HELLO))
    assert (heard.frames(wire.CHUNK), heard.edges) == ([], [])


def test_a_session_ends_after_an_hour_however_often_it_is_asked_for():
    """An hour of 4 s: asked for again every second, it is over all the same; after a pause another may begin."""
    lines = {second: ["label on 2"] for second in range(1, 8)} | {10: ["label on 20"]}
    path = "firmware/sensor/labelling.py"
    with sensor() as made:
        files = made.files()
    files[path] = files[path].replace(b"LONGEST_S = 3600", b"LONGEST_S = 4")
    with VirtualBoard(files, serial=random_serial()) as board:
        heard = Listened(board, street(12.0), lines)
    running = [second["n"] // 48000 for second in heard.said(wire.SECOND) if "label_s" in second]

    assert running == [2, 3, 4, 5, 11]


def test_a_clip_that_was_not_fetched_does_not_outlive_its_session():
    """Nobody acknowledges; the session ends in the middle of the clip; then the board records evidence again."""
    with sensor(slots=1, signature_threshold=0.0, hold_off_s=0.0) as board:
        first = Listened(board, street(15.0, 4.0), {1: ["label on 5"]})
        later = Listened(board, street(6.0, 4.0), {})
    sent = {frame.payload[:4] for frame in first.frames(wire.CHUNK)}

    assert first.event["labelled"] is True
    assert len(sent) == 1
    assert later.said(wire.HELLO)[0]["held"] == []
    assert "labelled" not in later.event
    assert first.frames(wire.LOST) == later.frames(wire.LOST) == []


def test_a_session_does_not_begin_in_the_middle_of_a_clip():
    """An offence is being recorded: it stays evidence, and the board says when to ask again."""
    with sensor(signature_threshold=0.0) as board:
        heard = Listened(board, street(8.0, 3.0), {5: ["label on 20"]})

    assert "a clip is being recorded: ask again when it is over" in heard.text
    assert "labelled" not in heard.event
    assert all("label_s" not in second for second in heard.said(wire.SECOND))
