"""A city's own signature: signed, carried to a board over its port, in its hello and its clips, and back again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware.common import wire
from gateway.cli import app
from gateway.errors import GatewayError
from gateway.evidence import keys
from gateway.signature import model_file
from gateway.store.audit import Audit
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_sensor
from gateway.virtual.world import Pace, World
from tests.chain.cabinet import ROOT, boards, measurement, play, street, write_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
DEFAULT = model_file.read(ROOT / "firmware/sensor/signature.json")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = f'[signature]\ntrusted_keys = ["{keys.public_text(KEY)}"]'
WHO = ("--who", "J. Peeters, city of Genk", "--reason", "the quads of the autumn")


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    """Ports of this test alone."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


@pytest.fixture
def sensor() -> Iterator[VirtualBoard]:
    """A board with the model of the firmware, and no memory for clips."""
    with virtual_sensor("virtual-1", serial=random_serial(), mode="observe") as board:
        yield board


def model(name: str) -> model_file.ModelFile:
    """Return the default model under another name, not signed."""
    values = {**json.loads(DEFAULT.line), "name": name}
    return model_file.parse(json.dumps(values, sort_keys=True, separators=(",", ":")))


def written(folder: Path, name: str) -> Path:
    """Write the model `name`, signed by the city."""
    path = folder / f"{name}.json"
    path.write_text(model(name).signed_with(KEY).text)
    return path


@contextmanager
def running(board: VirtualBoard) -> Iterator[World]:
    """Let `board` run in a quiet street, in fast time."""
    world = World(sensor=board, pace=Pace.FAST)
    world.start()
    try:
        yield world
    finally:
        world.stop()


def typed(*words: str | Path) -> int:
    """Type a command; return its exit code. Raises what `stalenstraat` would print as one line."""
    return app([str(word) for word in words], result_action="return_value")


def load(board: VirtualBoard, path: Path, site: Path) -> int:
    """Type the command that loads a model."""
    return typed("signature", "load", path, "--board", board.port, "--config", site, *WHO)


def back(board: VirtualBoard, site: Path) -> int:
    """Type the command that goes back to the model before."""
    return typed("signature", "rollback", "--board", board.port, "--config", site, *WHO)


def test_a_signed_model_is_loaded_kept_rolled_back_and_every_step_is_in_the_audit_log(
    sensor, tmp_path, capsys
):
    """Two models; a power cut between; back to the first, back to the firmware's; who and why, before and after."""
    site = write_site(tmp_path, sensor.port, None, more=TRUSTED)
    one, two = (written(tmp_path, name) for name in ("one", "two"))
    with running(sensor) as world:
        codes = [load(sensor, one, site)]
        world.between_events(sensor.power_cycle)
        codes += [load(sensor, two, site), back(sensor, site), back(sensor, site)]
        with pytest.raises(GatewayError, match="there is none before it"):
            back(sensor, site)
    said = capsys.readouterr().out
    entries = Audit(tmp_path / "store").entries()
    hashes = {each.model.name: each.hash for each in (DEFAULT, model("one"), model("two"))}
    first, second, third = DEFAULT.hash, hashes["one"], hashes["two"]

    assert codes == [0, 0, 0, 0]
    assert f"now:    two {DEFAULT.model.version} ({third})" in said
    assert not [name for name in sensor.files() if name.startswith("model")]
    assert [(entry["what"], entry["before"], entry.get("after")) for entry in entries] == [
        ("signature loaded: begun", first, None),
        ("signature loaded", first, second),
        ("signature loaded: begun", second, None),
        ("signature loaded", second, third),
        ("signature rolled back: begun", third, None),
        ("signature rolled back", third, second),
        ("signature rolled back: begun", second, None),
        ("signature rolled back", second, first),
        ("signature rolled back: begun", first, None),
        ("signature rolled back: not known to be done", first, None),
    ]
    assert {(entry["who"], entry["reason"], entry["board"]) for entry in entries} == {
        ("J. Peeters, city of Genk", "the quads of the autumn", "virtual-1")
    }


def test_a_power_cut_while_a_model_is_carried_leaves_the_old_one(sensor, tmp_path):
    """Half of the pieces are there; what was in memory is gone, and the board starts with the model it had."""
    text = written(tmp_path, "half").read_bytes()
    lines = [b"model begin %d %s" % (len(text), b"0" * 64), b"model piece 0 QUJD"]
    with serial.Serial(sensor.port, timeout=0) as port:
        port.write(b"".join(wire.line(line.decode()) for line in [b"hello 1", *lines]))
        reader = wire.FrameReader()
        before = _listen(sensor, port, reader, 1)
        sensor.power_cycle()
        port.write(wire.line("hello 1"))
        after = _listen(sensor, port, reader, 20)

    assert [frame["have"] for kind, frame in before if kind == wire.MODEL] == [0, 3]
    assert {frame["model"]["hash"] for kind, frame in after if kind == wire.HELLO} == {DEFAULT.hash}
    assert not [name for name in sensor.files() if name.startswith("model")]


