"""A class of a few hand-ins, prediction files mostly."""

import pytest
from grading_tables import write_predictions

from fashion_nn.grading import Sources, read_reference


@pytest.fixture(scope="session")
def labelled(tables):
    """The digits, with their true labels."""
    return read_reference(tables / "unlabelled.csv", Sources(labels=tables / "digits_test.csv"))


@pytest.fixture
def small_class(tmp_path, digits):
    """Three students with predictions: all right, rows moved by one, and a copy of the first."""
    folder = tmp_path / "class"
    for name in ("part7", "part8", "part9"):
        (folder / name).mkdir(parents=True)
    truth = digits.test.labels
    write_predictions(folder / "part7" / "p.csv", truth)
    moved = [*truth[1:], truth[0]]
    write_predictions(folder / "part8" / "p.csv", moved)
    write_predictions(folder / "part9" / "=1+1.csv", truth)
    return folder
