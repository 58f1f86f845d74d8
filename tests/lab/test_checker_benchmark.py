"""The checker of answers against benchmarks/checker.py, which makes errors in code of its own."""

import json
from pathlib import Path

import pytest

from fashion_nn.core.reading import between_marks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checker(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import checker

    return checker


def _keeps_the_promise(found):
    assert found["all"]["first"] == 1
    assert found["all"]["named"] >= 0.95
    assert found["all"]["further"] <= 0.01
    assert found["right_called_right"] >= 0.995


def test_the_stored_measurement_keeps_the_promise_and_is_on_the_page(checker):
    found = json.loads((ROOT / "benchmarks" / "checker.json").read_text())
    _keeps_the_promise(found)
    page = ROOT / "docs" / "lab.md"
    assert between_marks(page, checker.MARKS, f"{checker.table(found)}\n") == page.read_text()


def test_one_exercise_of_each_error(checker):
    _keeps_the_promise(checker.measure(len(checker.SLIPS)))


@pytest.mark.slow
def test_many_exercises(checker):
    _keeps_the_promise(checker.measure(560))
