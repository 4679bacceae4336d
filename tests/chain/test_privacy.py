"""Without a trigger nothing finer than third-octave levels at 125 ms is on the wire. Every byte is accounted for."""

import itertools
import json
import struct

import pytest
import serial

from firmware.common import wire
from gateway.virtual.board import random_serial
from gateway.virtual.boards import virtual_sensor
from tests.chain.cabinet import street

BANDS = 29
SECONDS = 30


def listen(board, sound):
    """Return every frame and every other byte that comes down the wire while a gateway holds a session."""
    reader = wire.FrameReader()
    found = []
    with serial.Serial(board.port, timeout=0) as port:
        port.write(wire.line("hello 1"))
        for number, block in enumerate(sound, start=1):
            words = (block.clip(-1, 1) * (2**31 - 1)).astype("<i4").tobytes()
            board.step(number * 25_000, {"i2s": words})
            found += reader.feed(port.read(65536))
            if number % 40 == 0:
                port.write(wire.line(f"clock {number}"))
    return found


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", ["observe", "dialogue", "evidence"])
def test_without_a_trigger_nothing_finer_than_third_octaves_at_125_ms_leaves_the_board(mode):
    """30 s of sound that gets loud but is no exhaust, with a gateway that asks for all it can."""
    with virtual_sensor("virtual-1", serial=random_serial(), mode=mode, signature_threshold=1.0) as board:
        found = listen(board, street(SECONDS, 10.0, loud_s=5.0))

    assert [] == [piece.data for piece in found if isinstance(piece, wire.Garbage)]
    kinds = [frame.kind for frame in found]
    assert {wire.HELLO, wire.FIGURES, wire.SECOND, wire.CLOCK} == set(kinds)
    figures = [frame.payload for frame in found if frame.kind == wire.FIGURES]
    heads = [struct.unpack_from(wire.FIGURES_HEAD, payload) for payload in figures]
    assert {wire.FIGURES_HEAD_BYTES + 2 * BANDS} == {len(payload) for payload in figures}
    assert {BANDS} == {head[-1] for head in heads}
    assert {6000} == {later[0] - earlier[0] for earlier, later in itertools.pairwise(heads)}
    assert len(figures) <= SECONDS * 8
    seconds = [json.loads(frame.payload) for frame in found if frame.kind == wire.SECOND]
    assert len(seconds) <= SECONDS
    levels = {"laeq", "lafmax", "lasmax", "lceq", "lzeq", "lcpeak"}
    shown = {"shown"} if mode == "dialogue" else set()
    allowed = shown | levels | {"flags", "score", "state", "n", "overruns", "dropped", "mem_free", "checks"}
    assert all(set(second) == allowed for second in seconds)
    assert all(isinstance(second["score"], float | int) for second in seconds)
    assert {12} == {len(frame.payload) for frame in found if frame.kind == wire.CLOCK}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", ["observe", "dialogue"])
def test_without_mode_evidence_a_trigger_makes_no_clip_and_raises_no_line(mode):
    """What would trigger gives no chunk, no KEEP, no ARM: the memory for a clip does not exist.

    In mode dialogue the display by the road goes on for four seconds, once, and that is counted.
    """
    with virtual_sensor("virtual-1", serial=random_serial(), mode=mode, signature_threshold=0.0) as board:
        edges = []
        step = board.step
        board.step = lambda *args: edges.extend(step(*args)) or []
        found = listen(board, street(20.0, 5.0))
        display = board.settings["pins"]["display"]
    shown = [edge for edge in edges if edge.pin == display]
    seconds = [json.loads(frame.payload) for frame in found if frame.kind == wire.SECOND]

    assert wire.CHUNK not in {frame.kind for frame in found if isinstance(frame, wire.Frame)}
    assert [] == [edge for edge in edges if edge.value and edge.pin != display]
    assert [edge.value for edge in shown] == ([1, 0] if mode == "dialogue" else [])
    assert seconds[-1].get("shown") == (1 if mode == "dialogue" else None)
    if mode == "dialogue":
        assert shown[1].at_us - shown[0].at_us == pytest.approx(4e6, abs=0.1e6)
        assert 5e6 < shown[0].at_us < 6.5e6
