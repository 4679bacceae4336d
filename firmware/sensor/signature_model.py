"""The signature's model: data that turns features into a score; learnt on a host, only applied here.

A model is one line of JSON (docs/signature.md, "The model file"). `threshold` is where its raw probability wants a
clip; a score is shifted so that 0.5 is that place, whatever the model. Kind "linear":
    z = (features - mean) * scale, bounded;  logit = bias + z . linear
"""

import binascii
import hashlib
import json
import math
from array import array

from ulab import numpy as np

from firmware.sensor.features import FEATURE_SET, FEATURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

DEFAULT = "firmware/sensor/signature.json"
FORMAT = 1
FURTHEST = 30.0  # a logit: exp() of more leaves single precision
WIDEST = 3.0  # of z: beyond what was learnt from, more of the same is no more evidence


class Model:
    """A model as read by `load`: `name`, `version`, `hash` (16 hex digits), and `score`."""

    def __init__(self, values: "Json", digest: str) -> None:
        weights = values["weights"]
        self.name: str = values["name"]
        self.version: str = values["version"]
        self.hash = digest
        self._mean = _floats(weights, "mean", FEATURES)
        self._scale = _floats(weights, "scale", FEATURES)
        self._linear = _floats(weights, "linear", FEATURES)
        threshold = values["threshold"]
        self._bias = _floats(weights, "bias", 1)[0] - math.log(threshold / (1.0 - threshold))

    def score(self, features: np.ndarray) -> float:
        """Return 0..1 for `features` (FEATURES), which are used up; 0.5 is where a clip is wanted."""
        features -= self._mean
        features *= self._scale
        features = np.clip(features, -WIDEST, WIDEST)
        logit = self._bias + np.dot(features, self._linear)
        return 1.0 / (1.0 + math.exp(-min(max(logit, -FURTHEST), FURTHEST)))


def load(text: str) -> Model:
    """Return the model in `text` (its first line); ValueError says what is wrong and what to do."""
    line = text.split("\n", 1)[0]
    try:
        values = json.loads(line)
        if values["format"] != FORMAT:
            raise ValueError("format %s; this board reads %d" % (values["format"], FORMAT))
        if values["features"] != FEATURE_SET:
            raise ValueError(
                "made for feature set %s, this firmware computes %d; learn it again"
                % (values["features"], FEATURE_SET)
            )
        if values["kind"] != "linear":
            raise ValueError("kind %s; this board knows linear" % values["kind"])
        if not 0.0 < values["threshold"] < 1.0:
            raise ValueError("threshold %s is not between 0 and 1" % values["threshold"])
        return Model(values, binascii.hexlify(hashlib.sha256(line.encode()).digest()).decode()[:16])
    except (KeyError, TypeError) as error:
        raise ValueError("a model without %s; write it with stalenstraat signature learn" % error)


def default() -> Model:
    """Return the model that was flashed with the firmware."""
    with open(DEFAULT) as file:
        return load(file.read())


def _floats(weights: "Json", name: str, count: int) -> np.ndarray:
    found = array("f", binascii.a2b_base64(weights[name].encode()))
    if len(found) != count:
        raise ValueError("%s has %d numbers, not %d" % (name, len(found), count))
    values = np.array(found)
    if not np.all(np.isfinite(values)):
        raise ValueError("%s holds what is no number" % name)
    return values
