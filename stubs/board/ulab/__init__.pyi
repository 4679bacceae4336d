"""ulab 6.12: the part of numpy and scipy that firmware/ uses. Arrays have one float width per image."""

from . import numpy as numpy
from . import scipy as scipy
from . import utils as utils

__version__: str
