"""The keys of a configuration: how they are written in a message, and which there are.

Rules of this file
- It knows models, not what is in them; what is wrong with a value is said in config.py.
"""

import difflib
import types
from collections.abc import Sequence
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel


def path_of(steps: Sequence[int | str]) -> str:
    """Return `steps` as a person writes them: sensors[0].port."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def keys_at(model: type[BaseModel], steps: Sequence[int | str]) -> list[str]:
    """Return the keys that the section at `steps` of `model` may have."""
    for step in steps:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """Return a cure for `word`, which is none of `words`."""
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"possible here: {', '.join(words)}" if words else "leave it out"


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the section that a field of type `annotation` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, types.UnionType, Annotated):
        for inner in get_args(annotation):
            found = _model_in(inner)
            if found is not None:
                return found
    return None
