"""A run or search folder that somebody else made leads to no other file, and blocks nothing."""

import json
import os

import pytest
from run_folders import make_run
from search_folders import make_search

from fashion_nn import runs, submission
from fashion_nn.core import reading
from fashion_nn.errors import InputError
from fashion_nn.runs import Search
from fashion_nn.training.state import TrainState

MINE = "mine\n"


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.write_text(MINE)
    yield path
    assert path.read_text() == MINE


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "models" / "run")


@pytest.fixture
def search(tmp_path):
    return make_search(tmp_path / "search", ["completed", "completed"])


def link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def fifo(path, _target):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def dangling(path, target):
    link(path, target.with_name("nowhere"))


KINDS = pytest.mark.parametrize("make", [link, dangling, fifo], ids=lambda make: make.__name__)


@KINDS
@pytest.mark.parametrize(
    "name", ["test-openings.jsonl", "run.json", "model.keras", "notes.txt", ".hidden"]
)
def test_a_run_folder_with_anything_but_plain_files_is_refused(run, victim, make, name):
    make(run.folder / name, victim)
    expected = "expected a plain file"
    if (make, name) == (dangling, "run.json"):
        expected = "not a run folder|exists and is no run"
    for attempt in (
        lambda: runs.open_run(run.folder),
        lambda: runs.require_free(run.folder, resume=True),
    ):
        with pytest.raises(InputError, match=expected):
            attempt()
    assert not victim.with_name("nowhere").exists()


@KINDS
def test_the_log_of_openings_is_written_to_a_plain_file_only(run, victim, make):
    make(run.openings, victim)
    with pytest.raises(InputError, match=r"test-openings\.jsonl: is a (symbolic link|FIFO)"):
        run.log_opening("evaluate")
    assert not victim.with_name("nowhere").exists()


@KINDS
def test_the_file_that_a_search_locks_is_a_plain_one(search, victim, make):
    make(search.folder / ".lock", victim)
    with pytest.raises(InputError, match=r"\.lock: is a"), search.locked():
        pass
    assert not victim.with_name("nowhere").exists()


def test_locking_leaves_what_is_in_the_file(search):
    (search.folder / ".lock").write_text("older")
    with search.locked(), pytest.raises(InputError, match="another process"), search.locked():
        pass
    assert (search.folder / ".lock").read_text() == "older"


def test_a_link_below_the_trials_is_refused(search, victim):
    (search.trials / "0009").mkdir()
    link(search.trials / "0009" / "notes.txt", victim)
    for attempt in (runs.open_search, lambda path: runs.require_free_for_search(path, resume=True)):
        with pytest.raises(InputError, match=r"notes\.txt: is a symbolic link"):
            attempt(search.folder)


def test_trials_that_lie_elsewhere_are_refused(search, tmp_path):
    search.trials.rename(tmp_path / "elsewhere")
    search.trials.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="trials: is a symbolic link"):
        runs.open_search(search.folder)


@pytest.mark.parametrize("id", ["../../x", "/tmp/x", "0001/../../x", "0000\n", "1", "0002"])
def test_the_id_of_a_trial_is_the_name_of_its_file(search, id):
    path = search.trial_record("0001")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"id": id}))
    with pytest.raises(InputError, match=r"0001\.json: damaged \(id .*expected 0001\)"):
        search.read_trials()


@pytest.mark.parametrize(
    "key", ["status", "score", "ended", "ended_order", "asked_in_vain", "history", "tuner"]
)
def test_a_half_written_record_of_a_trial_is_refused(search, key):
    path = search.trial_record("0001")
    content = json.loads(path.read_text())
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"0001\.json: damaged \({key}: Field required\)"):
        search.read_trials()


@pytest.mark.parametrize("environment", [{}, {"commit": "a"}, {"hardware": {}}, 3, None])
def test_a_search_is_read_whatever_it_says_of_its_environment(search, environment):
    content = json.loads(search.record.read_text())
    search.record.write_text(json.dumps(content | {"environment": environment}))
    assert search.read_record().environment is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04"])
