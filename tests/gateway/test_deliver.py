"""Delivery to a directory: once, whole, and never over another file."""

from pathlib import Path

import pytest

from gateway.deliver.directory import Directory
from gateway.errors import Rejected, Retryable
from gateway.evidence.manifest import sha256

CONTENT = b"a package" * 1000


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package in the store."""
    path = tmp_path / "genk-1-1-1.zip"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an empty target directory."""
    path = tmp_path / "city"
    path.mkdir()
    return path


def test_a_package_arrives_under_its_name_and_nothing_else_does(package: Path, target: Path) -> None:
    """No temporary file is left."""
    where = Directory(target).deliver(package, sha256(CONTENT))

    assert where.read_bytes() == CONTENT
    assert [path.name for path in target.iterdir()] == [package.name]


def test_delivering_again_changes_nothing(package: Path, target: Path) -> None:
    """The file that is there is not written again."""
    where = Directory(target).deliver(package, sha256(CONTENT))
    before = where.stat().st_mtime_ns
    again = Directory(target).deliver(package, sha256(CONTENT))

    assert again == where
    assert where.stat().st_mtime_ns == before


def test_another_file_under_the_same_name_is_never_replaced(package: Path, target: Path) -> None:
    """A person has to look; the message names the file."""
    (target / package.name).write_bytes(b"somebody else's")

    with pytest.raises(Rejected, match="another file has this name"):
        Directory(target).deliver(package, sha256(CONTENT))
    assert (target / package.name).read_bytes() == b"somebody else's"


def test_a_target_that_is_not_mounted_is_tried_again_and_not_made(package: Path, tmp_path: Path) -> None:
    """An unmounted share must not be filled as an empty folder."""
    with pytest.raises(Retryable, match="mount"):
        Directory(tmp_path / "share").deliver(package, sha256(CONTENT))
    assert not (tmp_path / "share").exists()


def test_a_package_that_changed_in_the_store_is_not_delivered(package: Path, target: Path) -> None:
    """What arrives is what was sealed."""
    package.write_bytes(CONTENT + b"x")

    with pytest.raises(Rejected, match="not what was sealed"):
        Directory(target).deliver(package, sha256(CONTENT))
    assert list(target.iterdir()) == []
