"""Options of all tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --board, for the tests marked hil."""
    parser.addoption(
        "--board",
        default=None,
        help="id:SERIAL (flash.py --list) or path of a flashed sensor board; default: a virtual one",
    )
