"""docs/public.md against what is there: the commands, the exit codes, the lists of keys, and the
Python names.
"""

import re
from pathlib import Path

import pytest

import fashion_nn
from fashion_nn import datasets, zoo
from fashion_nn.cli.main import app
from fashion_nn.errors import InputError
from fashion_nn.lab import backprop

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "public.md").read_text()
SCHEMAS = ROOT / "tests" / "golden" / "schemas"


def section(title):
    """The lines below a heading of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def name(command):
    return command.name or command.callback.__name__.replace("_", "-")


def test_the_page_names_every_command():
    listed = {}
    for line in re.findall(r"^    fashion-nn (.+)$", section("Commands"), re.MULTILINE):
        first, *others = line.split(" | ")
        group, _, inside = first.rpartition(" ")
        listed[group] = {inside, *others}
    there = {"": {name(command) for command in app.registered_commands}}
    there |= {
        group.name: {
            name(command).rstrip("-") for command in group.typer_instance.registered_commands
        }
        for group in app.registered_groups
    }
    assert listed == there


def test_the_page_names_every_list_of_keys():
    linked = set(re.findall(r"\.\./tests/golden/schemas/(\S+?)\)", section("Files")))
    assert linked == {
        path.name for path in SCHEMAS.iterdir() if not path.name.startswith("printed-")
    }


def test_what_is_written_as_json_has_the_format():
    without = {"split.json.txt", "test-openings.jsonl.txt"}
    for path in SCHEMAS.glob("*json*"):
        lines = path.read_text().splitlines()
        assert any(re.fullmatch(r"(\*\.)?format: integer", line) for line in lines) == (
            path.name not in without
        )


def test_the_functions_of_the_package_are_named():
    # tests/api calls them.
    named = set(re.findall(r"`(?:fashion_nn\.)?(\w+)`", section("Python")))
    assert set(fashion_nn.__all__) <= named


def test_datasets_load():
    splits = datasets.load("digits")
    assert len(splits.train) + len(splits.valid) == 1438 and len(splits.test) == 359
    assert splits.train.images.shape[1:] == (28, 28) and len(splits.train.labels) == len(
        splits.train
    )
    assert splits.classes == 10 and list(splits.class_names) == list("0123456789")
    with pytest.raises(InputError, match="neither a file or folder nor a known data set"):
        datasets.load("nothing")


def test_zoo_build():
    model = zoo.build("mlp")
    assert model.name == "mlp" and model.count_params() == 244_591
    assert zoo.build("mlp", image_shape=(8, 8), classes=3).output_shape == (None, 3)
    with pytest.raises(InputError, match="unknown model"):
        zoo.build("nothing")


def test_backprop_from_json_and_grade():
    exercise = backprop.from_json(backprop.built_in()["report-004/1"]["exercise"])
    marks = backprop.grade(exercise, {"deltas": [None, [[0.113937], [0.13437]]]}).to_json()
    assert marks["verdict"] == "wrong" and marks["first_wrong"]["slip"] == "sign lost"
    right = backprop.trace(exercise).to_json()
    assert backprop.grade(exercise, {"deltas": right["deltas"]}).to_json()["verdict"] == "right"
    assert backprop.grade(exercise, {"format": 1, **right}).to_json()["verdict"] == "right"
    with pytest.raises(InputError):
        backprop.from_json({})
    assert issubclass(InputError, ValueError)
