"""A model on its way to this board: lines of the gateway in, an answer to each out. docs/protocol.md, "A model".

Rules of this file
- Memory for the whole model is taken when it begins, and given back when it is kept or refused.
- Beginning again with the same SHA-256 goes on from what is here; with another one it starts anew.
- Only what has the SHA-256 that was said, and can be used, is kept.
"""

import binascii
import hashlib

from firmware.sensor.model_store import MAX_BYTES, ModelError, ModelStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

RECEIVING = "receiving"
KEPT = "kept"
REFUSED = "refused"
BUSY = "busy"


class ModelTransfer:
    """Carries models into `store`; `answer` is what is said to the last line: MODEL's dict."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._forget()
        self.answer = self._say(RECEIVING)

    def obey(self, words: list[str], recording: bool) -> bool:
        """Obey a line (its words after `model`); True when another model is in use now.

        While a clip is `recording` the model in use stays.
        """
        try:
            self.answer = self._obey(words, recording)
        except (ModelError, OSError) as error:
            self.answer = self._say(REFUSED, str(error))
        except MemoryError:
            self._forget()
            self.answer = self._say(REFUSED, "no memory for it now: ask again when no clip waits")
        except (ValueError, IndexError):
            self.answer = self._say(REFUSED, "no such line: docs/protocol.md has them")
        return self.answer["state"] == KEPT

    def _obey(self, words: list[str], recording: bool) -> "Json":
        name = words[0]
        if name == "begin":
            return self._begin(int(words[1]), words[2])
        if name == "piece":
            return self._piece(int(words[1]), binascii.a2b_base64(words[2].encode()))
        if name not in ("keep", "rollback"):
            raise ValueError
        if recording:
            return self._say(BUSY, "a clip is being recorded: ask again when it is over")
        return self._keep() if name == "keep" else self._rollback(words[1])

    def _forget(self) -> None:
        self._data = bytearray()
        self._have = 0
        self._sha256 = ""

    def _begin(self, size: int, sha256: str) -> "Json":
        if not 0 < size <= MAX_BYTES:
            raise ModelError("a model has at most %d bytes, not %d" % (MAX_BYTES, size))
        if sha256 != self._sha256 or size != len(self._data):
            self._forget()
            self._data = bytearray(size)
            self._sha256 = sha256
        return self._say(RECEIVING)

    def _piece(self, offset: int, data: bytes) -> "Json":
        end = offset + len(data)
        # A piece that came before, or comes too early, changes nothing: the answer says what is here.
        if offset == self._have and end <= len(self._data):
            self._data[offset:end] = data
            self._have = end
        return self._say(RECEIVING)

    def _keep(self) -> "Json":
        if not self._sha256 or self._have < len(self._data):
            return self._say(RECEIVING, "not all of it is here")
        data, said = self._data, self._sha256
        self._forget()
        if binascii.hexlify(hashlib.sha256(data).digest()).decode() != said:
            raise ModelError("it was damaged on its way: load it again")
        try:
            text = str(data, "utf-8")
        except UnicodeError:
            raise ModelError("it is no text")
        self._store.store(text)
        return self._say(KEPT)

    def _rollback(self, in_use: str) -> "Json":
        # The line names what it takes away: saying it twice must not go back two models.
        if in_use != self._store.model.hash:
            raise ModelError("the model in use is %s" % self._store.model.hash)
        self._store.rollback()
        return self._say(KEPT)

    def _say(self, state: str, why: str = "") -> "Json":
        return {
            "state": state,
            "have": self._have,
            "size": len(self._data),
            "hash": self._store.model.hash,
            "why": why,
        }
