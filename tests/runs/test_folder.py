"""Run folders: what is complete, what is damaged, what belongs together."""

import json

import numpy as np
import pytest
from run_folders import RECORD, make_run, scores

from fashion_nn import runs
from fashion_nn.core import reading, writing
from fashion_nn.errors import InputError
from fashion_nn.runs import Environment, Metrics, Run, TestPredictions


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run", 0.5, test=False)


@pytest.fixture
def answers(run):
    given = TestPredictions(
        np.array([0, 1, 1]),
        np.array([0, 1, 0]),
        np.float32([0.9, 0.8, 0.7]),
        np.float32([0.9, 0.8, 0.3]),
        "f" * 64,
    )
    run.write_test_predictions(given)
    return given


def test_what_was_written_is_read_again(run):
    assert run.complete and runs.open_run(run.folder) == run
    assert run.read_record().to_json() == RECORD | {"format": 1}
    assert run.read_metrics().to_json() == {
        "format": 1,
        "model_sha256": reading.sha256(run.model),
        "valid": scores(0.5),
    }
    rows = [{"epoch": 1, "learning_rate": 0.1, "loss": 1 / 3, "accuracy": 0.5}]
    run.write_history(rows)
    assert run.read_history() == rows


def test_metrics_change_only_when_their_content_does(run):
    before = run.metrics.stat().st_mtime_ns
    run.write_metrics(Metrics.model_validate({"valid": scores(0.5)}))
    assert run.metrics.stat().st_mtime_ns == before
    run.write_metrics(Metrics.model_validate({"valid": scores(0.6)}))
    assert run.metrics.stat().st_mtime_ns != before


def test_metrics_of_another_model_are_refused(run):
    run.model.write_bytes(b"another model")
    with pytest.raises(InputError, match=r"belongs to another model\.keras"):
        run.read_metrics()


def test_a_training_that_is_not_complete(run):
    run.metrics.unlink()
    with pytest.raises(InputError, match=r"not complete: continue it with .*--resume"):
        run.read_metrics()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00"])
def test_a_damaged_record_is_one_line(run, content):
    run.record.write_text(content)
    with pytest.raises(InputError, match=r"run\.json: damaged") as caught:
        run.read_record()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lacking", RECORD)
def test_a_half_written_record_is_one_line(run, lacking):
    writing.write_json(
        run.record, {"format": 1} | {key: value for key, value in RECORD.items() if key != lacking}
    )
    with pytest.raises(
        InputError, match=rf"run\.json: damaged \({lacking}: Field required\)"
    ) as caught:
        run.read_record()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"n": 0}, {"accuracy": "0.5"}, {"interval": [0.5]}, {"confusion": [1, 2]}]
)
def test_figures_of_another_form_are_one_line(run, change):
    writing.write_json(
        run.metrics, {"model_sha256": reading.sha256(run.model), "valid": scores(0.5) | change}
    )
    with pytest.raises(InputError, match=rf"metrics\.json: damaged \(valid\.{next(iter(change))}"):
        run.read_metrics()


def test_no_history_is_an_empty_one_and_a_damaged_one_is_refused(run):
    run.history.write_text("epoch,loss\n1,x\n")
    with pytest.raises(InputError, match=r"history\.csv: damaged"):
        run.read_history()
    run.history.unlink()
    assert run.read_history() == []


def test_answers_are_kept_as_they_were_with_the_same_bytes(run, answers):
    found = run.read_test_predictions()
    for name in ("labels", "predicted", "confidence", "of_truth"):
        assert (getattr(found, name) == getattr(answers, name)).all()
    assert found.labels.dtype == np.int64 and found.fingerprint == "f" * 64
    assert found.right.tolist() == [True, True, False]
    content = run.test_predictions.read_bytes()
    run.write_test_predictions(found)
    assert run.test_predictions.read_bytes() == content


def test_answers_of_another_model_do_not_count(run, answers):
    run.model.write_bytes(b"another model")
    assert run.read_test_predictions() is None


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-40], lambda content: b"PK", lambda content: b""]
)
def test_damaged_answers_are_one_line(run, answers, damage):
    run.test_predictions.write_bytes(damage(run.test_predictions.read_bytes()))
    with pytest.raises(
        InputError, match=r"test-predictions\.npz: damaged .*remove it and evaluate again"
    ):
        run.read_test_predictions()


def test_a_pickle_in_the_place_of_answers_is_not_loaded(run, answers):
    np.savez(run.test_predictions, labels=np.array([print], dtype=object))
    with pytest.raises(InputError, match="damaged"):
        run.read_test_predictions()


def test_a_record_of_a_newer_format(run):
    run.record.write_text(json.dumps({"format": 99}))
    with pytest.raises(InputError, match="format 99, expected 1"):
        run.read_record()


def test_binary_in_the_place_of_text(run):
    run.record.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not text"):
        run.read_record()


def test_no_run_there(tmp_path):
    with pytest.raises(InputError, match="no such run folder"):
        runs.open_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"not a run folder: it has no run\.json"):
        runs.open_run(tmp_path)


def test_find_lists_complete_runs_only(run):
    record = run.read_record()
    Run(run.folder.parent / "begun").write_record(record)
    (run.folder.parent / "other").mkdir()
    nested = Run(run.folder.parent / "demo" / "mlp")
    nested.write_record(record)
    nested.model.write_bytes(b"")
    nested.write_metrics(Metrics())
    assert [found.name for found in runs.find(run.folder.parent)] == ["mlp", "run"]


def test_a_taken_folder_is_refused(run, tmp_path):
    with pytest.raises(InputError, match="already there: add --resume"):
        runs.require_free(run.folder, resume=False)
    runs.require_free(run.folder, resume=True)
    runs.require_free(tmp_path / "new", resume=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        runs.require_free(tmp_path / "file", resume=True)


def test_leftovers_of_a_killed_save_are_removed_and_nothing_else(run):
    kept = [run.folder / ".notes", run.folder / "x.npz"]
    for path in [
        *kept,
        run.folder / ".resume.npz.0f1e2d3c",
        run.folder / ".model.keras.0f1e2d3c.keras",
    ]:
        path.write_text("")
    run.remove_leftovers()
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json",
        "split.json",
        "history.csv",
        "model.keras",
        "metrics.json",
        ".notes",
        "x.npz",
    }


def test_the_environment_says_what_a_figure_depends_on():
    found = Environment.here()
    assert found.versions["tensorflow"] and found.versions["keras"]
    assert found.hardware.cores >= 1 and found.hardware.processor
