"""The colours of all figures and pages.

The hues are those of Okabe and Ito: colour-blind readers can tell them apart, and so can readers of
a grey print, because they differ in lightness. Figures, which are drawn on white, use them as they
are. On a page the same hues also colour text, so a theme has a darker shade of some for light paper
and a lighter one of each for dark paper.
"""

from dataclasses import dataclass, fields, replace

INK = "#444444"
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a page: `paper` and what is on it."""

    paper: str
    raised: str
    ink: str
    quiet: str
    rule: str
    blue: str
    orange: str
    green: str
    amber: str
    red: str

    def css(self) -> str:
        """The colours as CSS variables, such as `--paper: #fcfcfa;`."""
        return " ".join(f"--{field.name}: {getattr(self, field.name)};" for field in fields(self))


LIGHT = Theme(
    paper="#fcfcfa",
    raised="#f4f3ef",
    ink="#1d1d1b",
    quiet="#66645e",
    rule="#e2e0da",
    blue=BLUE,
    orange="#b85000",
    green="#00734f",
    amber="#7a5200",
    red="#9b1c1c",
)
DARK = Theme(
    paper="#141413",
    raised="#1e1d1b",
    ink="#eae8e3",
    quiet="#a3a099",
    rule="#34322f",
    blue="#6db8f0",
    orange="#f09a5c",
    green="#4cc79e",
    amber="#f0c060",
    red="#ff8a80",
)
PRINT = replace(LIGHT, paper="#fff", raised="#f1f0ec", ink="#000", quiet="#555", rule="#ccc")
