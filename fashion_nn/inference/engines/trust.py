"""Which .onnx files may be run beside a .keras file: those that this installation wrote, or that
ship.

ONNX Runtime parses in the parent process, so a file that a stranger handed in never reaches it.
What is trusted is a pair of SHA-256 sums: of the .keras file, and of the .onnx file made from it.
The record is in the user's own state folder, never in a run folder, which may be a stranger's too.
"""

import json
import os
from functools import cache
from pathlib import Path

from fashion_nn.core.reading import packaged
from fashion_nn.core.writing import write_atomic
from fashion_nn.errors import InputError

_SHIPPED = Path(__file__).with_name("shipped.json")


def folder() -> Path:
    """Where this user's pairs are recorded, as one empty file each.

    It is `$XDG_STATE_HOME/fashion-nn/onnx`, or the same in `~/.local/state`.

    Raises:
        InputError: the user has no home folder, and no other is named.
    """
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    # The specification says to ignore a relative path: it would depend on the working folder.
    if not state.is_absolute():
        try:
            state = Path.home() / ".local" / "state"
        except RuntimeError:
            raise InputError(
                "no home folder to record .onnx files in: name one with XDG_STATE_HOME"
            ) from None
    return state / "fashion-nn" / "onnx"


def trust_onnx(keras: str, onnx: str, *, ship: bool = False) -> None:
    """Trust an .onnx file beside the .keras file that it was made from.

    Args:
        keras: SHA-256 of the .keras file, hexadecimal.
        onnx: SHA-256 of the .onnx file, hexadecimal.
        ship: record the pair in the package, so that every installation trusts it.

    Raises:
        InputError: the record cannot be written.
    """
    if ship:
        pairs = sorted({*_shipped(), (keras, onnx)})
        content = [{"keras": of_keras, "onnx": of_onnx} for of_keras, of_onnx in pairs]
        write_atomic(_SHIPPED, json.dumps(content) + "\n")
        _shipped.cache_clear()
    else:
        write_atomic(folder() / f"{keras}-{onnx}", "")


def partners(keras: str) -> set[str]:
    """The SHA-256 sums of the .onnx files that may be run for the .keras file with this one."""
    shipped = {onnx for known, onnx in _shipped() if known == keras}
    try:
        return shipped | {path.name.partition("-")[2] for path in folder().glob(f"{keras}-*")}
    except InputError:
        return shipped


@cache
def _shipped() -> frozenset[tuple[str, str]]:
    pairs = json.loads(packaged(__package__, _SHIPPED.name))
    return frozenset((pair["keras"], pair["onnx"]) for pair in pairs)
