"""Model files in, figures, plots and models out: what cannot be read or written is one sentence."""

from pathlib import Path

from gateway.signature.manifest import SignatureError


def read_model(path: Path | None) -> str | None:
    """Return the text of a model file, None for the default one. Raises `SignatureError`."""
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise SignatureError(
            f"{path}: {reason}: give a model file of `stalenstraat signature learn`"
        ) from error


def check_writable(path: Path) -> None:
    """Raise `SignatureError` when `path` cannot be written: before an hour's work is lost, not after."""
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}: give a file that can be written") from error


def write(path: Path, content: bytes) -> None:
    """Write `content` to `path`. Raises `SignatureError`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}: give a file that can be written") from error