def _listen(board, port, reader, start):
    found = []
    for number in range(start, start + 10):
        board.step(number * 25_000, {"i2s": bytes(4800)})
        found += reader.feed(port.read(65536))
    frames = [piece for piece in found if isinstance(piece, wire.Frame)]
    return [
        (frame.kind, json.loads(frame.payload)) for frame in frames if frame.kind in (wire.MODEL, wire.HELLO)
    ]


def test_a_board_that_restarts_while_a_model_is_carried_gets_it_all_the_same(sensor, tmp_path, monkeypatch):
    """The command begins again: nobody has to type it twice."""
    site = write_site(tmp_path, sensor.port, None, more=TRUSTED)
    restarts = iter([True])
    with running(sensor) as world:

        def encode(data: bytes, encode=model_file.keys.base64.b64encode) -> bytes:
            if len(data) == wire.MODEL_PIECE_BYTES and next(restarts, False):
                world.between_events(sensor.power_cycle)
            return encode(data)

        monkeypatch.setattr("gateway.signature.carrying.base64.b64encode", encode)
        code = load(sensor, written(tmp_path, "late"), site)

    assert code == 0
    assert sensor.files()["model.json"] == (tmp_path / "late.json").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text.split("\n")[0], "not signed"),
        (lambda text: text.replace('"one"', '"two"', 1), "changed since it was signed"),
        (
            lambda _: model("one").signed_with(Ed25519PrivateKey.generate()).text,
            "is not one of .* trusted_keys",
        ),
        (lambda text: text[:100], "no model"),
        (lambda text: text + "more\n", "3 lines"),
        (lambda text: text + " " * 9000, "more than the 8192 bytes"),
    ],
    ids=["unsigned", "changed", "stranger", "damaged", "more", "large"],
)
def test_a_model_that_nobody_who_may_has_signed_is_not_carried(tmp_path, spoil, why):
    """One sentence, before the port is opened: there is no board on it."""
    site = write_site(tmp_path, "id:nothing", None, more=TRUSTED)
    path = written(tmp_path, "one")
    path.write_text(spoil(path.read_text()))

    with pytest.raises(GatewayError, match=why) as caught:
        typed("signature", "load", path, "--board", "id:nothing", "--config", site, *WHO)
    assert "\n" not in str(caught.value)
    assert Audit(tmp_path / "store").entries() == []


def test_a_model_of_other_features_than_the_firmware_computes_is_refused_by_the_board(sensor, tmp_path):
    """The board says so and keeps what it has; the audit log says that it was tried."""
    site = write_site(tmp_path, sensor.port, None, more=TRUSTED)
    values = {**json.loads(DEFAULT.line), "features": 9999}
    path = tmp_path / "other.json"
    path.write_text(model_file.parse(json.dumps(values)).signed_with(KEY).text)

    with running(sensor), pytest.raises(GatewayError, match=r"the board refuses: .*feature set 9999"):
        load(sensor, path, site)
    assert "not known to be done" in Audit(tmp_path / "store").entries()[-1]["what"]
    assert "model.json" not in sensor.files()


def test_a_clip_says_which_model_decided(tmp_path):
    """The city's own, loaded before: its hash and name are in measurement.json, beside the hash of the code."""
    with boards(camera=False) as (sensor, _):
        site = write_site(tmp_path, sensor.port, None, more=TRUSTED)
        with running(sensor):
            load(sensor, written(tmp_path, "city"), site)
        (package,) = play(tmp_path, sensor, None, street(14.0, 6.0), camera_wait_s=1.0)
    found = measurement(package)

    assert found["model"] == {
        "hash": model("city").hash,
        "name": "city",
        "version": DEFAULT.model.version,
    }
    assert found["firmware"]["sensor"]["code"]


def test_a_key_signs_a_model_and_show_says_what_a_file_is(tmp_path, capsys):
    """A key in PEM signs; show says who signed, whether it holds, and whether it is trusted here."""
    key, path = tmp_path / "city.pem", tmp_path / "own.json"
    path.write_text(model("own").text)
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    stranger = keys.public_text(Ed25519PrivateKey.generate())
    site = write_site(tmp_path, "id:nothing", None, more=TRUSTED.replace(keys.public_text(KEY), stranger))

    assert typed("signature", "show", path) == 1
    assert typed("signature", "sign", path, "--key", key) == 0
    said = capsys.readouterr().out
    assert typed("signature", "show", path) == 0
    assert typed("signature", "show", path, "--config", site) == 1
    site = write_site(tmp_path, "id:nothing", None, more=TRUSTED)
    assert typed("signature", "show", path, "--config", site) == 0
    assert "not signed" in said
    assert keys.public_text(KEY) in said
    assert model("own").hash in said


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_without_a_key_signs_nothing(tmp_path, content):
    """One sentence says how to make a key; the model stays unsigned."""
    (tmp_path / "key.pem").write_bytes(content)
    path = tmp_path / "own.json"
    path.write_text(model("own").text)

    with pytest.raises(GatewayError, match="openssl genpkey"):
        typed("signature", "sign", path, "--key", tmp_path / "key.pem")
    assert model_file.read(path).signed is None
