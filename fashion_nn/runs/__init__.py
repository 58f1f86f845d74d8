"""Run folders: what a training, a fit or an ensemble leaves, and the files in it.

`folder` knows the names of the files, `records` what is in the JSON ones, and `answers` what a model
answered to each test image.
"""

from fashion_nn.runs.answers import TestPredictions
from fashion_nn.runs.folder import HISTORY_COLUMNS, Run, find, open_run, require_free
from fashion_nn.runs.records import (
    CleanScores,
    DatasetRecord,
    EnsembleOptions,
    Environment,
    ExportRecord,
    Member,
    Metrics,
    Prediction,
    RecipeRecord,
    Record,
    Session,
    SplitRecord,
    StoredScores,
    Temperature,
    WeightsChosenOn,
)

__all__ = [
    "HISTORY_COLUMNS",
    "CleanScores",
    "DatasetRecord",
    "EnsembleOptions",
    "Environment",
    "ExportRecord",
    "Member",
    "Metrics",
    "Prediction",
    "RecipeRecord",
    "Record",
    "Run",
    "Session",
    "SplitRecord",
    "StoredScores",
    "Temperature",
    "TestPredictions",
    "WeightsChosenOn",
    "find",
    "open_run",
    "require_free",
]
