"""Search folders: what a search for settings leaves.

`folder` knows the names of the files, and `records` what is in the JSON ones.
"""

from fashion_nn.measures import better, maximised
from fashion_nn.searches.folder import Search, open_search, read_recipe, require_free
from fashion_nn.searches.records import (
    DONE,
    SCORED,
    Best,
    HyperbandRound,
    Identity,
    Parameter,
    Retrained,
    Row,
    SearchedData,
    SearchRecord,
    Status,
    TrialRecord,
    Value,
    best_of,
)

__all__ = [
    "DONE",
    "SCORED",
    "Best",
    "HyperbandRound",
    "Identity",
    "Parameter",
    "Retrained",
    "Row",
    "Search",
    "SearchRecord",
    "SearchedData",
    "Status",
    "TrialRecord",
    "Value",
    "best_of",
    "better",
    "maximised",
    "open_search",
    "read_recipe",
    "require_free",
]
