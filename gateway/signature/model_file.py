"""A model as a file: read, checked, hashed, signed, and carried only when somebody who may has signed it.

Rules of this file
- Two lines: the model, one JSON object that is never spelt anew; then, once signed, {"key","signature"} of line 1.
- A model's hash is that of line 1, as boards and clips say it: 16 hex digits of its SHA-256.
- What is in `weights` is the business of the firmware and of gateway/signature/fitting.py; here it is only bounded.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import GatewayError
from gateway.evidence import keys

MAX_BYTES = 8192  # as the board, firmware/sensor/model_store.py
MAX_LINES = 2
HASH_DIGITS = 16


class ModelFileError(GatewayError):
    """A model file cannot be read, is no model, or is not signed by somebody who may; the text says which."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelLine(_Part):
    """Line 1."""

    features: Annotated[int, Field(ge=1)]
    format: Literal[1]
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    threshold: Annotated[float, Field(gt=0, lt=1)]
    training: str
    version: Annotated[str, Field(min_length=1, max_length=64)]
    weights: dict[str, str]


class Signed(_Part):
    """Line 2: the public key, and the signature of line 1 in base64."""

    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model, signed or not. `line` is its first line, to the byte, without line end."""

    line: str
    model: ModelLine
    signed: Signed | None

    @property
    def hash(self) -> str:
        """Return the model's hash."""
        return hashlib.sha256(self.line.encode()).hexdigest()[:HASH_DIGITS]

    @property
    def text(self) -> str:
        """Return the whole file, as it is carried to a board."""
        if self.signed is None:
            return f"{self.line}\n"
        return f"{self.line}\n{json.dumps(self.signed.model_dump(), sort_keys=True, separators=(',', ':'))}\n"

    @property
    def title(self) -> str:
        """Return name, version and hash for people."""
        return f"{self.model.name} {self.model.version} ({self.hash})"

    @property
    def intact(self) -> bool:
        """True when it is signed and the signature is one of this model by the key it names."""
        return self.signed is not None and keys.holds(
            self.signed.key, self.signed.signature, self.line.encode()
        )

    def signed_with(self, key: Ed25519PrivateKey) -> "ModelFile":
        """Return the same model, signed with `key` and no other."""
        signature = keys.sign(key, self.line.encode())
        return replace(self, signed=Signed(key=keys.public_text(key), signature=signature))


def read(path: Path) -> ModelFile:
    """Return the model in the file at `path`; `ModelFileError` when there is none."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise ModelFileError(
            f"{path}: {reason}; give a model file of `stalenstraat signature learn`"
        ) from None


def parse(text: str, source: str = "the model") -> ModelFile:
    """Return the model in `text`; `ModelFileError` says what is wrong with `source`."""
    if len(text.encode()) > MAX_BYTES:
        raise ModelFileError(f"{source}: more than the {MAX_BYTES} bytes a model has; learn it again")
    line, *others = text.rstrip("\n").split("\n")
    if len(others) >= MAX_LINES:
        raise ModelFileError(
            f"{source}: {len(others) + 1} lines; a model has one, and one more when it is signed"
        )
    try:
        model = ModelLine.model_validate_json(line)
    except ValidationError as error:
        raise ModelFileError(f"{source}: no model: {_first(error)}; learn it again") from None
    try:
        signed = Signed.model_validate_json(others[0]) if others else None
    except ValidationError as error:
        raise ModelFileError(
            f"{source}: its second line is no signature: {_first(error)}; sign it again"
        ) from None
    return ModelFile(line, model, signed)


def check_trusted(model: ModelFile, trusted: Sequence[str], source: str) -> None:
    """Raise `ModelFileError` unless `model` is signed, unchanged since, and by one of the `trusted` public keys."""
    if model.signed is None:
        raise ModelFileError(
            f"{source}: not signed; who may decide what is recorded in a street signs it: stalenstraat signature sign"
        )
    if model.signed.key not in trusted:
        raise ModelFileError(
            f"{source}: signed with {model.signed.key}, which is not one of [signature] trusted_keys in site.toml"
        )
    if not model.intact:
        raise ModelFileError(f"{source}: changed since it was signed; sign it again if that was meant")


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in problem["loc"]) or "the text"
    return f"{where}: {problem['msg']}"
