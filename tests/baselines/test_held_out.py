"""Held-out probabilities find labels that were planted wrong, and the command writes them."""

import csv

import html_pages
import numpy as np
import pytest

from fashion_nn import datasets
from fashion_nn.baselines import EdgeSettings, held_out_probabilities
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError
from fashion_nn.measures import suspect_labels

QUICK = EdgeSettings(landmarks=100, max_iterations=60)


@pytest.fixture(scope="module")
def planted():
    """500 digits, of which each twentieth has a wrong label, and the rows of these."""
    digits = datasets.load("digits").train.take(np.arange(500))
    changed = np.arange(7, 500, 20)
    labels = digits.labels.copy()
    labels[changed] = (labels[changed] + 1 + changed % 9) % 10
    return Split(digits.images, labels), changed


def test_most_planted_labels_are_found_and_few_others(planted):
    rows, changed = planted
    found = suspect_labels(rows.labels, held_out_probabilities(rows, 3, QUICK))
    hits = np.isin(found.rows, changed).sum()
    assert hits >= 0.6 * len(changed)
    assert len(found.rows) - hits <= 0.02 * len(rows)


def test_more_folds_than_rows_of_a_class_are_refused(planted):
    rows, _ = planted
    with pytest.raises(InputError, match="--folds 90: a class has"):
        held_out_probabilities(rows, 90, QUICK)


def test_the_command_writes_a_table_and_a_page(planted, tmp_path, monkeypatch, capsys):
    rows, changed = planted
    monkeypatch.chdir(tmp_path)
    np.savez("rows.npz", x_train=rows.images, y_train=rows.labels + 5)
    words = ["data", "suspects", "rows.npz", "--folds", "2", "--out", "s.csv", "--page", "s.html"]
    assert run_command(app, words) == 0
    lines = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert f"s.csv: {len(lines)} of 500 labels are suspect" in capsys.readouterr().out
    found = {int(line["row"]) for line in lines} & set(changed.tolist())
    assert len(found) >= 0.5 * len(changed)
    for line in lines:
        assert int(line["label"]) == rows.labels[int(line["row"])] + 5
        assert int(line["suggested"]) in range(5, 15)
    page = html_pages.Elements((tmp_path / "s.html").read_text())
    for line, image in zip(lines, page.all("img"), strict=True):
        assert f"row {line['row']}," in image["alt"]
