"""Encryption of packages: who has the key reads it, nobody else, and a changed byte is noticed."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519

from gateway.config import Config, check
from gateway.errors import ConfigError, KeyFileError, PackageError
from gateway.evidence import package
from gateway.evidence.durably import write_durably
from gateway.evidence.encryption import decrypt, encrypt, is_encrypted, read_identities
from gateway.evidence.manifest import Place, sha256
from gateway.evidence.package import Written
from gateway.evidence.signer import Signer
from gateway.evidence.verify import verify_bytes

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


def sealed(folder: Path, recipients: tuple[str, ...]) -> Written:
    """Write a package of one part."""
    return package.write(
        folder,
        {"sound.flac": DATA},
        event="genk-1-1-1",
        site="genk",
        sealed="2026-11-23T01:02:03.004Z",
        place=Place(),
        signer=Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
        missing=(),
        recipients=recipients,
    )


def test_with_recipients_nothing_else_than_the_encrypted_package_is_given_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a moment, and not under another name; the hash is that of the file that is delivered."""
    given: list[bytes] = []

    def write(path: Path, data: bytes) -> None:
        given.append(data)
        write_durably(path, data)

    monkeypatch.setattr(package, "write_durably", write)
    written = sealed(tmp_path, (str(CITY.to_public()),))
    data = written.path.read_bytes()

    assert [written.path] == list(tmp_path.iterdir())
    assert written.path.name == "genk-1-1-1.zip.age"
    assert given == [data]
    assert is_encrypted(data)
    assert sha256(data) == written.sha256
    assert b"street" not in data
    assert verify_bytes(decrypt(data, [CITY]), tmp_path / "genk-1-1-1.zip").intact


def test_a_try_before_there_were_recipients_leaves_nothing_readable(tmp_path: Path) -> None:
    """Killed between the package and the note of it, then configured, then sealed again: one file."""
    before = sealed(tmp_path, ())
    after = sealed(tmp_path, (str(CITY.to_public()),))

    assert before.manifest_sha256 == after.manifest_sha256
    assert [after.path] == list(tmp_path.iterdir())


def configured(*recipients: str) -> Config:
    """Return a configuration with these recipients."""
    return check(
        {
            "site": {"id": "genk", "name": "Genk"},
            "store": {"path": "store"},
            "sensors": [{"id": "genk-1", "port": "id:1"}],
            "evidence": {"recipients": list(recipients)},
        }
    )


def test_a_recipient_with_a_wrong_letter_is_found_before_anything_is_sealed() -> None:
    """The checksum of the key is looked at when the configuration is read."""
    good = str(CITY.to_public())
    wrong = good[:-1] + ("q" if good[-1] != "q" else "p")

    assert configured(good, str(POLICE.to_public())).evidence.recipients == (good, str(POLICE.to_public()))
    with pytest.raises(
        ConfigError, match=rf'evidence\.recipients: "{wrong}" is no public key of age; write the age1'
    ):
        configured(good, wrong)


def test_a_private_key_in_the_configuration_is_refused_and_not_repeated() -> None:
    """It must not be in the cabinet, nor in the log of the cabinet."""
    with pytest.raises(ConfigError, match="take it out of the cabinet") as raised:
        configured(str(CITY))
    assert str(CITY) not in str(raised.value)
