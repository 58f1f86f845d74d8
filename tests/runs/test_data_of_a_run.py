"""A run on a file knows where that was, and refuses another file in its place."""

import json

import coloured
import pytest
from run_folders import make_run

from fashion_nn import datasets
from fashion_nn.api.data import of_run
from fashion_nn.cli import common
from fashion_nn.datasets import FOUND_OUT, ReadOptions
from fashion_nn.errors import InputError
from fashion_nn.runs import DatasetRecord


@pytest.fixture
def run(tmp_path):
    """A run on a CSV with test rows of their own."""
    coloured.write_csv(tmp_path / "train.csv", coloured.digits(60))
    coloured.write_csv(tmp_path / "test.csv", coloured.digits(20, first=60))
    return make_run(tmp_path / "run")


def store(run, path, test=None, options=FOUND_OUT, *, with_origin=True):
    """Write the record of a run on this file."""
    splits = datasets.load(path, test=test, options=options)
    record = run.read_record().model_copy(update={"dataset": DatasetRecord.of(splits)})
    run.write_record(record.with_origin(splits) if with_origin else record)


@pytest.fixture(params=["command", "Python"])
def loaded(request):
    """What reads the data of a run again."""
    if request.param == "command":
        return common.loader(None, None, None, FOUND_OUT)
    return lambda run: of_run(run, None)


def test_without_the_arguments_the_file_has_to_be_named(run, tmp_path, loaded):
    store(run, tmp_path / "train.csv", with_origin=False)
    with pytest.raises(InputError, match="which has no name here: give the file with --dataset"):
        loaded(run)


def test_the_file_is_found_from_any_folder(run, loaded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store(run, "train.csv", "test.csv")
    monkeypatch.chdir("/")
    splits = loaded(run)
    assert (len(splits.train) + len(splits.valid), len(splits.test)) == (60, 20)


def test_other_rows_in_its_place_are_refused(run, loaded, tmp_path):
    store(run, tmp_path / "train.csv")
    coloured.write_csv(tmp_path / "train.csv", coloured.digits(60, first=300))
    with pytest.raises(InputError, match=r"does not hold the rows any more .* with --dataset"):
        loaded(run)


def test_a_file_that_is_gone_is_one_line(run, loaded, tmp_path):
    store(run, tmp_path / "train.csv")
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
def test_arguments_that_no_command_takes_are_refused(run, loaded, tmp_path, data):
    store(run, tmp_path / "train.csv")
    changed(run, **data)
    with pytest.raises(InputError, match=r"run\.json"):
        loaded(run)


def test_arguments_of_a_later_version_are_passed_over(run, loaded, tmp_path):
    store(run, tmp_path / "train.csv")
    changed(run, rotated=90)
    assert len(loaded(run).original_train()) == 60


def test_how_it_was_read_is_stored_too(run, loaded, tmp_path):
    text = (tmp_path / "train.csv").read_text().splitlines(keepends=True)[1:]
    (tmp_path / "train.csv").write_text("".join(text).replace(",", ";"))
    options = ReadOptions(header=False, label_column="first", delimiter=";")
    store(run, tmp_path / "train.csv", None, options)
    assert run.read_record().data.delimiter == ";"
    assert len(loaded(run).original_train()) == 60
