"""Where modules are imported from. Uses nothing but `os` and `sys`, so that it can come before any
other import.
"""

import os
import sys


def drop_working_folder() -> None:
    """Remove the working folder from this process's module path.

    `python -m` puts it first, and an empty part of PYTHONPATH means it too. A file in it, such as a
    `numpy.py` among somebody's downloads, would be imported in place of the library of that name.
    """
    here = os.path.realpath(os.curdir)
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or os.curdir) != here]
