"""Everything that people look at: HTML pages and PNG figures, with one frame and one set of colours.

There is one way to make each kind. A page is a template in `templates/` that extends `base.html`, which has the head,
the content security policy and the shared style sheet; `render` fills it in from a frozen dataclass, the context of
that page, with escaping on. A figure is drawn inside `png.png_figure`. The colours of both are in `palette`.
"""

from fashion_nn.pages.rendering import render

__all__ = ["render"]
