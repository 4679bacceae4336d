"""The real mpremote on a virtual board. Always the webassembly interpreter: it is the one that has a prompt."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from gateway.virtual.board import BoardState, VirtualBoard
from gateway.virtual.interpreter import WASM
from gateway.virtual.world import World

SERIAL = "e66164084373532b"
PROGRAM = b"count = 0\ndef step():\n    global count\n    count += 1\n    if count % 40 == 0: print('alive', count)\n"


@pytest.fixture
def board(tmp_path, monkeypatch) -> Iterator[VirtualBoard]:
    """A board whose program prints once a second, in a world without sound."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))
    with VirtualBoard({"main.py": PROGRAM, "lib/x.py": b"x = 7\n"}, serial=SERIAL, program=WASM) as made:
        world = World(sensor=made)
        world.start()
        yield made
        world.stop()


def mpremote(board: VirtualBoard, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mpremote on the board's port."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)


def test_code_runs_and_its_output_comes_back(board):
    """What `mpremote exec` prints is what the board printed."""
    assert mpremote(board, "exec", "import x; print(x.x * 6)").stdout == "42\n"


def test_an_exception_is_mpremotes_exit_code(board):
    """With MicroPython's own error name, which mpremote reads."""
    done = mpremote(board, "exec", "import os; os.stat('none')")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "OSError: [Errno 2] ENOENT")


def test_files_are_listed_copied_and_hashed(board, tmp_path):
    """Byte for byte, into a folder, and back."""
    data = bytes(range(256)) * 30
    source = tmp_path / "data.bin"
    source.write_bytes(data)
    assert mpremote(board, "fs", "ls").stdout.split() == ["ls", ":", "0", "main.py", "0", "lib/"]
    assert mpremote(board, "fs", "cp", str(source), ":lib/data.bin").returncode == 0
    assert board.files()["lib/data.bin"] == data
    back = tmp_path / "back.bin"
    assert mpremote(board, "fs", "cp", ":lib/data.bin", str(back)).returncode == 0
    assert back.read_bytes() == data


def test_file_errors_are_told_as_on_real_boards(board):
    """The board's numbers become words."""
    assert "No such file or directory" in mpremote(board, "fs", "cat", ":none").stderr
    assert "File exists" in mpremote(board, "fs", "mkdir", ":lib").stderr


def test_a_soft_reset_forgets_names_and_keeps_files(board):
    """There is one before each command of mpremote, unless it is told to resume."""
    assert mpremote(board, "exec", "kept = 1").returncode == 0
    assert mpremote(board, "resume", "exec", "print('kept' in globals())").stdout == "True\n"
    assert mpremote(board, "soft-reset", "exec", "print('kept' in globals())").stdout == "False\n"


def test_a_reset_starts_the_program_again(board):
    """`mpremote reset` is machine.reset(): main.py runs."""
    assert mpremote(board, "exec", "print(1)").returncode == 0
    assert board.state is BoardState.PROMPT
    assert mpremote(board, "reset").returncode == 0
    deadline = time.monotonic() + 10
    while board.starts == 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert board.starts == 2
    assert board.state is BoardState.RUNNING


def test_a_board_without_a_program_waits_at_its_prompt(tmp_path, monkeypatch):
    """As one that was just given its image does."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))
    with VirtualBoard({}, serial=SERIAL, program=WASM) as board:
        assert board.state is BoardState.PROMPT
        world = World(sensor=board)
        world.start()
        assert mpremote(board, "exec", "print('here')").stdout == "here\n"
        world.stop()
