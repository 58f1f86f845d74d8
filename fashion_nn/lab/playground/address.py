"""From the address of a Playground page to a set-up, as the page reads it.

Source: `deserializeState` in state.ts and `makeGUI` in playground.ts of the Playground.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fashion_nn.core.numbers import decimal, whole
from fashion_nn.core.text import did_you_mean, quoted
from fashion_nn.errors import InputError
from fashion_nn.lab.playground.settings import (
    CLASSIFICATION,
    FEATURE_KEYS,
    REGRESSION,
    Settings,
    parse_hidden,
    require_one_of,
    yes,
)

_MAX_LENGTH = 10_000
_HIGHEST_NOISE = 80
_DEFAULT_NOISE = 50
# An ampersand as it stands in the source of a page, and what a shell needs a backslash for.
_WRITTEN_AMPERSAND = re.compile(r"&(?:amp;|#38;|#x26;)+", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([&=?#,])")
# Keys that the page knows and that do not change a run, and those that hide a control.
_WITHOUT_EFFECT = (
    "showTestData",
    "discretize",
    "collectStats",
    "tutorial",
    "hideText",
    "cosX",
    "cosY",
)
_HIDES_A_CONTROL = "_hide"


@dataclass(frozen=True, slots=True)
class Address:
    """A set-up, and what was read otherwise than it stands in the address, a sentence each."""

    settings: Settings
    notes: tuple[str, ...]


def from_url(address: str) -> Settings:
    """The set-up behind a Playground address; see `read_address`."""
    return read_address(address).settings


def read_address(address: str) -> Address:
    """The set-up behind a Playground address, as the page reads it.

    Keys that are absent or empty keep the page's default; keys that do not change a run
    (showTestData, discretize, tutorial, cosX and cosY, ..._hide) are ignored. An address without a
    seed, which the page would draw, gets "0". `&amp;` and `\\&`, as in the source of a page and
    in a shell, stand for `&`.

    Noise above 80 is 50 and noise below 0 is 0, as on the page, and a note says so. Other notes
    name a key that the page does not know and one that is there twice.

    Raises:
        InputError: no settings in it, a key that looks like a typing mistake, or a value that the
            page would not understand.
    """
    if len(address) > _MAX_LENGTH:
        raise InputError(
            f"the Playground address has {len(address):,} characters, expected at most"
            f" {_MAX_LENGTH:,}"
        )
    notes: list[str] = []
    given = _pairs(address, notes)
    values = {
        name: _read(key, given[key], read)
        for key, (name, read) in _READERS.items()
        if given.get(key)
    }
    if "networkShape" in given:
        values.setdefault("hidden", ())
    if "noise_percent" in values:
        values["noise_percent"] = _as_the_page_has_it(values["noise_percent"], notes)
    values |= _dataset(given)
    default = Settings().features
    values["features"] = tuple(
        name
        for name, key in FEATURE_KEYS.items()
        if _boolean(given.get(key) or yes(name in default))
    )
    return Address(Settings(**values), tuple(notes))


def _pairs(address: str, notes: list[str]) -> dict[str, str]:
    """The keys and values in the address; unknown keys are left out and noted."""
    plain = _ESCAPED.sub(r"\1", _WRITTEN_AMPERSAND.sub("&", address))
    fragment = plain.partition("#")[2] or plain.partition("?")[2] or plain
    known = (*_READERS, *FEATURE_KEYS.values(), "problem", "dataset", "regDataset")
    given: dict[str, str] = {}
    unknown: list[str] = []
    for part in filter(None, fragment.split("&")):
        name, equals, value = part.partition("=")
        key = unquote(name).strip()
        if not equals or key not in known:
            if key not in _WITHOUT_EFFECT and not key.endswith(_HIDES_A_CONTROL):
                unknown.append(key)
            continue
        if key in given:
            notes.append(f"{key} stands twice in the address: the last one counts, as on the page")
        given[key] = unquote(value.partition("=")[0]).strip()
    if not given:
        raise InputError(
            f"no Playground settings in {quoted(address)}: expected what follows # in the page's"
            " address, such as activation=tanh&dataset=circle&networkShape=4,2"
        )
    for key in unknown:
        if close := did_you_mean(key, (*known, *_WITHOUT_EFFECT)):
            raise InputError(f"unknown key {quoted(key)} in the Playground address{close}")
        notes.append(f"{quoted(key)} in the address is no setting of the Playground: ignored")
    return given


def _as_the_page_has_it(noise: float, notes: list[str]) -> float:
    used = noise
    if noise > _HIGHEST_NOISE:
        used = _DEFAULT_NOISE
    elif noise < 0:
        used = 0
    if used != noise:
        notes.append(f"noise={noise:g} in the address is outside 0 to 80: {used}, as on the page")
    return used


def _dataset(given: Mapping[str, str]) -> dict[str, str]:
    problem = given.get("problem") or "classification"
    require_one_of("problem", problem, ("classification", "regression"))
    if problem == "regression":
        dataset = given.get("regDataset") or "reg-plane"
        require_one_of("regDataset", dataset, REGRESSION)
        return {"dataset": dataset}
    if given.get("dataset"):
        require_one_of("dataset", given["dataset"], CLASSIFICATION)
        return {"dataset": given["dataset"]}
    return {}


def _boolean(value: str) -> bool:
    return value != "false"  # as the page reads it


def _whole(text: str) -> int:
    """A whole number, which may be written as 10.0."""
    number = decimal(text)
    return whole(f"{number:.0f}" if number.is_integer() else text)


# Their key: our name, and how the value is read.
_READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "activation": ("activation", str),
    "regularization": ("regularization", str),
    "batchSize": ("batch_size", _whole),
    "learningRate": ("learning_rate", decimal),
    "regularizationRate": ("regularization_rate", decimal),
    "noise": ("noise_percent", decimal),
    "networkShape": ("hidden", parse_hidden),
    "seed": ("seed", str),
    "percTrainData": ("split", lambda text: decimal(text) / 100),
    "initZero": ("zero_init", _boolean),
}


def _read(key: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{key}={quoted(text)} in the Playground address: {error}") from None
