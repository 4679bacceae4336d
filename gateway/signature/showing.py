"""`stalenstraat signature sign` and `show`: what a model file is, and who answers for it."""

from pathlib import Path

from gateway.config import load
from gateway.evidence import keys
from gateway.signature import files
from gateway.signature.model_file import ModelFile, ModelFileError, check_trusted, read


def sign_and_print(path: Path, key_path: Path) -> int:
    """Sign the model file at `path` with the key at `key_path`; print hash and public key. Raises `GatewayError`."""
    key = keys.read_private(key_path)
    signed = read(path).signed_with(key)
    files.write(path, signed.text.encode())
    _say(f"{path}: {signed.title} signed; the public key, for [signature] trusted_keys in site.toml:")
    _say(keys.public_text(key))
    return 0


def show_and_print(path: Path, config_path: Path | None) -> int:
    """Print what the model file at `path` is; return 0 when its signature holds (and is trusted), else 1."""
    model = read(path)
    for name, value in (
        ("name", model.model.name),
        ("version", model.model.version),
        ("hash", model.hash),
        ("kind", f"{model.model.kind}, for feature set {model.model.features}"),
        ("threshold", f"{model.model.threshold:g}"),
        ("training set", model.model.training or "not stated"),
        ("size", f"{len(model.text.encode())} bytes"),
    ):
        _say(f"{name + ':':14}{value}")
    trusted = load(config_path).signature.trusted_keys if config_path else _own_key(model)
    try:
        check_trusted(model, trusted, str(path))
    except ModelFileError as error:
        _say(f"{'signature:':14}{str(error).removeprefix(f'{path}: ')}")
        return 1
    _say(f"{'signature:':14}holds, by {_own_key(model)[0]}")
    return 0


def _own_key(model: ModelFile) -> tuple[str, ...]:
    return () if model.signed is None else (model.signed.key,)


def _say(text: str) -> None:
    print(text)  # noqa: T201  the command's output
