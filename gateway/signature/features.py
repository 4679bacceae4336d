"""What the features of the firmware are called, for people; in the order of firmware/sensor/signature.py."""

from typing import Final

NAMES: Final = (
    "track of quick changes",
    "track of a slow engine",
    "series in a sixth of a second",
    "series in a third of a second",
    "80 - 315 Hz",
    "boom under 315 Hz",
    "250 - 800 Hz",
    "2.5 - 10 kHz",
    "jump of the level",
    "partials stand out",
    "spacing of the series",
    "change of the spectrum",
)


def name(index: int) -> str:
    """Return what feature `index` is called."""
    return NAMES[index] if index < len(NAMES) else f"feature {index + 1}"
