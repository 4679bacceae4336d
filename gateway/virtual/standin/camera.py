"""Stand-in for `camera` (github.com/cnadler86/micropython-camera-API): frames come from the host, one a step."""

# ruff: noqa: ARG002  the signatures are those of the real module

import _board

PINS = (
    "data_pins", "vsync_pin", "href_pin", "sda_pin", "scl_pin", "pclk_pin", "xclk_pin", "xclk_freq",
    "powerdown_pin", "reset_pin",
)  # fmt: skip


class PixelFormat:
    """Formats of a frame."""

    JPEG = 3


class GrabMode:
    """Which frame `capture` returns."""

    WHEN_EMPTY = 0
    LATEST = 1


class FrameSize:
    """Sizes of a frame."""

    QVGA = 5
    VGA = 8
    SVGA = 9
    XGA = 10
    HD = 11
    SXGA = 12
    UXGA = 13


class Camera:
    """Takes the arguments the real one takes, and refuses others as it does."""

    def __init__(
        self, *, pixel_format, frame_size, jpeg_quality=85, fb_count=1, grab_mode=GrabMode.WHEN_EMPTY, **pins
    ):
        for name in pins:
            if name not in PINS:
                raise TypeError("unexpected keyword argument '%s'" % name)
        if pixel_format != PixelFormat.JPEG:
            raise ValueError("a virtual camera makes JPEG only")
        if not 1 <= jpeg_quality <= 100 or fb_count < 1:
            raise ValueError("invalid camera settings")

    def frame_available(self):
        return "camera" in _board.inputs

    def capture(self):
        """Return the frame (memoryview, valid during the step), or None when none came."""
        return _board.inputs.pop("camera", None)

    def free_buffer(self):
        pass

    def deinit(self):
        pass