def test_a_damaged_state_of_a_training_is_one_line(run, content):
    run.state.write_bytes(content)
    with pytest.raises(
        InputError, match=r"resume\.npz: damaged .*: remove it to train from the start"
    ):
        TrainState.load(run.state, dict.fromkeys(("variables", "optimizer", "best_weights"), ()))


ROUND = {"epochs": 2, "initial_epoch": 1, "bracket": 1, "round": 1}


@pytest.mark.parametrize("start", ["..", "../../x", "/tmp", "0007", ["0000"]])
def test_a_trial_goes_on_from_a_trial(search, start):
    path = search.trial_record("0001")
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"tuner": {**ROUND, "start_from": start}})
    )
    with pytest.raises(
        InputError,
        match=r"0001\.json: damaged \((start_from is no trial|tuner\.start_from: .*string)\)",
    ):
        search.read_trials()


@pytest.mark.parametrize("id", ["../x", "/x", "", "0001\n", "x", "0001-retrained/..", "0" * 300])
def test_no_path_is_made_from_a_text_that_is_no_id(tmp_path, id):
    with pytest.raises(InputError, match="not the id of a trial"):
        Search(tmp_path).trial_folder(id)
    assert Search(tmp_path).trial_folder("0001-retrained").parent == tmp_path / "trials"


def test_the_folder_that_a_user_names_may_be_a_link(run, tmp_path):
    (tmp_path / "best").symlink_to(run.folder)
    assert runs.open_run(tmp_path / "best").read_record()


def test_a_folder_beside_a_model_that_cannot_be_read_says_nothing(run, victim):
    fifo(run.record, victim)
    assert submission.trained_on(run.model) is None


def test_a_large_file_is_not_read(tmp_path):
    (tmp_path / "run.json").write_bytes(bytes(1001))
    with pytest.raises(InputError, match="is larger than 1,000 bytes: expected a small file"):
        reading.read_bytes(tmp_path / "run.json", expected="expected a small file", most=1000)


def put(path, **changes):
    """Change the values of these keys in a JSON file; a dotted key is written with two _."""
    content = json.loads(path.read_text())
    for key, value in changes.items():
        *outer, last = key.split("__")
        place = content
        for name in outer:
            place = place[name]
        place[last] = value
    path.write_text(json.dumps(content))


@pytest.fixture
def models(tmp_path):
    """Two good runs between three that nobody can use."""
    root = tmp_path / "models"
    for name in ("1-good", "3-good"):
        make_run(root / name)
    put(make_run(root / "0-null").record, recipe__options=None)
    put(make_run(root / "2-text").metrics, valid__accuracy="high")
    make_run(tmp_path / "elsewhere")
    (root / "4-link").symlink_to(tmp_path / "elsewhere")
    return root


def test_a_bad_folder_among_others_is_skipped_and_named(models):
    said = []
    assert [run.name for run in runs.find(models, note=said.append)] == ["1-good", "3-good"]
    assert len(said) == 3
    for name, line in zip(("0-null", "2-text", "4-link"), said, strict=True):
        assert line.startswith(f"a run was skipped: {models / name}")
    with pytest.raises(InputError, match="0-null"):
        list(runs.find(models))
    assert submission.best_run(models, "digits", (8, 8)).name == "1-good"


def test_of_several_runs_that_are_named_the_bad_one_is_skipped(models):
    said = []
    named = [models / "0-null", models / "3-good", models / "4-link"]
    found = runs.open_complete(named, note=said.append)
    assert [run.name for run in found] == ["3-good", "4-link"]
    assert len(said) == 1 and "0-null" in said[0]
    with pytest.raises(InputError, match="0-null"):
        runs.open_complete(named[:1], note=said.append)
    with pytest.raises(InputError, match="no such run folder"):
        runs.open_complete([models / "1-good", models / "none"], note=said.append)


def test_the_figures_of_a_run_are_of_its_classes(models):
    put(models / "1-good" / "metrics.json", valid__per_class=[])
    with pytest.raises(InputError, match="figures of 0 classes, the data has 2"):
        runs.open_complete([models / "1-good"], note=print)
