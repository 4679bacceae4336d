"""Encryption of packages to the city's public keys, in the age format (age-encryption.org/v1, by the library pyrage).

Rules of this file
- Only public keys are here when a package is sealed: what the cabinet encrypts it cannot open again.
- Any program that knows age opens a package: `age --decrypt --identity KEYFILE FILE`.
- Keys are X25519, as age-keygen makes them; a file that a passphrase protects is opened with age first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyrage
from pyrage import x25519

from gateway.errors import KeyFileError, PackageError

SUFFIX: Final = ".age"
MAGIC: Final = b"age-encryption.org/v1\n"
ARMOUR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
IDENTITY: Final = "AGE-SECRET-KEY-1"
MAX_KEY_FILE: Final = 1 << 16  # bytes; a key is one line
MAKE_ONE: Final = "make one with: age-keygen -o KEYFILE"


def is_encrypted(data: bytes) -> bool:
    """Say whether `data` is a file in the age format, whoever it is for."""
    return data.startswith((MAGIC, ARMOUR))


def encrypt(data: bytes, recipients: Sequence[str]) -> bytes:
    """Return `data` encrypted to each of `recipients` (age1...): any of them alone can open it.

    `KeyFileError` when one of them is no public key, or when there is none.
    """
    if not recipients:
        raise KeyFileError("there is nobody to encrypt to; write the city's key into [evidence] recipients")
    try:
        keys = [x25519.Recipient.from_str(each) for each in recipients]
    except pyrage.RecipientError:
        raise KeyFileError("a recipient is no public key of age; correct [evidence] recipients") from None
    return pyrage.encrypt(data, keys)


def decrypt(data: bytes, identities: Sequence[x25519.Identity]) -> bytes:
    """Return what was encrypted as `data`; `PackageError` when none of `identities` opens it or it was changed."""
    if data.startswith(ARMOUR):
        raise PackageError(
            "it is encrypted as text, which this gateway never writes; open it with: age --decrypt"
        )
    try:
        return pyrage.decrypt(data, identities)
    except pyrage.DecryptError as error:
        if "matching keys" in str(error):
            why = "it is not encrypted to this identity; take the key file of one of its recipients"
        else:
            why = "it was damaged or changed after it was encrypted; take another copy of it"
        raise PackageError(why) from None


def read_identities(path: Path) -> list[x25519.Identity]:
    """Return the private keys in the file at `path`, a line each, as age-keygen writes it; `KeyFileError` without."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_FILE)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); {MAKE_ONE}") from None
    if is_encrypted(data):
        raise KeyFileError(f"{path}: a passphrase protects it; decrypt it first with: age --decrypt {path}")
    lines = [line.strip() for line in data.decode("ascii", errors="replace").splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found or not all(line.startswith(IDENTITY) for line in found):
        raise KeyFileError(f"{path}: holds no identity of age ({IDENTITY}...); {MAKE_ONE}")
    try:
        return [x25519.Identity.from_str(line) for line in found]
    except pyrage.IdentityError:
        raise KeyFileError(f"{path}: a key in it was damaged; take another copy of it") from None
