"""The Playground as one HTML page, which trains in the browser as `training` does here.

The modules `playground-*.mjs` among the templates of `pages` are the page's script. They repeat
`seedrandom`, `data`, `training`, `address` and `keras_script` in JavaScript, in the same order of
operations, so that a seed gives the same losses in both (`tests/lab/test_playground_page.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from fashion_nn import pages
from fashion_nn.lab.playground.rows import ROWS, Row
from fashion_nn.pages.rendering import Script, modules

MODULES = tuple(
    f"playground-{name}.mjs"
    for name in (
        "random",
        "data",
        "network",
        "address",
        "formula",
        "own",
        "keras",
        "drawing",
        "diagram",
        "state",
        "show",
        "page",
    )
)
"""The files of the script, each after those that it imports from."""


@dataclass(frozen=True)
class RowClaim:
    """What the report says about a row, and the verdict on it.

    Attributes:
        system: the report's system that the claim is about, as in `Row.system`.
        why: what the verdict rests on, a sentence.
    """

    system: str
    id: str
    claim: str
    verdict: str
    why: str


@dataclass(frozen=True)
class _Preset:
    """A row of the report's tables, with the claims about it."""

    name: str
    url: str
    epochs: int
    claims: Sequence[RowClaim]


@dataclass(frozen=True)
class _Data:
    """What the script of the page reads: the set-up to begin with, and the presets."""

    url: str
    epochs: int
    seeds: int
    presets: Sequence[_Preset]


@dataclass(frozen=True)
class _Page:
    """What the template `playground.html` shows."""

    title: str
    script: Script
    data: Mapping[str, object]


def page(first: Row, seeds: int, claims: Sequence[RowClaim]) -> str:
    """The page as HTML; it loads nothing.

    Args:
        first: the set-up and the number of epochs that the page begins with.
        seeds: number of seeds that it begins with, at most 20.
        claims: claims about the rows of the report, of any systems.
    """
    presets = [
        _Preset(
            name,
            row.settings.url(),
            row.epochs,
            [claim for claim in claims if claim.system == row.system],
        )
        for name, row in ROWS.items()
    ]
    data = _Data(first.settings.url(), first.epochs, min(seeds, 20), presets)
    return pages.render("playground.html", _Page("Playground", modules(MODULES), asdict(data)))
