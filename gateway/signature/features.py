"""What the features of the firmware are called, for people; the firmware names them (firmware/sensor/features.py)."""

from typing import Final

WORDS: Final = {
    "slow_track": "track of a slow engine",
    "slow_peak": "series in a third of a second",
    "fast_track": "track of a fast engine",
    "fast_peak": "series in a sixth of a second",
    "harmonicity": "energy on the orders",
    "half_orders": "energy on half orders",
    "loudest_order": "share of the loudest order",
    "orders": "orders that stand out",
    "roughness": "roughness at the firing rate",
    "level_follows": "level rises with the track",
    "track_length": "how long the track goes on",
    "slope": "how fast the track moves",
    "ln_slow_hz": "frequency, slow series",
    "ln_fast_hz": "frequency, fast series",
    "c_minus_a": "C-level over A-level",
    "flux": "change of the spectrum",
    "crest": "peak over mean",
    "rise": "level over half a second ago",
    "spread": "spread of the level",
    "jump": "jump of the level",
    "partials": "partials stand out",
}


def in_words(name: str) -> str:
    """Return what the feature `name` is called; one without a word of its own (a band) keeps its name."""
    return WORDS.get(name, name)
