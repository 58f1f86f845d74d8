"""The table of runs, and where it is put."""

import pytest

from fashion_nn.errors import InputError
from fashion_nn.report import leaderboard
from fashion_nn.runs import Run


def make_run(folder, accuracy, test=True):
    run = Run(folder)
    scores = {"accuracy": accuracy, "interval": [accuracy - 0.01, accuracy + 0.01], "n": 100, "log_loss": 0.5}
    run.write_record(
        {
            "dataset": {"name": "digits"},
            "parameters": 1234,
            "sessions": [{"epoch_seconds": [1.5, 2.0]}, {"epoch_seconds": [3]}],
        }
    )
    run.write_history([{"epoch": 1, "learning_rate": 0.1, "loss": 1, "accuracy": 0.5}])
    run.model.write_bytes(bytes(2_000_000))
    run.write_metrics({"valid": scores} | ({"test": scores} if test else {}))
    return run


@pytest.fixture
def rows(tmp_path):
    return leaderboard.rows([make_run(tmp_path / "a", 0.8), make_run(tmp_path / "b", 0.9, test=False)])


def test_best_on_validation_comes_first(rows):
    assert [row["run"] for row in rows] == ["b", "a"]
    assert rows[1]["train_seconds"] == 6 and rows[1]["test_n"] == 100
    assert rows[0]["test_accuracy"] is None


def test_markdown(rows):
    *_, first, second = leaderboard.markdown(rows).splitlines()
    assert first == "| b | digits | 1,234 | 1 | 6 | 90.00 (89.00 to 91.00, n=100) | - | 2.0 |"
    assert second.count("80.00 (79.00 to 81.00, n=100)") == 2


def test_csv_round_trip(rows, tmp_path):
    leaderboard.write_csv(rows, tmp_path / "table.csv")
    read = leaderboard.read_csv(tmp_path / "table.csv")
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
