"""The same golden vectors on both sides of the wire: CPython, and MicroPython as the boards run it.

`wire_vectors.json` is made by make_wire_vectors.py without our codec; `wire_on_board.py` runs here and there.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.virtual.interpreter import Interpreter, firmware_files

HERE = Path(__file__).parent
VECTORS = (HERE / "wire_vectors.json").read_bytes()
PROGRAM = HERE / "wire_on_board.py"

Result = dict[str, list[Any]]


def on_cpython() -> Result:
    """Return what this process makes of the vectors."""
    spec = importlib.util.spec_from_file_location(PROGRAM.stem, PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return json.loads(module.run(VECTORS))


def on_micropython() -> Result:
    """Return what the boards' interpreter makes of them."""
    with Interpreter({**firmware_files(), PROGRAM.name: PROGRAM.read_bytes()}) as interpreter:
        interpreter.exec(f"import {PROGRAM.stem}")
        return json.loads(interpreter.call(f"{PROGRAM.stem}.run", VECTORS))


@pytest.fixture(scope="module", params=[on_cpython, on_micropython], ids=["cpython", "micropython"])
def result(request: pytest.FixtureRequest) -> Result:
    """What one side makes of all the vectors."""
    return request.param()


def vectors(group: str) -> list[dict[str, Any]]:
    """Return a group of the golden vectors."""
    return json.loads(VECTORS)[group]


def named(group: str, values: list[Any]) -> dict[str, Any]:
    """Return `values` under the names of the group's vectors, so that a failure says which."""
    return {
        vector.get("name", vector.get("text")): value
        for vector, value in zip(vectors(group), values, strict=True)
    }


def test_every_frame_is_encoded_to_the_golden_bytes(result: Result) -> None:
    """Board and gateway put the same bytes on the wire as struct, zlib and the cobs package."""
    expected = {vector["name"]: vector["encoded"] for vector in vectors("frames")}
    assert expected == named("frames", result["frames"])


def test_every_golden_frame_is_decoded(result: Result) -> None:
    """Kind, sequence number and payload come out of the golden bytes, and nothing else does."""
    expected = {v["name"]: [{key: v[key] for key in ("kind", "seq", "payload")}] for v in vectors("frames")}
    assert expected == named("frames", result["decoded"])


def test_every_golden_stream_is_cut_into_the_same_frames_and_garbage(result: Result) -> None:
    """Log text, damage and cuts of the port are told from frames alike on both sides."""
    expected = {vector["name"]: vector["found"] for vector in vectors("streams")}
    assert expected == named("streams", result["streams"])


def test_every_line_is_made_with_the_golden_check(result: Result) -> None:
    """The check of a line is the low half of its CRC-32, in lower-case digits."""
    expected = {vector["text"]: vector["line"] for vector in vectors("lines")}
    assert expected == named("lines", result["lines"])


def test_every_line_is_read_or_refused_alike(result: Result) -> None:
    """Both sides agree on which lines are checked, which are typed, and which are damaged."""
    expected = {
        v["name"]: None if v["words"] is None else [v["words"], v["checked"]] for v in vectors("parsed")
    }
    assert expected == named("parsed", result["parsed"])
