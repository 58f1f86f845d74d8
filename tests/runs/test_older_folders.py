"""Folders that earlier versions wrote stay readable by every command that takes them; see
tests/fixtures/README.md.
"""

import json
import shutil
from pathlib import Path

import pytest

from fashion_nn.cli.main import app, submit_main
from fashion_nn.cli.main import run as run_command
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

FIXTURES = Path(__file__).parents[1] / "fixtures"
TRAINED = Path(__file__).parents[2] / "models" / "mlp"

pytestmark = pytest.mark.usefixtures("forked_models")


def command(*words, expect=0):
    assert run_command(app, [str(word) for word in words]) == expect


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with copies of the folders."""
    for name in ("baseline", "ensemble", "search"):
        shutil.copytree(FIXTURES / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shape(name, folder):
    """Put the metrics.json of an older shape into `folder`."""
    shutil.copy(FIXTURES / "older" / f"{name}.json", folder / "metrics.json")


def test_none_of_them_has_the_key_that_came_later():
    for name in (
        "baseline/metrics.json",
        "ensemble/metrics.json",
        "search/trials/0000.json",
        "baseline/baseline.json",
    ):
        assert "format" not in json.loads((FIXTURES / name).read_text())
    assert (
        "fingerprint"
        not in json.loads((FIXTURES / "older" / "without-fingerprint.json").read_text())["test"]
    )


def test_compare_reads_them(here, capsys):
    command("compare", "baseline", "ensemble", "--csv", "board.csv")
    shown = capsys.readouterr().out
    assert "78.73" in shown and "86.69" in shown  # the upper ends of both intervals
    assert {row.split(",")[0] for row in (here / "board.csv").read_text().splitlines()} == {
        "run",
        "baseline",
        "ensemble",
    }


@pytest.mark.parametrize("older", ["without-fingerprint", "without-calibration"])
def test_compare_reads_metrics_of_earlier_shapes(older, here, capsys):
    shape(older, here / "baseline")
    command("compare", "baseline", "ensemble")
    shown = capsys.readouterr().out
    assert "68.25 (63.26 to 72.85)" in shown


def test_a_training_with_epochs_is_compared_and_recorded(here, capsys):
    command("compare", TRAINED, "--histories", "histories.json")
    command("compare", "--record", "histories.json")
    recorded = json.loads((here / "histories.json").read_text())
    (runs_of_it,) = (each["runs"] for each in recorded["configurations"].values())
    assert len(runs_of_it[0]["history"]) == len(Run(TRAINED).read_history()) > 0


def test_evaluate_leaves_what_is_stored_and_adds_what_is_missing(here, capsys):
    shape("without-calibration", here / "baseline")
    before = json.loads((here / "baseline" / "metrics.json").read_text())
    openings = Run(here / "baseline").count_openings()
    command("evaluate", "baseline", "--json")
    printed = json.loads(capsys.readouterr().out)
    after = json.loads((here / "baseline" / "metrics.json").read_text())
    assert printed["correct"] == before["test"]["correct"]
    assert after["format"] == 1
    for split in ("valid", "test"):
        assert {key: after[split][key] for key in before[split]} == before[split]
    assert {"brier", "calibration_error", "temperature", "without_near_duplicates"} <= set(
        after["test"]
    )
    assert Run(here / "baseline").count_openings() == openings + 1


def test_metrics_without_a_format_that_would_say_the_same_stay_as_they_are(here):
    run = Run(here / "ensemble")
    stored = run.metrics.read_bytes()
    run.write_metrics(run.read_metrics())
    assert run.metrics.read_bytes() == stored


def test_submit_takes_the_better_of_them_and_report_shows_it(here, capsys, monkeypatch):
    command("data", "export", "digits", "--out", "csv")
    shutil.rmtree("search")  # its best run has no model here
    words = ["--grade", "--test", "csv/digits_test.csv", "--out", "out.csv", "--models", "."]
    monkeypatch.setattr("sys.argv", ["submit.py", *words])
    with pytest.raises(SystemExit) as ended:
        submit_main()
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert (
        "model: ensemble/model.keras, the best saved one for digits (validation accuracy 0.8112)"
        in shown.err
    )
    command("report", "ensemble")
    assert "ensemble" in (here / "ensemble" / "report.html").read_text()


def test_a_search_gives_its_page_and_its_recipe(here, capsys):
    command("report", "search")
    assert "14.69" in (here / "search" / "search.html").read_text()
    command("train", "--recipe", "search/best.json", "--out", "again")
    assert Run(here / "again").read_record().recipe.to_json()["learning_rate"] == 0.000253


@pytest.mark.parametrize("name", ["baseline/run.json", "search/search.json", "search/best.json"])
def test_three_files_refuse_another_format(name, here, capsys):
    path = here / name
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(InputError, match="format 2, expected 1: another version wrote it"):
        {
            "run.json": Run(path.parent).read_record,
            "search.json": _search(path).read_record,
            "best.json": _search(path).read_best,
        }[path.name]()


def _search(path):
    from fashion_nn.runs import Search

    return Search(path.parent)
