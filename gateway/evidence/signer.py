"""The signing key of a gateway: made at its first start, kept in one file, handed over when it is renewed.

Rules of this file
- One file, readable by nobody else (0600): the private key in PEM, and a line of JSON for each handover to it
  (handover.py). So key and handovers change together, whatever happens to the power.
- A file that others may read is refused: a key that may have been copied proves nothing.
- `credential:NAME` is the file NAME that the service manager decrypts for this service alone (systemd's
  LoadCredentialEncrypted=, which can bind it to the TPM); it is made and renewed with systemd-creds, not here.
- A gateway that has sealed packages never makes itself another key: that would begin a second chain unseen.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from gateway.config import CREDENTIAL, Config
from gateway.errors import KeyFileError
from gateway.evidence import keys
from gateway.evidence.durably import replace_durably
from gateway.evidence.handover import Handover, hand_over, problem

FILE_NAME: Final = "signing-key.pem"
CREDENTIALS_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"
MODE: Final = 0o600
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and how the gateway came to it."""

    private: Ed25519PrivateKey
    handovers: tuple[Handover, ...] = ()

    @property
    def public(self) -> str:
        """Return the public key as text."""
        return keys.public_text(self.private)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of `data`, 64 bytes."""
        return self.private.sign(data)


def path_of(config: Config) -> Path:
    """Return the file that `[evidence] key` names: a path, a credential, or else the one in the store.

    `KeyFileError` when there are no credentials.
    """
    where = config.evidence.key
    return config.store.path / FILE_NAME if where is None else located(where)


def located(where: str) -> Path:
    """Return the file of a key that the configuration names: a path, or a credential of the service manager.

    `KeyFileError` when there are no credentials.
    """
    if not where.startswith(CREDENTIAL):
        return Path(where)
    folder = os.environ.get(CREDENTIALS_DIRECTORY)
    if folder is None:
        raise KeyFileError(
            f"{where}: the service manager gave no credentials; start with systemd and LoadCredentialEncrypted="
        )
    return Path(folder) / where.removeprefix(CREDENTIAL)


def read(path: Path) -> Signer:
    """Return the signer in the file at `path`; `KeyFileError` when there is none that can be trusted."""
    private = keys.read_private(path)
    mode = path.stat().st_mode
    if mode & OTHERS:
        raise KeyFileError(
            f"{path}: others may read it ({stat.filemode(mode)}), so it proves nothing any more; if nobody has, "
            f"chmod 600 {path}, else make another: stalenstraat keys rotate"
        )
    lines = [line for line in path.read_text(encoding="ascii").splitlines() if line.startswith("{")]
    try:
        handovers = tuple(Handover.model_validate_json(line) for line in lines)
    except ValidationError:
        raise KeyFileError(f"{path}: a line of its handovers cannot be read; restore the file") from None
    if broken := problem(handovers, keys.public_text(private)):
        raise KeyFileError(f"{path}: {broken}; restore the file")
    return Signer(private, handovers)


def new(path: Path) -> Signer:
    """Return a signer with a new key, to be written to `path`, where nothing may be."""
    if path.exists():
        raise KeyFileError(f"{path}: is there already; renew it with: stalenstraat keys rotate")
    return Signer(Ed25519PrivateKey.generate())


def renewed(path: Path, time: str) -> Signer:
    """Return a signer with a new key that the one at `path` hands over to at `time` (ISO 8601, UTC)."""
    old = read(path)
    private = Ed25519PrivateKey.generate()
    return Signer(private, (*old.handovers, hand_over(old.private, private, time)))


def open_or_create(path: Path, *, sealed: bool) -> tuple[Signer, bool]:
    """Return the signer at `path`, and whether it was made now. `sealed`: this gateway has sealed packages."""
    if path.exists():
        return read(path), False
    if sealed:
        raise KeyFileError(
            f"{path}: the signing key is gone, and packages were sealed with it; put it back, or begin a new chain "
            "that verify will show: stalenstraat keys create"
        )
    signer = new(path)
    write(path, signer)
    return signer, True


def write(path: Path, signer: Signer) -> None:
    """Put `signer` at `path` in one step; what was there is gone."""
    text = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    lines = [f"{each.model_dump_json()}\n" for each in signer.handovers]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_durably(path, (text + "".join(lines)).encode(), mode=MODE)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written ({error.strerror}); check path and rights") from error
