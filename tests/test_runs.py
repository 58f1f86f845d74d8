"""Run folders: what is complete, what is damaged, what belongs together."""

import json

import pytest

from fashion_nn import runs
from fashion_nn.errors import InputError
from fashion_nn.runs import Run


@pytest.fixture
def run(tmp_path):
    made = Run(tmp_path / "run")
    made.write_record({"recipe": {}, "dataset": {"name": "digits"}})
    made.model.write_bytes(b"a model")
    made.write_metrics({"valid": {"accuracy": 0.5}})
    return made


def test_what_was_written_is_read_again(run):
    assert run.complete and runs.open_run(run.folder) == run
    assert run.read_record()["dataset"] == {"name": "digits"}
    assert run.read_metrics() == {"model_sha256": runs.sha256(run.model), "valid": {"accuracy": 0.5}}
    rows = [{"epoch": 1, "learning_rate": 0.1, "loss": 1 / 3, "accuracy": 0.5}]
    run.write_history(rows)
    assert run.read_history() == rows


def test_metrics_change_only_when_their_content_does(run):
    before = run.metrics.stat().st_mtime_ns
    run.write_metrics({"valid": {"accuracy": 0.5}})
    assert run.metrics.stat().st_mtime_ns == before
    run.write_metrics({"valid": {"accuracy": 0.6}})
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
    Run(run.folder.parent / "begun").write_record({})
    (run.folder.parent / "other").mkdir()
    nested = Run(run.folder.parent / "demo" / "mlp")
    nested.write_record({})
    nested.model.write_bytes(b"")
    nested.write_metrics({})
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
    for path in [*kept, run.folder / ".resume.npz.abc123.npz", run.folder / ".model.keras.q1.keras"]:
        path.write_text("")
    run.remove_leftovers()
    assert {path.name for path in run.folder.iterdir()} == {
        "run.json", "model.keras", "metrics.json", ".notes", "x.npz"
    }  # fmt: skip


def test_the_environment_says_what_a_figure_depends_on():
    found = runs.environment()
    assert found["versions"]["tensorflow"] and found["versions"]["keras"]
    assert found["hardware"]["cores"] >= 1 and found["hardware"]["processor"]
