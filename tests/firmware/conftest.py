"""Fixtures of the firmware's tests: the boards' interpreter, with the firmware on its file system."""

from collections.abc import Iterator

import pytest

from gateway.virtual.interpreter import Interpreter, firmware_files


@pytest.fixture
def interpreter() -> Iterator[Interpreter]:
    """A fresh MicroPython with ulab and the firmware; $STALENSTRAAT_MICROPYTHON chooses another one."""
    with Interpreter(firmware_files()) as running:
        yield running
