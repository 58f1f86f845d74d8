"""What an array of images is, said in one place."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""Grey images, uint8 (n, height, width), from 0 (black) to 255 (white).

This is a limit of the project: there is no axis for colour channels. Tables, models, augmentation,
pictures and recognition all rely on it.
"""
