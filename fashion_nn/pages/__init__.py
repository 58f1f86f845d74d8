"""Everything that people look at: pages, cards and figures, with one frame and one set of colours.

A module is named after what it makes: `run_page`, `search_page` and `leaderboard` make HTML, `card`
makes Markdown, `figures` and `baseline_figures` make PNG files for print, and `charts`,
`trial_charts`, `parallel_chart` and `pictures` make what is drawn inside a page. Nothing here
trains.

There is one way to make each kind. A page is a template in `templates/` that extends `base.html`,
which has the head, the content security policy and the shared style sheet; `render` fills it in
from a frozen dataclass, the context of that page, with escaping on. A script is a file beside it,
which `rendering.script` or `rendering.modules` write into the page. A figure is drawn inside
`png.png_figure`. The colours of both are in `palette`. The pages of `grading` and `ledger` have
their templates here too, but their contexts are made there, from what only they know.
"""

from fashion_nn.pages.card import write_card
from fashion_nn.pages.leaderboard import write_leaderboard
from fashion_nn.pages.rendering import render
from fashion_nn.pages.run_page import write_run_page
from fashion_nn.pages.search_page import write_search_page
from fashion_nn.pages.training_summary import describe_training

__all__ = [
    "describe_training",
    "render",
    "write_card",
    "write_leaderboard",
    "write_run_page",
    "write_search_page",
]
