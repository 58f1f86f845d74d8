"""The record of several runs, and the picture that is drawn from it."""

import json

import pytest
from typer.testing import CliRunner

from fashion_nn import measures, recipes
from fashion_nn.cli.main import app
from fashion_nn.errors import InputError
from fashion_nn.pages import histories
from fashion_nn.runs import Metrics, Record, Run, StoredScores


def make_run(folder, name="dcn-relu-xavier-adam", *settings, cores=2, test=True):
    run, recipe = Run(folder), recipes.override(recipes.get(name), settings)
    record = Record.model_validate(
        {
            "recipe": recipe.to_json(),
            "dataset": {
                "name": "mnist",
                "fingerprint": "f",
                "split_id": "s",
                "image_shape": [28, 28],
                "class_names": ["no", "yes"],
                "rows": {"train": 9, "valid": 1},
            },
            "parameters": 1234,
            "environment": {
                "python": "3",
                "versions": {"keras": "3"},
                "hardware": {"cores": cores},
                "commit": "c",
            },
            "best_epoch": 2,
            "sessions": [{"epoch_seconds": [1.5, 2.0]}],
        }
    )
    run.write_record(record)
    rows = [
        {"epoch": n, "learning_rate": 0.1, "loss": 1 / n, "accuracy": 0.5, "val_loss": 0.2 / n}
        for n in (1, 2)
    ]
    run.write_history([row | {"val_accuracy": 0.9} for row in rows])
    run.model.write_bytes(b"model")
    scores = measures.score([0] * 93 + [1] * 7, [[0.9, 0.1]] * 100)
    stored = StoredScores.of(scores)
    run.write_metrics(Metrics(valid=stored, test=stored) if test else Metrics(valid=stored))
    return run


def test_runs_of_one_configuration_stand_together(tmp_path):
    runs = [
        make_run(tmp_path / "a"),
        make_run(tmp_path / "b", "dcn-relu-xavier-adam", "seed=7", test=False),
        make_run(tmp_path / "c", "dcn-relu-xavier-adam", "learning_rate=0.1"),
        make_run(tmp_path / "d", "dcn-sigmoid-he-sgd"),
    ]
    found = histories.record(runs).to_json()
    assert {
        name: [run["seed"] for run in each["runs"]]
        for name, each in found["configurations"].items()
    } == {
        "dcn-relu-xavier-adam": [1000, 7],
        "dcn-relu-xavier-adam learning_rate=0.1": [1000],
        "dcn-sigmoid-he-sgd": [1000],
    }
    first, second = found["configurations"]["dcn-relu-xavier-adam"]["runs"]
    assert first["history"][1] == {
        "epoch": 2,
        "train_accuracy": 0.5,
        "loss": 0.5,
        "valid_accuracy": 0.9,
        "valid_loss": 0.1,
    }
    assert (first["test_accuracy"], first["kept_epoch"], first["parameters"]) == (0.93, 2, 1234)
    assert second["test_accuracy"] is None
    assert found["hardware"] == {"cores": 2} and found["versions"] == {"python": "3", "keras": "3"}


def test_runs_of_two_machines_are_not_one_record(tmp_path):
    with pytest.raises(InputError, match="other data, hardware or versions"):
        histories.record([make_run(tmp_path / "a"), make_run(tmp_path / "b", cores=4)])


def test_the_command_writes_both(tmp_path):
    make_run(tmp_path / "a")
    out = {"--histories": tmp_path / "found.json", "--curves": tmp_path / "curves.png"}
    words = [str(word) for pair in out.items() for word in pair]
    done = CliRunner().invoke(app, ["compare", str(tmp_path / "a"), *words], catch_exceptions=False)
    assert done.exit_code == 0
    found = json.loads(out["--histories"].read_text())
    assert list(found["configurations"]) == ["dcn-relu-xavier-adam"]
    assert str(tmp_path) not in out["--histories"].read_text()
    first = out["--curves"].read_bytes()
    assert first.startswith(b"\x89PNG")
    record = ["--record", str(out["--histories"])]
    done = CliRunner().invoke(app, ["compare", *record, *words[2:]], catch_exceptions=False)
    assert done.exit_code == 0 and "dcn-relu-xavier-adam" in done.stdout and "93.00" in done.stdout
    assert out["--curves"].read_bytes() == first
    with pytest.raises(InputError, match="replaces the run folders"):
        CliRunner().invoke(app, ["compare", "a", *record], catch_exceptions=False)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        '{"configurations": {}}',
        '{"configurations": {"a": 1}, "dataset": {"name": "x"}}',
    ],
)
def test_another_file_is_no_record(content, tmp_path):
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match="no record of trainings"):
        histories.read(path)
