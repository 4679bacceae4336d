"""What is looked at and written down before anything else: the disk, the configuration, what a board is and decides by.

Rules of this file
- A store whose disk is not mounted is never made anew in the empty folder where the disk should be.
- What decides about clips is in the audit log before a clip can come of it: the hash of the configuration at each
  start, and of a board its code, its model and its mode, whenever one of them is another than before.
"""

import hashlib
import os
from importlib.metadata import PackageNotFoundError, version

import rfc8785

from gateway.config import Config
from gateway.errors import StoreError
from gateway.link.messages import Hello
from gateway.store.deletions import GATEWAY
from gateway.store.store import Store

STARTED = "gateway started"
BOARD = "board as it is now"


def must_be_mounted(config: Config) -> None:
    """Raise `StoreError` when the disk of the store should be mounted and is not."""
    mount, path = config.store.mount, config.store.path
    if mount is None:
        return
    if not os.path.ismount(mount):
        raise StoreError(f"{mount}: nothing is mounted there (store.mount); mount the disk, then start again")
    if not path.resolve().is_relative_to(mount.resolve()):
        raise StoreError(
            f"{path}: is not on the disk at {mount} (store.mount); correct store.path or store.mount"
        )


def digest(config: Config) -> str:
    """Return the SHA-256 of the values of `config`, in canonical JSON: comments and spelling change nothing."""
    return hashlib.sha256(rfc8785.dumps(config.model_dump(mode="json"))).hexdigest()


def note_start(store: Store, config: Config, now_ns: int) -> None:
    """Put into the audit log that the gateway starts, and with which configuration."""
    try:
        program = version("stalenstraat")
    except PackageNotFoundError:
        program = "not installed"
    about = {"configuration": digest(config), "version": program}
    store.audit.note(STARTED, who=GATEWAY, reason="it was told to run", now_ns=now_ns, about=about)


def note_board(store: Store, hello: Hello, now_ns: int) -> None:
    """Put into the audit log what `hello` says the board is, when that is new or another than before."""
    text = store.hello_of(hello.id)
    before = None if text is None else _decides(Hello.model_validate_json(text))
    now = _decides(hello)
    if now != before:
        reason = "seen for the first time" if before is None else "it has changed"
        store.audit.note(BOARD, who=GATEWAY, reason=reason, now_ns=now_ns, about={"board": hello.id, **now})


def _decides(hello: Hello) -> dict[str, str]:
    model = "" if hello.model is None else f"{hello.model.name} {hello.model.version} ({hello.model.hash})"
    return {"code": hello.code, "mode": hello.mode or "", "model": model, "uid": hello.uid}
