"""The board's own model: kept over power cuts, believed only when it can be used, and the one before it at hand."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from firmware.common import wire
from gateway.virtual.interpreter import Interpreter, firmware_files

DEFAULT = (Path(__file__).parents[2] / "firmware/sensor/signature.json").read_text().splitlines()[0]

STORE = """
import json, os, struct
from firmware.sensor import model_store
from firmware.sensor.model_store import ModelError, ModelStore
from firmware.sensor.model_transfer import ModelTransfer

def about(store):
    model = store.model
    return [model.name, model.hash, store.damage]

def load(text):
    store = ModelStore()
    try:
        store.store(text)
    except ModelError as error:
        return str(error)
    return about(store)

class Cut(Exception):
    pass

def cut_after(count, action):
    # Power fails at the operation `count` on files: a file that is being written keeps the half of it.
    done = [0]
    originals = os.rename, os.remove
    def counted(operation):
        def instead(*names):
            if done[0] == count:
                raise Cut()
            done[0] += 1
            operation(*names)
        return instead
    class File:
        def __init__(self, name):
            self._file = open(name, 'w')
        def __enter__(self):
            return self
        def __exit__(self, *_):
            self._file.close()
        def write(self, text):
            if done[0] == count:
                self._file.write(text[: len(text) // 2])
                self._file.close()
                raise Cut()
            done[0] += 1
            self._file.write(text)
    class Os:
        rename = staticmethod(counted(os.rename))
        remove = staticmethod(counted(os.remove))
        stat = staticmethod(os.stat)
    model_store.os = Os
    model_store.open = lambda name, mode='r': File(name) if mode == 'w' else open(name)
    try:
        action(ModelStore())
        return False
    except Cut:
        return True
    finally:
        model_store.os = os
        del model_store.open

def obey(go, words, recording=False):
    go.obey(words, recording)
    return go.answer

def fresh():
    for name in os.listdir():
        if name.startswith('model.'):
            os.remove(name)
"""


def model(name: str, **changes: object) -> str:
    """Return the default model under another name, or with other values."""
    values = {**json.loads(DEFAULT), "name": name, **changes}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def hash_of(text: str) -> str:
    """Return the hash of a model as everybody says it."""
    return hashlib.sha256(text.partition("\n")[0].encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def started():
    """A board for all tests here: what they leave is files, which are deleted."""
    with Interpreter({**firmware_files(), "storing.py": STORE.encode()}) as running:
        running.exec("from storing import *")
        yield running


@pytest.fixture
def board(started):
    """Return a function that runs an expression on a board without models of its own, and returns its value."""
    started.exec("fresh()")
    return lambda text: json.loads(started.exec(f"print(json.dumps({text}))"))


def test_a_board_without_its_own_model_uses_the_one_of_the_firmware(board):
    """Its name and hash are those of signature.json; nothing is wrong."""
    assert board("about(ModelStore())") == [json.loads(DEFAULT)["name"], hash_of(DEFAULT), ""]


def test_a_model_that_was_stored_is_used_after_a_restart_and_the_one_before_it_is_kept(board):
    """Two models one after the other; back to the first, back to the firmware's, and then there is none."""
    one, two = model("one"), model("two") + '\n{"key":"k","signature":"s"}'

    assert board(f"load({one!r})") == ["one", hash_of(one), ""]
    assert board(f"load({two!r})") == ["two", hash_of(two), ""]
    assert board("about(ModelStore())") == ["two", hash_of(two), ""]
    assert board("sorted(name for name in os.listdir() if name.startswith('model'))") == [
        "model.json",
        "model.old.json",
    ]
    assert board("[ModelStore().rollback(), about(ModelStore())][1]")[0] == "one"
    assert board("[ModelStore().rollback(), about(ModelStore())][1]")[1] == hash_of(DEFAULT)
    assert board("[name for name in os.listdir() if name.startswith('model')]") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ""),
        ("{", ""),
        ("[1]", ""),
        ("null", ""),
        (DEFAULT[:-40], ""),
        (model("x", features=9999), "feature set"),
        (model("x", format=2), "format"),
        (model("x", kind="oracle"), "kind"),
        (model("x", threshold=0), "threshold"),
        (model("x", weights={}), ""),
        (model("x", weights=dict.fromkeys(json.loads(DEFAULT)["weights"], "AAAA")), ""),
        (model(""), "1 to 64 characters"),
        (model("x" * 65), "1 to 64 characters"),
        (model("x", training="0" * 8192), "more than 8192 bytes"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_and_one_that_lies_there_is_not_used(
    started, board, text, why
):
    """Loading it changes nothing; a file with it makes the board use the firmware's and say so; loading mends it."""
    board(f"load({model('good')!r})")
    refused = board(f"load({text!r})")
    in_use = board("about(ModelStore())")
    started.exec(f"with open('model.json', 'w') as file: file.write({text!r})")
    name, digest, damage = board("about(ModelStore())")
    mended = board(f"load({model('good')!r})")

    assert isinstance(refused, str)
    assert why in refused
    assert in_use == ["good", hash_of(model("good")), ""]
    assert (name, digest) == (json.loads(DEFAULT)["name"], hash_of(DEFAULT))
    assert damage.startswith("model.json: ")
    assert "signature load" in damage
    assert mended == in_use


def test_a_power_cut_at_any_moment_leaves_the_old_or_the_new_model(board):
    """While the first, second and third model is stored, and while one is rolled back: every step of every one."""
    names = ["firmware", "one", "two", "three"]
    texts = [DEFAULT, *(model(name) for name in names[1:])]
    hashes = [hash_of(text) for text in texts]
    for count in range(1, 4):
        for cut in range(10):
            board(f"[fresh()] + [load(text) for text in {texts[1:count]!r}]")
            was_cut = board(f"cut_after({cut}, lambda store: store.store({texts[count]!r}))")
            name, digest, damage = board("about(ModelStore())")
            assert digest == hashes[count] or (was_cut and digest == hashes[count - 1]), (count, cut, name)
            assert damage == ""
            # What was there before is not lost, and what comes next works.
            if digest == hashes[count]:
                assert board("[ModelStore().rollback(), about(ModelStore())][1]")[1] == hashes[count - 1]
            assert board(f"load({texts[count]!r})")[1] == hashes[count]
            if not was_cut:
                break
        assert not was_cut
        assert cut > 1
    for cut in range(10):
        board(f"[fresh()] + [load(text) for text in {texts[1:3]!r}]")
        was_cut = board(f"cut_after({cut}, lambda store: store.rollback())")
        assert board("about(ModelStore())")[1] == hashes[2 if was_cut else 1]
        if not was_cut:
            break
    assert not was_cut


def lines(text: str, sha256: str = "") -> list[list[str]]:
    """Return the words of the lines that carry `text`."""
    data = text.encode()
    step = wire.MODEL_PIECE_BYTES
    pieces = [
        ["piece", str(at), base64.b64encode(data[at : at + step]).decode()]
        for at in range(0, len(data), step)
    ]
    return [["begin", str(len(data)), sha256 or hashlib.sha256(data).hexdigest()], *pieces, ["keep"]]


def test_a_model_arrives_in_pieces_and_one_that_is_lost_or_comes_twice_changes_nothing(board):
    """The answer says how much is here; beginning again with the same hash goes on from there."""
    text = model("carried")
    begin, first, second, *others, keep = lines(text)
    said = board(
        f"[go := ModelTransfer(ModelStore())] and [obey(go, words) for words in "
        f"{[begin, first, first, begin, *others, keep, second, *others]!r}]"
    )
    kept = board(f"[obey(go, {keep!r}, True), obey(go, {keep!r}), about(ModelStore())]")

    step = wire.MODEL_PIECE_BYTES
    assert [answer["have"] for answer in said[:4]] == [0, step, step, step]
    assert said[4 + len(others)]["why"] == "not all of it is here"
    assert said[-1]["have"] == len(text.encode())
    assert kept[0]["state"] == "busy"
    assert (kept[1]["state"], kept[1]["hash"]) == ("kept", hash_of(text))
    assert kept[2][0] == "carried"


def test_a_model_that_was_damaged_on_its_way_is_not_kept(board):
    """Its SHA-256 is not the one that was said; what is in use stays."""
    said = board(
        f"[go := ModelTransfer(ModelStore())] and [obey(go, words) for words in "
        f"{lines(model('changed'), hashlib.sha256(model('said').encode()).hexdigest())!r}]"
    )

    assert (said[-1]["state"], said[-1]["hash"]) == ("refused", hash_of(DEFAULT))
    assert "damaged on its way" in said[-1]["why"]


@pytest.mark.parametrize(
    "words",
    [[], ["begin"], ["begin", "8193", "00"], ["begin", "0", "00"], ["begin", "x", "00"], ["piece", "0", "!"],
     ["piece", "-1", "AAAA"], ["piece", "0", "AAAA"], ["keep"], ["rollback"], ["rollback", "0000"], ["sing"]],
    ids=" ".join,
)  # fmt: skip
def test_a_line_that_makes_no_sense_changes_nothing(board, words):
    """It is answered, and the model stays."""
    answer = board(f"obey(ModelTransfer(ModelStore()), {words!r})")

    assert answer["state"] in ("refused", "receiving")
    assert (answer["have"], answer["hash"]) == (0, hash_of(DEFAULT))


def test_going_back_names_the_model_it_takes_away_so_that_saying_it_twice_goes_back_once(board):
    """The second line is refused: another model is in use by then."""
    one, two = model("one"), model("two")
    board(f"[load({one!r}), load({two!r})]")
    said = board(
        f"[go := ModelTransfer(ModelStore())] and "
        f"[obey(go, ['rollback', {hash_of(two)!r}]) for _ in range(2)]"
    )

    assert [answer["state"] for answer in said] == ["kept", "refused"]
    assert board("about(ModelStore())")[0] == "one"


def test_a_piece_fits_a_line_of_the_wire():
    """The longest, with its check."""
    longest = base64.b64encode(bytes(wire.MODEL_PIECE_BYTES)).decode()

    assert len(wire.line(f"model piece 8191 {longest}")) <= wire.MAX_LINE
