"""How much of what the layers give for one image is sent to the parent process."""

CHANNELS = 16
"""Channels of an output of three axes."""
SIDE = 64
"""Largest side of what is sent of an output; of a larger one every second, third, ... row."""
MOST = 8192
"""Numbers of an output of one axis."""
MAX_CALLS = 100
"""Calls of layers."""
