"""Rows and recipes for trials that take a second or two."""

import pytest

from fashion_nn import datasets, recipes
from fashion_nn.tuning.trial import DataSource, Job

SMALL = ["epochs=3", "batch_size=64", "learning_rate=0.05", "momentum=0.9"]


@pytest.fixture(scope="session")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="session")
def make_job(digits):
    """A function: id, settings and the job's other fields → a job on the digits."""

    def make(id, *settings, **more):
        recipe = recipes.override(recipes.get("mlp"), [*SMALL, *settings])
        source = DataSource(source="digits", fingerprint=digits.fingerprint)
        return Job(**{"id": id, "recipe": recipe, "dataset": source, "threads": 1, **more})

    return make
