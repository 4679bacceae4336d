"""The interpreter behind all firmware tests: code, calls, files, console, and what it says when it cannot."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.virtual import interpreter as module
from gateway.virtual.interpreter import (
    CONSOLE_BYTES,
    WASM,
    FirmwareError,
    Interpreter,
    InterpreterError,
    chosen_program,
    find_node,
    firmware_files,
)


@pytest.fixture
def interpreter() -> Iterator[Interpreter]:
    """An interpreter with two small files."""
    with Interpreter(
        {"one.py": b"def twice(data): return bytes(data) * 2\n", "deep/in/two.py": b"x = 2\n"}
    ) as running:
        yield running


def test_what_code_prints_comes_back(interpreter):
    """`exec` returns the printed text, whatever its length."""
    assert interpreter.exec("print('a', 1)") == "a 1\n"
    assert len(interpreter.exec("for i in range(20000): print(i)")) == 108890


def test_names_live_on_from_one_piece_of_code_to_the_next(interpreter):
    """One board, one namespace."""
    interpreter.exec("value = 41")
    assert interpreter.exec("print(value + 1)") == "42\n"


def test_an_exception_comes_back_as_micropythons_traceback(interpreter):
    """The last line is the error, and a line number is in it."""
    with pytest.raises(FirmwareError, match=r"line 2, in <module>\n(.*\n)*ValueError: because$"):
        interpreter.exec("x = 1\nraise ValueError('because')")


def test_a_function_is_called_with_bytes_and_gives_bytes(interpreter):
    """Of a module on the file system, of a package in folders, and of code given before."""
    interpreter.exec("def length(data): return str(len(data))")
    assert interpreter.call("one.twice", b"ab\0") == b"ab\0ab\0"
    assert interpreter.call("length", bytes(300_000)) == b"300000"


def test_a_function_that_returns_nothing_gives_no_bytes(interpreter):
    """None counts as b''."""
    interpreter.exec("def nothing(data): pass")
    assert interpreter.call("nothing", b"x") == b""


def test_code_given_anew_replaces_a_function_that_was_called(interpreter):
    """What is called is what is defined now."""
    interpreter.exec("def answer(data): return b'old'")
    assert interpreter.call("answer") == b"old"
    interpreter.exec("def answer(data): return b'new'")
    assert interpreter.call("answer") == b"new"


def test_memory_does_not_grow_over_many_calls(interpreter):
    """Garbage of 20,000 calls is collected between them: 80 MB pass through a heap of 32 MB."""
    interpreter.exec(
        "import gc\ndef waste(data):\n    bytearray(4000)\ndef used(data):\n    return str(gc.mem_alloc())"
    )
    for _ in range(20_000):
        interpreter.call("waste")
    assert int(interpreter.call("used")) < 33_000_000


def test_the_file_system_comes_back_whole(interpreter):
    """Files given, and files the board wrote, with their folders."""
    interpreter.exec("with open('new.bin', 'wb') as file: file.write(bytes(range(256)))")
    found = interpreter.files()
    assert sorted(found) == ["deep/in/two.py", "new.bin", "one.py"]
    assert found["new.bin"] == bytes(range(256))


def test_a_missing_file_has_the_number_that_micropython_gives_it(interpreter):
    """ENOENT is 2, as on every board, not what the host library calls it."""
    assert (
        interpreter.exec("import os\ntry: os.stat('no')\nexcept OSError as error: print(error.errno)")
        == "2\n"
    )


def test_the_board_reads_what_is_written_to_its_console(interpreter):
    """Every byte arrives, 0x03 and 0x00 too, and poll knows when there is none."""
    interpreter.exec("import select, sys\npoll = select.poll()\npoll.register(sys.stdin, select.POLLIN)")
    assert interpreter.exec("print(poll.poll(0))") == "[]\n"
    interpreter.console_write(b"\x00\x03z")
    assert interpreter.exec("print(len(poll.poll(0)), sys.stdin.buffer.read(3))") == "1 b'\\x00\\x03z'\n"
    assert interpreter.exec("print(poll.poll(0))") == "[]\n"


def test_a_console_that_nobody_reads_becomes_unwritable(interpreter):
    """The firmware sees it, nothing blocks, and all that was taken arrives."""
    interpreter.exec(
        "import select, sys\npoll = select.poll()\npoll.register(sys.stdout, select.POLLOUT)\n"
        "def fill(data):\n    n = 0\n    while poll.poll(0) and n < 1000000:\n"
        "        n += sys.stdout.buffer.write(bytes(500)) or 0\n    return str(n)"
    )
    taken = int(interpreter.call("fill", drain=False))
    assert taken <= CONSOLE_BYTES + 8192
    assert interpreter.call("fill", drain=False) == b"0"
    assert len(interpreter.console_read(100)) == 100
    assert len(interpreter.console_read()) == taken - 100
    assert int(interpreter.call("fill", drain=False)) == taken


def test_ulab_is_there(interpreter):
    """It computes: the boards' arithmetic is ulab's."""
    assert interpreter.exec("from ulab import numpy as np\nprint(int(np.sum(np.array([1, 2, 3]))))") == "6\n"


def test_the_firmware_can_be_imported_and_holds_no_cache():
    """`firmware_files` gives what runs on a board: source and the model, no bytecode, no settings of tools."""
    files = firmware_files()
    assert "firmware/common/wire.py" in files
    assert {"firmware/sensor/signature.json"} == {path for path in files if not path.endswith(".py")}
    with Interpreter(files) as running:
        assert running.exec("from firmware.common import wire; print(wire.line('hello 1'))").startswith(
            "b'hello 1 *"
        )


def test_an_interpreter_that_is_not_there_is_named(tmp_path):
    """With the variable that chose it."""
    with pytest.raises(
        InterpreterError, match=r"no interpreter at .*nothing: correct \$STALENSTRAAT_MICROPYTHON"
    ):
        Interpreter({}, program=tmp_path / "nothing")


def test_the_webassembly_interpreter_is_installed_by_make_setup(monkeypatch, tmp_path):
    """When node_modules is missing, the text says what to run."""
    monkeypatch.delenv("STALENSTRAAT_MICROPYTHON", raising=False)
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    monkeypatch.setattr(module, "WASM", tmp_path / "micropython-ulab.wasm")
    with pytest.raises(InterpreterError, match="run `make setup`"):
        chosen_program()


def test_the_environment_chooses_the_interpreter(monkeypatch):
    """STALENSTRAAT_MICROPYTHON wins over the webassembly one, and an argument over both."""
    monkeypatch.setenv("STALENSTRAAT_MICROPYTHON", sys.executable)
    assert chosen_program() == Path(sys.executable).resolve()
    assert chosen_program(WASM) == WASM


def test_without_a_new_node_the_cure_is_named(monkeypatch, tmp_path):
    """An old Node is mentioned, and not used."""
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.1\n")
    old.chmod(0o755)
    monkeypatch.setattr(module.shutil, "which", lambda _name: str(old))
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(module.sys, "executable", str(tmp_path / "bin" / "python"))
    find_node.cache_clear()
    try:
        with pytest.raises(
            InterpreterError, match=r"no Node 20 or newer found \(.* is v18.20.1\): run `make setup`"
        ):
            find_node()
    finally:
        find_node.cache_clear()


def test_an_interpreter_that_ends_by_itself_is_reported(tmp_path):
    """A program that is no MicroPython gives an error, not a wait."""
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"ended by itself \(exit code 3\)"):
        Interpreter({"a": b""}, program=program)
