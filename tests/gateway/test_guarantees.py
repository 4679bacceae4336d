"""docs/guarantees.md: every test it names is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "guarantees.md"


def test_every_test_that_a_guarantee_names_exists() -> None:
    """A renamed or removed test takes its guarantee with it."""
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8"))
    lost = [
        name
        for file, name in named
        if not any(f"def {name}(" in path.read_text(encoding="utf-8") for path in TESTS.rglob(file))
    ]

    assert len(named) > 20
    assert lost == []
