"""The pages of promises: every test they name is there, and every promise to the public names a law and a test."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
SERVES = re.compile(r"^Serves: (GDPR|CA) \d", re.MULTILINE)


@pytest.mark.parametrize(("page", "least"), [("guarantees.md", 20), ("privacy.md", 20), ("threats.md", 12)])
def test_every_test_that_a_page_names_exists(page: str, least: int) -> None:
    """A renamed or removed test takes its promise with it."""
    named = NAMED.findall((DOCS / page).read_text(encoding="utf-8"))
    lost = [
        name
        for file, name in named
        if not any(f"def {name}(" in path.read_text(encoding="utf-8") for path in TESTS.rglob(file))
    ]

    assert len(named) > least
    assert lost == []


def test_every_promise_to_the_public_names_the_article_that_it_serves_and_a_test() -> None:
    """A promise that nothing shows is advertising."""
    text = (DOCS / "privacy.md").read_text(encoding="utf-8").split("\n## ")[0]
    promises = re.split(r"^\*\*", text, flags=re.MULTILINE)[1:]

    assert len(promises) > 8
    assert [] == [
        each.split("**")[0] for each in promises if not (SERVES.search(each) and NAMED.search(each))
    ]


def test_every_threat_says_what_holds_and_what_does_not() -> None:
    """The six of the design, each with both."""
    threats = (DOCS / "threats.md").read_text(encoding="utf-8").split("\n## ")[1:]

    assert len(threats) == 6
    assert [] == [
        each.split("\n")[0] for each in threats if "Holds" not in each or "Does not hold:" not in each
    ]
