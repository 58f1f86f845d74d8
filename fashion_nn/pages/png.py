"""How a figure becomes a PNG file or a part of a page: with matplotlib's own defaults, and the same
bytes each time. In a notebook, it is shown instead.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from fashion_nn.core.writing import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PathLike = str | os.PathLike[str]

DOTS_PER_INCH = 150


@contextmanager
def png_figure(
    path: PathLike,
    width: float,
    height: float,
    *,
    layout: Literal["constrained"] | None = "constrained",
    formulas: bool = True,
) -> Iterator["Figure"]:
    """Yield an empty figure, and write it when the block ends without an error.

    It is drawn with matplotlib's objects, not with pyplot: there is no state and no window, and the
    settings of the user do not matter. The same values give the same bytes with the same version of
    matplotlib.

    Args:
        path: the PNG file to write.
        width: in inches.
        height: in inches.
        layout: `constrained` moves axes so that nothing overlaps; None leaves them where they are
            put.
        formulas: typeset text between two dollar signs as a formula. False for text of a user, such
            as class names.
    """
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with style.context(["default", {"text.parse_math": formulas}]):
        engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08) if layout else None
        figure = Figure(figsize=(width, height), layout=engine)
        yield figure
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        write_atomic(path, content.getbuffer())


def svg_element(width: float, height: float, paint: Callable[["Figure"], None]) -> str:
    """A figure as an SVG element without references, with its text as outlines.

    Args:
        width: in inches.
        height: in inches.
        paint: draws into the empty figure.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    settings = {"svg.hashsalt": "fashion-nn", "svg.fonttype": "path"}
    with style.context(["default", settings]):
        figure = Figure(figsize=(width, height))
        paint(figure)
        content = io.StringIO()
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(content, format="svg", transparent=True, metadata=metadata)
    text = content.getvalue()
    return text[text.index("<svg") :]


@contextmanager
def shown_figure(width: float, height: float) -> Iterator["Figure"]:
    """Yield an empty figure of pyplot, which a notebook shows at the end of its cell.

    It has the style of `png_figure`, and text is not typeset as a formula.

    Args:
        width: in inches.
        height: in inches.
    """
    from matplotlib import pyplot, style

    # Loads the backend here: that of notebooks turns interactive mode on, which the context undoes.
    pyplot.draw_if_interactive()
    with style.context(["default", {"text.parse_math": False}]):
        yield pyplot.figure(figsize=(width, height), layout="constrained")
