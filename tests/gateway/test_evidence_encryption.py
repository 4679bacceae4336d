"""Encryption of packages: who has the key reads it, nobody else, and a changed byte is noticed."""

from pathlib import Path

import pytest
from pyrage import x25519

from gateway.errors import KeyFileError, PackageError
from gateway.evidence.encryption import decrypt, encrypt, is_encrypted, read_identities

CITY = x25519.Identity.generate()
POLICE = x25519.Identity.generate()
DATA = b"ten seconds of a street" * 4000


def test_each_recipient_alone_opens_what_was_encrypted() -> None:
    """Two public keys, two people; neither needs the other."""
    sealed = encrypt(DATA, [str(CITY.to_public()), str(POLICE.to_public())])

    assert is_encrypted(sealed)
    assert not is_encrypted(DATA)
    assert decrypt(sealed, [CITY]) == DATA
    assert decrypt(sealed, [POLICE]) == DATA
    assert b"street" not in sealed


def test_another_identity_is_told_so_in_one_sentence() -> None:
    """It says what is wrong and which file to take."""
    sealed = encrypt(DATA, [str(CITY.to_public())])

    with pytest.raises(
        PackageError, match=r"^it is not encrypted to this identity; take the key file of one"
    ):
        decrypt(sealed, [POLICE])


@pytest.mark.parametrize("at", [0, 30, 100, 200, 1000, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    """In the header, the wrapped key, the content, or the last byte: never other bytes than those encrypted."""
    sealed = bytearray(encrypt(DATA, [str(CITY.to_public())]))
    sealed[at] ^= 1

    with pytest.raises(PackageError):
        decrypt(bytes(sealed), [CITY])


@pytest.mark.parametrize("length", [0, 10, 150, 70_000])
def test_a_file_cut_short_is_noticed(length: int) -> None:
    """A copy that did not finish is not a shorter clip."""
    with pytest.raises(PackageError):
        decrypt(encrypt(DATA, [str(CITY.to_public())])[:length], [CITY])


def test_nobody_to_encrypt_to_is_an_error_and_never_an_open_file() -> None:
    """An empty list, or a key that is none, encrypts nothing."""
    with pytest.raises(KeyFileError):
        encrypt(DATA, [])
    with pytest.raises(KeyFileError):
        encrypt(DATA, ["age1nobody"])


def test_a_key_file_is_read_as_age_keygen_writes_it(tmp_path: Path) -> None:
    """Comments, empty lines, several keys."""
    path = tmp_path / "city.key"
    path.write_text(f"# created: 2026-11-23\n# public key: {CITY.to_public()}\n{CITY}\n\n{POLICE}\n")

    assert [str(each) for each in read_identities(path)] == [str(CITY), str(POLICE)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no identity"),
        (str(CITY.to_public()).encode(), "no identity"),
        (b"\xff\xfe\x00", "no identity"),
        (str(CITY).encode()[:-1] + b"7", "damaged"),
        (encrypt(str(CITY).encode(), [str(CITY.to_public())]), "passphrase"),
    ],
)
def test_a_file_that_is_no_key_file_is_named_with_its_cure(tmp_path: Path, content: bytes, why: str) -> None:
    """A public key, a damaged one, an encrypted one: one sentence each, and never the key itself."""
    path = tmp_path / "city.key"
    path.write_bytes(content)

    with pytest.raises(KeyFileError, match=why) as raised:
        read_identities(path)
    assert str(CITY)[:-4] not in str(raised.value)
    with pytest.raises(KeyFileError, match="No such file"):
        read_identities(tmp_path / "nothing")
