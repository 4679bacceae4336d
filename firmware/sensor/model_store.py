"""The signature's model that this board decides by: its own `model.json`, or the one flashed with the firmware.

Rules of this file
- flash.py never touches model.json: a new firmware keeps the city's signature. `model.old.json` is the one before it.
- Written aside, then the old one is renamed, then the new one: a power cut at any moment leaves the old or the new
  model, and the next start finishes what was begun.
- A model that makes no sense, or was made for other features than this firmware computes, is not used: the flashed
  one is, and the self-check says so. The board listens all the same.
- Who may make a model is the gateway's business (docs/own-signature.md): MicroPython has no Ed25519.
"""

import os

from firmware.sensor import signature_model
from firmware.sensor.signature_model import Model

FILE = "model.json"
MAX_BYTES = 8192  # both lines; a board holds it twice while it is received and read
LONGEST_NAME = 64


class ModelError(Exception):
    """A model cannot be used, or there is none to go back to; the text says why."""


class ModelStore:
    """The models at `path` and beside it: `model` (Model) is the one in use; `damage` says what is wrong, or ""."""

    def __init__(self, path: str = FILE) -> None:
        self._path = path
        self._old = path.replace(".json", ".old.json")
        self._new = path + ".new"
        self.damage = ""
        self._finish()
        try:
            self.model = self._own() or signature_model.default()
        except (ModelError, OSError) as error:
            self.model = signature_model.default()
            self.damage = (
                "%s: %s; the model of the firmware is used: load one with stalenstraat signature load"
                % (path, error)
            )

    def store(self, text: str) -> None:
        """Keep and use `text`; `ModelError` when it cannot be used, `OSError` no room: nothing changes."""
        model = checked(text)
        with open(self._new, "w") as file:
            file.write(text)
        if not self.damage and _is_there(self._path):
            os.rename(self._path, self._old)
        os.rename(self._new, self._path)
        self.model = model
        self.damage = ""

    def rollback(self) -> None:
        """Use the model before this one, or, where there is none that can be used, the firmware's; forget this one."""
        before: Model | None = None
        if _is_there(self._old):
            try:
                before = checked(_read(self._old))
            except ModelError:
                pass  # of an older firmware, say
        elif not _is_there(self._path):
            raise ModelError("the model of the firmware is in use, and there is none before it")
        if before:
            os.rename(self._old, self._path)
        else:
            for path in (self._path, self._old):
                if _is_there(path):
                    os.remove(path)
        self.model = before or signature_model.default()
        self.damage = ""

    def _own(self) -> Model | None:
        """Return the board's own model, None without one; `ModelError` when it cannot be used."""
        return checked(_read(self._path)) if _is_there(self._path) else None

    def _finish(self) -> None:
        """Finish or forget what a power cut interrupted: the new file is whole once the old one has its other name."""
        if not _is_there(self._new):
            return
        if _is_there(self._old) and not _is_there(self._path):
            os.rename(self._new, self._path)
        else:
            os.remove(self._new)


def checked(text: str) -> Model:
    """Return the model in `text`; `ModelError` says why it cannot be used."""
    try:
        if len(text) > MAX_BYTES:
            raise ValueError("it has more than %d bytes" % MAX_BYTES)
        model = signature_model.load(text)
        for each in (model.name, model.version):
            if not 0 < len(str(each)) <= LONGEST_NAME:
                raise ValueError("name and version must have 1 to %d characters" % LONGEST_NAME)
    except MemoryError:
        raise ModelError("there is no memory to read it")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(str(error))
    return model


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read(MAX_BYTES + 1)
    except UnicodeError:
        raise ModelError("it is no text")


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
