"""The I2S microphone: opens it, reads blocks of words, turns words into samples. Thin; knows no level.

A word is 32 bits, little-endian; the 24-bit sample lies in its upper three bytes. With two channels the words
alternate left, right. Samples are -1..1, full scale 1.
"""

from ulab import utils

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import I2S
    from ulab.numpy import ndarray

    from firmware.common.settings import Settings

WORD_SCALE = 1.0 / 2147483648.0


class Microphone:
    """The microphone of `settings` (pins i2s_id, sck, ws, sd; rate, channels, ibuf_bytes); OSError from the port."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._i2s = self._open(settings.channels)

    def _open(self, channels: int) -> "I2S":
        from machine import I2S, Pin

        settings = self._settings
        pins = settings.pins
        return I2S(
            pins["i2s_id"],
            sck=Pin(pins["sck"]),
            ws=Pin(pins["ws"]),
            sd=Pin(pins["sd"]),
            mode=I2S.RX,
            bits=32,
            format=I2S.STEREO if channels == 2 else I2S.MONO,
            rate=settings.rate,
            ibuf=settings.ibuf_bytes,
        )

    def read(self, raw: bytearray) -> int:
        """Fill `raw` with the next words; wait for them. Return the bytes read."""
        return self._i2s.readinto(raw)

    def listen(self, channels: int) -> None:
        """Go on with the left slot (1) or with both (2); what was not read yet is lost."""
        self._i2s.deinit()
        self._i2s = self._open(channels)

    def close(self) -> None:
        """Stop the microphone."""
        self._i2s.deinit()


def unpack(raw: bytearray, words: "ndarray") -> None:
    """Write the samples of `raw` (n I2S words) into `words` (float, n), interleaved as they came."""
    utils.from_int32_buffer(raw, out=words)
    words *= WORD_SCALE


def channel(words: "ndarray", index: int, channels: int) -> "ndarray":
    """Return channel `index` (0 left) of interleaved `words` (n * channels) as a live view (n)."""
    return words if channels == 1 else words[index::channels]
