"""The file that holds the key of a board: made once, readable by nobody else, never repeated in a message."""

import os

import pytest

from gateway import board_key
from gateway.config import load
from gateway.errors import GatewayError, KeyFileError
from gateway.service import Gateway

SITE = """
[site]
id = "genk"
name = "Genk"
[store]
path = "store"
[[sensors]]
id = "genk-1"
port = "/dev/null"
key = "keys/genk-1.key"
"""


def test_a_key_is_made_for_its_owner_alone_and_read_again(tmp_path):
    """32 bytes drawn by lot, in a file that nobody else may read, whatever the account's defaults are."""
    old = os.umask(0)
    try:
        keys = [board_key.make(tmp_path / "keys" / f"{number}.key") for number in range(2)]
    finally:
        os.umask(old)

    path = tmp_path / "keys" / "0.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert board_key.read(path) == keys[0]
    assert len(keys[0]) == 32
    assert keys[0] != keys[1]


def test_a_key_is_never_overwritten(tmp_path):
    """The board that has it would be refused from then on."""
    path = tmp_path / "genk-1.key"
    key = board_key.make(path)

    with pytest.raises(KeyFileError, match="cannot be written"):
        board_key.make(path)
    assert board_key.read(path) == key


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "no such file; flash.py --key"),
        ("ab" * 32, 0o640, "others may read it"),
        ("ab" * 32, 0o604, "others may read it"),
        ("ab" * 31, 0o600, "holds no board's key"),
        ("secret" * 10, 0o600, "holds no board's key"),
        ("é" * 64, 0o600, "cannot be read"),
    ],
)
def test_a_file_that_will_not_do_is_named_without_what_it_holds(tmp_path, content, mode, words):
    """Cause and cure, and not a digit of the key."""
    path = tmp_path / "genk-1.key"
    if content is not None:
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)

    with pytest.raises(KeyFileError, match=words) as caught:
        board_key.read(path)
    assert isinstance(caught.value, GatewayError)
    assert content is None or content[:6] not in str(caught.value)


def test_the_gateway_reads_the_keys_beside_its_configuration(tmp_path):
    """A path is relative to the file; without its file the gateway does not start, and says what to do."""
    (tmp_path / "site.toml").write_text(SITE)
    config = load(tmp_path / "site.toml")
    with pytest.raises(KeyFileError, match=r"keys/genk-1\.key: no such file"):
        Gateway(config)

    key = board_key.make(tmp_path / "keys" / "genk-1.key")
    gateway = Gateway(config)
    assert key.hex() not in repr(gateway.status())
    assert key.hex() not in repr(vars(gateway))
    assert repr(key) not in repr(vars(gateway))
