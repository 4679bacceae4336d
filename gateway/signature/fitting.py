"""From features to a model: logistic regression on the features themselves. numpy only.

Rules of this file
- The same frames give the same weights to the bit: sums run in one order (repeatable.py).
- What comes out is what the board reads (firmware/sensor/signature_model.py); single precision throughout.
"""

import base64
import json
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gateway.signature.repeatable import gram, solve

Floats: TypeAlias = npt.NDArray[np.float64]

FORMAT: Final = 1
STRENGTHS: Final = (3e-4, 3e-3)
WIDEST: Final = 3.0
"""Of a feature, in standard deviations: the board bounds them so (firmware/sensor/signature_model.py)."""
_STEPS: Final = 8


@dataclass(frozen=True)
class Model:
    """A model of `kind` with `weights`; `probability` as the board computes it, before its threshold."""

    kind: str
    weights: dict[str, npt.NDArray[np.float32]]

    def probability(self, features: npt.NDArray[np.floating]) -> Floats:
        """Return (n,) for `features` (n, F)."""
        weights = {name: values.astype(np.float64) for name, values in self.weights.items()}
        z = np.clip((features - weights["mean"]) * weights["scale"], -WIDEST, WIDEST)
        logit = weights["bias"][0] + np.einsum("nf,f->n", z, weights["linear"])
        return 1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0)))

    def line(self, *, name: str, version: str, threshold: float, training: str, feature_set: int) -> str:
        """Return the model file's first line, without a newline."""
        values = {
            "features": feature_set,
            "format": FORMAT,
            "kind": self.kind,
            "name": name,
            "threshold": threshold,
            "training": training,
            "version": version,
            "weights": {
                key: base64.b64encode(np.asarray(self.weights[key], "<f4").tobytes()).decode()
                for key in sorted(self.weights)
            },
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


def fit(
    features: npt.NDArray[np.floating], labels: npt.NDArray[np.bool_], weights: Floats, *, strength: float
) -> Model:
    """Return the model of `features` (n, F), `labels` (n,) and `weights` (n,), held back by `strength`."""
    share = weights / np.sum(weights)
    mean = np.einsum("n,nf->f", share, features.astype(np.float64))
    spread = np.sqrt(np.einsum("n,nf->f", share, (features - mean) ** 2)) + 1e-6
    z = np.clip((features - mean) / spread, -WIDEST, WIDEST)
    x = np.column_stack([np.ones(z.shape[0]), z])
    found = _newton(x, labels.astype(np.float64), share, strength)
    return Model(
        "linear",
        {
            "mean": mean.astype(np.float32),
            "scale": (1 / spread).astype(np.float32),
            "bias": found[:1].astype(np.float32),
            "linear": found[1:].astype(np.float32),
        },
    )


def _newton(x: Floats, y: Floats, share: Floats, strength: float) -> Floats:
    found = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], strength)
    ridge[0] = 0.0
    for _ in range(_STEPS):
        found = _step(x, y, share, ridge, found)
    return found


def _step(x: Floats, y: Floats, share: Floats, ridge: Floats, found: Floats) -> Floats:
    p = 1.0 / (1.0 + np.exp(-np.clip(np.einsum("np,p->n", x, found), -30.0, 30.0)))
    slope = np.einsum("n,np->p", share * (p - y), x) + ridge * found
    return found - solve(gram(x, share * p * (1 - p)) + np.diag(ridge + 1e-9), slope)
