"""How sound is cut: blocks read from the microphone, frames that may leave the board.

25 ms blocks: whole numbers of samples at 48, 32 and 16 kHz, divisible by the recorder's decimation of 3,
and half of the 50 ms within which a trigger must reach the camera lines.
"""

BLOCKS_PER_SECOND = 40
BLOCKS_PER_FRAME = 5
FRAMES_PER_SECOND = 8


def block_samples(rate: int) -> int:
    """Return the samples per channel in a block at `rate` (Hz)."""
    return rate // BLOCKS_PER_SECOND
