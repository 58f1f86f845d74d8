"""Run folders and search folders: what a training, a fit, an ensemble or a search leaves.

`folder` knows the names of the files in a run folder, and `opening` finds such folders. `records`
and `metrics` know what is in the JSON files, `history` what is in history.csv, and `answers` what a
model answered to each test image. `search_folder` and `search_records` are the same for the folder
of a search, which contains the run folders of its trials.
"""

from fashion_nn.runs.answers import TestPredictions
from fashion_nn.runs.folder import (
    CHECKOUT_MODELS,
    MODELS,
    Run,
)
from fashion_nn.runs.history import HISTORY_COLUMNS
from fashion_nn.runs.metrics import (
    CleanScores,
    ExportRecord,
    Metrics,
    Prediction,
    StoredScores,
    Temperature,
    WeightsChosenOn,
)
from fashion_nn.runs.opening import (
    find,
    open_complete,
    open_run,
    require_free,
    require_keras_only,
    require_same_model,
)
from fashion_nn.runs.records import (
    CodeRecord,
    DataArguments,
    DatasetRecord,
    EnsembleOptions,
    Environment,
    FileOptions,
    Hardware,
    Member,
    MirroringRecord,
    RecipeRecord,
    Record,
    ScaleRecord,
    Session,
    SplitRecord,
)
from fashion_nn.runs.search_folder import Search, open_search, read_recipe, require_free_for_search
from fashion_nn.runs.search_records import (
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
    "CHECKOUT_MODELS",
    "DONE",
    "HISTORY_COLUMNS",
    "MODELS",
    "SCORED",
    "Best",
    "CleanScores",
    "CodeRecord",
    "DataArguments",
    "DatasetRecord",
    "EnsembleOptions",
    "Environment",
    "ExportRecord",
    "FileOptions",
    "Hardware",
    "HyperbandRound",
    "Identity",
    "Member",
    "Metrics",
    "MirroringRecord",
    "Parameter",
    "Prediction",
    "RecipeRecord",
    "Record",
    "Retrained",
    "Row",
    "Run",
    "ScaleRecord",
    "Search",
    "SearchRecord",
    "SearchedData",
    "Session",
    "SplitRecord",
    "Status",
    "StoredScores",
    "Temperature",
    "TestPredictions",
    "TrialRecord",
    "Value",
    "WeightsChosenOn",
    "best_of",
    "find",
    "open_complete",
    "open_run",
    "open_search",
    "read_recipe",
    "require_free",
    "require_free_for_search",
    "require_keras_only",
    "require_same_model",
]
