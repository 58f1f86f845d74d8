"""The table of runs, and where it is put."""

import csv

import numpy as np
import pytest
from run_folders import make_run

from fashion_nn.errors import InputError
from fashion_nn.measures.columns import values
from fashion_nn.pages import leaderboard
from fashion_nn.runs import TestPredictions


@pytest.fixture
def rows(tmp_path):
    return leaderboard.rows(
        [make_run(tmp_path / "a", 0.8), make_run(tmp_path / "b", 0.9, test=False)]
    )


def answer(run, right, images="f" * 64):
    """Store answers of which those in `right`, bool (n,), are right."""
    predicted = np.where(right, 0, 1)
    shares = np.full(len(right), 0.5, np.float32)
    run.write_test_predictions(
        TestPredictions(np.zeros(len(right), int), predicted, shares, shares, images)
    )
    return run


def test_best_on_validation_comes_first(rows):
    assert [row.run.name for row in rows] == ["b", "a"]
    assert values(rows[1])["train_seconds"] == 16 and values(rows[1])["test_n"] == 100
    assert values(rows[0])["test_accuracy"] is None


def test_markdown(rows):
    titles, _, first, second = leaderboard.markdown(rows).splitlines()
    assert "| validation %, n=100 | test %, n=100 |" in titles and "dataset" not in titles
    assert first == "| b | 1,234 | - | 16 | - | 2.00 | 90.00 (89.00 to 91.00) | - | - | - | - |"
    assert second.count("80.00 (79.00 to 81.00)") == 2


def test_runs_with_the_same_answers_are_tied_and_a_better_one_is_not(tmp_path):
    many = np.arange(200) % 10
    good, same, poor = (make_run(tmp_path / name) for name in ("good", "same", "poor"))
    answer(good, many > 0), answer(same, many != 1), answer(poor, many > 4)
    unknown, other = (
        make_run(tmp_path / "unknown"),
        answer(make_run(tmp_path / "other"), many > 0, "e" * 64),
    )
    rows = leaderboard.rows([good, same, poor, unknown, other])
    tied = {row.run.name: row.tied for row in rows}
    assert tied == {"good": "a", "same": "a", "poor": "b", "unknown": None, "other": None}
    assert leaderboard.without_answers(rows) == ["unknown"]


def test_mean_and_deviation_over_seeds(tmp_path):
    runs = [
        make_run(tmp_path / f"s{seed}", accuracy, seed=seed)
        for seed, accuracy in enumerate((0.8, 0.82, 0.9))
    ]
    runs += [
        make_run(tmp_path / "again", 0.5, seed=2),
        make_run(tmp_path / "other", 0.7, seed=5, batch_size=1),
    ]
    titles, cells = leaderboard.over_seeds(leaderboard.rows(runs))
    (row,) = [dict(zip(titles, row, strict=True)) for row in cells]
    values = [80, 82, 90]
    assert (
        row["validation %"]
        == row["test %"]
        == f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f} (70.86 to 97.14)"
    )
    assert (row["seeds"], row["runs"]) == (3, "s2, s1, s0")


def test_csv_round_trip(rows, tmp_path):
    leaderboard.write_csv(rows, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["run"] for row in read] == ["b", "a"]
    assert read[0]["test_accuracy"] == "" and float(read[1]["test_accuracy"]) == 0.8


def test_the_table_replaces_what_is_between_the_marks(rows, tmp_path):
    page = tmp_path / "page.md"
    start, end = leaderboard.MARKS
    page.write_text(f"before\n{start}\nold\n{end}\nafter\n")
    leaderboard.write_into(page, rows)
    assert page.read_text() == f"before\n{start}\n{leaderboard.markdown(rows)}\n{end}\nafter\n"


def test_a_page_without_marks_is_left_alone(rows, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(InputError, match="has no place for the table"):
        leaderboard.write_into(page, rows)
    assert page.read_text() == "nothing here"
    with pytest.raises(InputError, match="cannot be read"):
        leaderboard.write_into(tmp_path / "none.md", rows)
