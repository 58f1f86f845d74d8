"""Which .onnx files may be run beside a .keras: those that this installation wrote itself, or ships.

ONNX Runtime parses in this process, so a file that a stranger handed in never reaches it. What is trusted
is a pair of SHA-256 sums, of the .keras and of the .onnx made from it. The record lies with the user's own
state, never in a run folder, which may be a stranger's too.
"""

import json
import os
from functools import cache
from pathlib import Path

from fashion_nn.core.files import write_atomic
from fashion_nn.errors import InputError

_SHIPPED = Path(__file__).with_name("shipped.json")


def folder() -> Path:
    """Where this user's pairs are recorded: `$XDG_STATE_HOME/fashion-nn/onnx`, one empty file a pair.

    Raises:
        InputError: the user has no home folder, and no other is named.
    """
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    # The specification has relative paths ignored; one would be looked up wherever the command happens to run.
    if not state.is_absolute():
        try:
            state = Path.home() / ".local" / "state"
        except RuntimeError:
            raise InputError("no home folder to record .onnx files in: name one with XDG_STATE_HOME") from None
    return state / "fashion-nn" / "onnx"


def trust_onnx(keras: str, onnx: str, *, ship: bool = False) -> None:
    """Trust the .onnx of this SHA-256 beside the .keras of that one; with `ship`, wherever the package goes.

    Raises:
        InputError: the record cannot be written.
    """
    if ship:
        pairs = sorted({*_shipped(), (keras, onnx)})
        write_atomic(_SHIPPED, json.dumps([dict(zip(("keras", "onnx"), pair, strict=True)) for pair in pairs]) + "\n")
        _shipped.cache_clear()
    else:
        write_atomic(folder() / f"{keras}-{onnx}", "")


def partners(keras: str) -> set[str]:
    """The SHA-256 sums of the .onnx files that may be run for the .keras of this one."""
    shipped = {onnx for known, onnx in _shipped() if known == keras}
    try:
        return shipped | {path.name.partition("-")[2] for path in folder().glob(f"{keras}-*")}
    except InputError:
        return shipped


@cache
def _shipped() -> frozenset[tuple[str, str]]:
    return frozenset((pair["keras"], pair["onnx"]) for pair in json.loads(_SHIPPED.read_text()))
