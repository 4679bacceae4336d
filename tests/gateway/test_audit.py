"""The audit log: only ever added to, on the disk before anything is done, with a name and a reason."""

from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.store.audit import FILE_NAME, Audit


def test_entries_are_added_in_order_and_are_there_for_the_next_program(tmp_path: Path) -> None:
    """Who, why, when, what, and its particulars; the store's directory is made when it is not there."""
    Audit(tmp_path / "store").note(
        "a", who=" J.  Peeters ", reason="why\nnot", now_ns=0, about={"board": "genk-1"}
    )
    Audit(tmp_path / "store").note("b", who="x", reason="y", now_ns=1_000_000_000)

    assert Audit(tmp_path / "store").entries() == [
        {
            "what": "a",
            "who": "J. Peeters",
            "reason": "why not",
            "time": "1970-01-01T00:00:00.000Z",
            "board": "genk-1",
        },
        {"what": "b", "who": "x", "reason": "y", "time": "1970-01-01T00:00:01.000Z"},
    ]


def test_a_line_that_a_power_cut_left_half_written_spoils_no_other(tmp_path: Path) -> None:
    """It stays where it is, unread; what comes after begins on a line of its own."""
    log = Audit(tmp_path)
    log.note("a", who="x", reason="y", now_ns=0)
    whole = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(whole + whole[:20])
    log.note("b", who="x", reason="y", now_ns=0)

    assert [entry["what"] for entry in log.entries()] == ["a", "b"]
    assert (tmp_path / FILE_NAME).read_bytes().startswith(whole + whole[:20])


@pytest.mark.parametrize(("who", "reason"), [("", "y"), (" ", "y"), ("x", ""), ("x" * 201, "y")])
def test_nobody_and_nothing_are_no_entry(tmp_path: Path, who: str, reason: str) -> None:
    """One sentence; nothing is written."""
    with pytest.raises(StoreError, match="write 1 to 200 characters"):
        Audit(tmp_path).note("a", who=who, reason=reason, now_ns=0)
    assert Audit(tmp_path).entries() == []


def test_a_log_that_cannot_be_written_says_that_nothing_is_done(tmp_path: Path) -> None:
    """Who announces something must not do it then."""
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(StoreError, match="nothing is done that is not in it"):
        Audit(tmp_path).note("a", who="x", reason="y", now_ns=0)
