"""The machine key: what the keys of clips on their way are wrapped under (chunks.py).

Rules of this file
- One file, 32 bytes in base64, readable by nobody else (0600), made when it is first needed. Or a credential of the
  service manager, which can bind it to the TPM: then a disk that is taken away opens nothing.
- A key that clips lie under is never replaced: without it they are gone, and a person has to say so.
"""

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import Final

from gateway.errors import KeyFileError
from gateway.evidence.durably import replace_durably
from gateway.evidence.signer import MODE, OTHERS

FILE_NAME: Final = "machine-key"
KEY_BYTES: Final = 32


def read_or_make(path: Path, *, clips: int) -> bytes:
    """Return the key in the file at `path`, made now if there is none and none of the `clips` lies under one.

    `KeyFileError` when there is no key that can be used.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if clips:
            raise KeyFileError(not_this_one(path, clips)) from None
        return _make(path)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); check path and rights") from None
    if mode & OTHERS:
        raise KeyFileError(
            f"{path}: others may read it ({stat.filemode(mode)}), and with it clips on their way; chmod 600 {path}"
        )
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); check path and rights") from None
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: holds no machine key, {KEY_BYTES} bytes in base64; restore the file")
    return key


def _make(path: Path) -> bytes:
    key = os.urandom(KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_durably(path, base64.b64encode(key) + b"\n", mode=MODE)
    except OSError as error:
        raise KeyFileError(
            f"{path}: the machine key cannot be written ({error.strerror}); check path and rights"
        ) from None
    return key


def not_this_one(path: Path, clips: int) -> str:
    """Return what to say when the key that `clips` lie under is not at `path`."""
    return (
        f"{path}: the machine key that {clips} clips on their way were kept with is not there; put it back, or give "
        "them up: stalenstraat forget"
    )
