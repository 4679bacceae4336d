"""What runs on the interpreter: the board's own `Analysis` and `Trigger`, asked by a host frame by frame.

Rules of this file
- Nothing of the signal chain, the model or the trigger is repeated here: PROGRAM only calls them.
- Numbers go over as little-endian single precision, as a board has them; text as JSON.
"""

import struct
from typing import Final

PROGRAM: Final = """
import json
import struct
from array import array
from ulab import numpy as np
from firmware.common.blocks import block_samples
from firmware.sensor import signature_model
from firmware.sensor.analysis import Analysis
from firmware.sensor.trigger import Trigger
try:
    from firmware.sensor.features import NAMES
except ImportError:
    NAMES = ["feature %d" % (index + 1) for index in range(signature_model.FEATURES)]

class Settings:
    pass

settings = Settings()
chosen = None

class Nothing:
    # In the place of a model, where the features are wanted to learn one from.
    name = version = hash = ""

    def score(self, features):
        return 0.0

def choose(data):
    global chosen
    text = bytes(data)
    try:
        if text == b"nothing":
            chosen = Nothing()
        else:
            chosen = signature_model.load(text.decode()) if text else signature_model.default()
    except (ValueError, UnicodeError) as error:
        return str(error).encode()

def about(_):
    analysis = Analysis(settings_of(48000, 82.0, 0.5, 0.25, 0.0), 0.0, chosen)
    model = analysis.signature.model
    return json.dumps({
        "features": len(analysis.signature.features()),
        "feature_set": signature_model.FEATURE_SET,
        "names": list(NAMES),
        "name": model.name,
        "version": model.version,
        "hash": model.hash,
    }).encode()

def settings_of(rate, threshold_dba, signature_threshold, min_duration_s, hold_off_s):
    settings.rate = rate
    settings.threshold_dba = threshold_dba
    settings.signature_threshold = signature_threshold
    settings.min_duration_s = min_duration_s
    settings.hold_off_s = hold_off_s
    settings.channels = 1
    settings.full_scale_db = 120.0
    settings.microphone = "flat"
    settings.max_per_hour = 360
    return settings

def triggers(values):
    # The trigger of level and signature, and beside it that of level alone.
    both = Trigger(settings_of(*values))
    signature_threshold = settings.signature_threshold
    settings.signature_threshold = 0.0
    alone = Trigger(settings)
    settings.signature_threshold = signature_threshold
    return both, alone

def start(data):
    global analysis, trigger, alone, block, words, all_words, frame
    values = struct.unpack("<IffffB", data)
    trigger, alone = triggers(values[:5])
    all_words = values[5]
    analysis = Analysis(settings, 0.0, chosen)
    block = bytearray(4 * block_samples(settings.rate))
    words = []
    frame = 0

def hear(data):
    global frame
    found = []
    for at in range(0, len(data), len(block)):
        block[:] = data[at : at + len(block)]
        if not analysis.process(block):
            continue
        wanted = trigger.frame(analysis.lafmax_db, analysis.score)
        loud = alone.frame(analysis.lafmax_db, analysis.score)
        if all_words or analysis.lafmax_db >= settings.threshold_dba:
            words.append((frame, analysis.behaviour, analysis.evidence))
        weighed = trigger.weighed(analysis.lafmax_db, analysis.score)
        even = trigger.weighed(analysis.lafmax_db, 0.5)
        found.append(struct.pack("<ffffBB", analysis.lafmax_db, weighed, even, analysis.firing_hz, wanted, loud))
        found.append(bytes(array("f", analysis.signature.features())))
        frame += 1
    return b"".join(found)

def said(_):
    return json.dumps(words).encode()

def judge(data):
    values = struct.unpack("<IffffI", data[:24])
    trigger = triggers(values[:5])[0]
    size = values[5]
    numbers = array("f", bytes(data[24:]))
    found = []
    for at in range(0, len(numbers), size + 1):
        score = chosen.score(np.array(numbers[at + 1 : at + 1 + size]))
        weighed = trigger.weighed(numbers[at], score)
        found.append(struct.pack("<fB", weighed, trigger.frame(numbers[at], score)))
    return b"".join(found)
"""

NO_MODEL: Final = "nothing"
"""In the place of a model's text: scores are 0. To learn from features that no model there is was made for."""
START: Final = struct.Struct("<IffffB")
"""Rate, level threshold, signature threshold, least duration, hold-off; are all frames put in words."""
FRAME: Final = struct.Struct("<ffffBB")
"""LAFmax, score as it counts at this level, what 0.5 would count, firing frequency, triggers of both and of level
alone; the frame's features follow."""
JUDGE: Final = struct.Struct("<IffffI")
"""As START; then the number of features. Frames follow: LAFmax and features."""
JUDGED: Final = struct.Struct("<fB")
"""Score as it counts at this level, and trigger, of a frame."""
