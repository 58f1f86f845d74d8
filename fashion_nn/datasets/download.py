"""Download a known data set into Keras' cache, from Keras' own server, without importing Keras."""

import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from fashion_nn.core.writing import replacing
from fashion_nn.datasets.catalogue import DataSet
from fashion_nn.errors import InputError

Progress = Callable[[int, int], None]

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
# The time without any data, not that of the whole download.
_TIMEOUT_SECONDS = 30
_PIECE = 1 << 16
_MOST_BYTES = 64 << 20
"""More than twice the largest file of any known data set."""


def keras_cache() -> Path:
    """The folder in which Keras stores downloads."""
    home = os.environ.get("KERAS_HOME")
    if not home:
        user = os.path.expanduser("~")
        home = os.path.join(user if os.access(user, os.W_OK) else "/tmp", ".keras")
    return Path(home, "datasets")


def download(record: DataSet, progress: Progress | None = None) -> None:
    """Put the files of `record` into Keras' cache; existing files stay as they are.

    The contents are checked when the files are read.

    Args:
        record: the data set; its `downloads` say which files it needs.
        progress: called as progress(done, total) with the bytes of the file that is being fetched.

    Raises:
        InputError: a file cannot be fetched or written.
    """
    for path in record.downloads:
        target = keras_cache() / path
        if not target.exists():
            _fetch(f"{BASE_URL}/{target.name}", target, progress)


def _fetch(url: str, target: Path, progress: Progress | None) -> None:
    try:
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer,
            replacing(target) as file,
        ):
            total = answer.length or 0
            _require_size(total)
            while piece := answer.read(_PIECE):
                file.write(piece)
                _require_size(file.tell())
                if progress and total:
                    progress(file.tell(), total)
            if answer.length:
                raise OSError(f"the connection ended {answer.length:,} bytes early")
    except (OSError, HTTPException) as error:
        raise InputError(f"{url}: {getattr(error, 'reason', error)}") from None


def _require_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise OSError(f"more than {_MOST_BYTES >> 20} MiB, no file of a known data set")
