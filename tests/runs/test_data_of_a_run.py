"""A run on a file knows where that was, and refuses another file in its place."""

import json

import coloured
import pytest
from run_folders import make_run

from fashion_nn import datasets
from fashion_nn.cli import common
from fashion_nn.datasets import ReadOptions
from fashion_nn.errors import InputError
from fashion_nn.runs import DatasetRecord


@pytest.fixture
def run(tmp_path):
    """A run on a CSV with test rows of their own."""
    coloured.write_csv(tmp_path / "train.csv", coloured.digits(60))
    coloured.write_csv(tmp_path / "test.csv", coloured.digits(20, first=60))
    run = make_run(tmp_path / "run")
    data = DatasetRecord.of(datasets.load(tmp_path / "train.csv"))
    run.write_record(run.read_record().model_copy(update={"dataset": data}))
    return run


def loaded(run):
    return common.loader(None, None, None, ReadOptions())(run)


def test_without_the_arguments_the_file_has_to_be_named(run):
    with pytest.raises(InputError, match="which has no name here: give the file with --dataset"):
        loaded(run)


def test_the_file_is_found_from_any_folder(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    common.store_arguments(run, "train.csv", tmp_path / "test.csv", ReadOptions())
    monkeypatch.chdir("/")
    splits = loaded(run)
    assert (len(splits.train) + len(splits.valid), len(splits.test)) == (60, 20)


def test_other_rows_in_its_place_are_refused(run, tmp_path):
    common.store_arguments(run, tmp_path / "train.csv", None, ReadOptions())
    coloured.write_csv(tmp_path / "train.csv", coloured.digits(60, first=300))
    with pytest.raises(InputError, match=r"does not hold the rows any more .* with --dataset"):
        loaded(run)


def test_a_file_that_is_gone_is_one_line(run, tmp_path):
    common.store_arguments(run, tmp_path / "train.csv", None, ReadOptions())
    (tmp_path / "train.csv").unlink()
    with pytest.raises(InputError, match=r"trained on .*train\.csv, which is not there"):
        loaded(run)


def changed(run, **data):
    content = json.loads(run.record.read_text())
    content["data"] |= data
    run.record.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "data",
    [{"delimiter": "ab"}, {"delimiter": "1"}, {"image_size": [0, 64]}, {"header": "no"}],
    ids=str,
)
def test_arguments_that_no_command_takes_are_refused(run, tmp_path, data):
    common.store_arguments(run, tmp_path / "train.csv", None, ReadOptions())
    changed(run, **data)
    with pytest.raises(InputError, match=r"run\.json"):
        loaded(run)


def test_arguments_of_a_later_version_are_passed_over(run, tmp_path):
    common.store_arguments(run, tmp_path / "train.csv", None, ReadOptions())
    changed(run, rotated=90)
    assert len(loaded(run).original_train()) == 60


def test_how_it_was_read_is_stored_too(run, tmp_path):
    text = (tmp_path / "train.csv").read_text().splitlines(keepends=True)[1:]
    (tmp_path / "train.csv").write_text("".join(text).replace(",", ";"))
    options = ReadOptions(header=False, label_column="first", delimiter=";")
    common.store_arguments(run, tmp_path / "train.csv", None, options)
    assert run.read_record().data.delimiter == ";"
    assert len(loaded(run).original_train()) == 60
