"""Stand-in for `camera` (github.com/cnadler86/micropython-camera-API): frames come from the host, one a step.

Numbers and arguments are those of the real module; an argument that it does not have is refused here too.
"""

# ruff: noqa: ARG002  the signatures are those of the real module

import _board

PINS = (
    "data_pins", "pclk_pin", "vsync_pin", "href_pin", "sda_pin", "scl_pin", "xclk_pin", "xclk_freq", "powerdown_pin",
    "reset_pin",
)  # fmt: skip


class PixelFormat:
    """Formats of a frame."""

    RGB565 = 0
    GRAYSCALE = 3
    JPEG = 4


class GrabMode:
    """Which frame `capture` returns."""

    WHEN_EMPTY = 0
    LATEST = 1


class FrameSize:
    """Sizes of a frame."""

    QVGA = 6
    VGA = 10
    SVGA = 11
    XGA = 12
    HD = 13
    SXGA = 14
    UXGA = 15


class Camera:
    """A camera sensor that makes JPEG."""

    def __init__(
        self,
        *,
        pixel_format=PixelFormat.RGB565,
        frame_size=FrameSize.QVGA,
        jpeg_quality=85,
        fb_count=1,
        grab_mode=GrabMode.WHEN_EMPTY,
        init=True,
        **pins,
    ):
        for name in pins:
            if name not in PINS:
                raise TypeError("unexpected keyword argument '%s'" % name)
        if pixel_format != PixelFormat.JPEG:
            raise ValueError("a virtual camera makes JPEG only")
        if not 1 <= jpeg_quality <= 100 or fb_count < 1:
            raise ValueError("invalid camera settings")

    def frame_available(self):
        """Say whether `capture` would return at once."""
        return "camera" in _board.inputs

    def capture(self):
        """Return the frame (memoryview, valid during the step), or None when none came."""
        return _board.inputs.pop("camera", None)

    def free_buffer(self):
        """Give the frame back; nothing to do."""

    def deinit(self):
        """Switch the sensor off; nothing to do."""
