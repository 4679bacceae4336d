"""`stalenstraat conformance --board` on a virtual board: real port, real prompt, the firmware that is flashed on it."""

import json
from contextlib import suppress

import pytest

from gateway.conformance.command import Options, run_conformance
from gateway.conformance.meter import on_board
from gateway.conformance.signal import Signal
from gateway.conformance.tables import ConformanceError
from gateway.errors import LinkError
from gateway.virtual.board import BoardState, VirtualBoard
from gateway.virtual.boards import virtual_camera, virtual_sensor
from gateway.virtual.interpreter import WASM, chosen_program
from gateway.virtual.world import World

SERIAL = "3485187b35a40c0e"
PORT = f"id:{SERIAL}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.skipif(
        chosen_program() != WASM.resolve(), reason="only the WebAssembly interpreter has a prompt"
    ),
]


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


class Nothing:
    """What a camera sees in the dark."""

    def jpeg(self, _t_s: float) -> bytes:
        """Return the two markers of an empty JPEG."""
        return b"\xff\xd8\xff\xd9"


def test_a_board_is_measured_from_memory_and_runs_again(tmp_path, capsys):
    """At its own rate; nothing of the test is on its file system, and the firmware starts anew."""
    path = tmp_path / "levels.json"
    with virtual_sensor("genk-1", serial=SERIAL) as board:
        before = board.files()
        world = World(sensor=board)
        world.start()
        try:
            assert 0 == run_conformance(Options(board=PORT, json=path), tests=("decay", "overload"))
        finally:
            world.stop()
        after = board.files()
        assert (BoardState.RUNNING, 2) == (board.state, board.starts)
    assert {**before, "boot.txt": b"2"} == {**after, "boot.txt": b"2"}
    found = json.loads(path.read_text())
    assert (48000, f"genk-1 at {PORT}") == (found["rate_hz"], found["meter"])
    assert before["code.txt"].decode() == found["firmware"]
    assert "Measured by genk-1" in capsys.readouterr().out


def test_a_board_that_is_left_in_the_middle_runs_again():
    """Ctrl-C, say: whatever ends the measurement, the firmware starts."""
    with virtual_sensor("genk-1", serial=SERIAL) as board:
        world = World(sensor=board)
        world.start()
        try:
            with suppress(KeyboardInterrupt), on_board(PORT, None) as meter:
                assert 2 == len(meter.hear(Signal(1000.0, 94.0), 0.25))
                raise KeyboardInterrupt
        finally:
            world.stop()
        assert (BoardState.RUNNING, 2) == (board.state, board.starts)


def test_a_board_whose_firmware_fails_is_said_and_restarted():
    """The last line of its traceback; it runs again all the same."""
    with virtual_sensor("genk-1", serial=SERIAL) as board:
        world = World(sensor=board)
        world.start()
        try:
            world.between_events(
                lambda: board._interpreter.write_files({"firmware/sensor/levels.py": b"x = 1\n"})
            )
            with pytest.raises(LinkError, match="ImportError"):
                run_conformance(Options(board=PORT), tests=("agreement",))
        finally:
            world.stop()
        assert 2 == board.starts


@pytest.mark.parametrize("what", ["camera", "empty"])
def test_a_board_that_is_no_sensor_is_refused(what):
    """A camera measures no level, and neither does an empty board."""
    board = (
        virtual_camera("genk-1-cam", serial=SERIAL) if what == "camera" else VirtualBoard({}, serial=SERIAL)
    )
    with board:
        world = World(camera=board, scene=Nothing()) if what == "camera" else World(sensor=board)
        world.start()
        try:
            with pytest.raises(ConformanceError, match="no sensor is on this board"):
                run_conformance(Options(board=PORT))
        finally:
            world.stop()
