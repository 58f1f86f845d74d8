"""Whatever is written in place of a value of a stored record: it is used, or it is one line."""

import contextlib
import copy
import io
import itertools
import json

import pytest
from run_folders import make_run
from search_folders import make_search

from fashion_nn import runs, submission
from fashion_nn.cli import compare, tune
from fashion_nn.errors import InputError
from fashion_nn.pages import card, leaderboard, search_page
from fashion_nn.runs import Identity

ODD = [None, float("nan"), float("inf"), -1, 0, 10**30, 1e300, "", "\ud800", "yesterday", "../x"]
ODD += [[], {}, True, ["a"], {"a": 1}, "x" * 5000]
MISSING = object()


def places(value, path=()):
    """The paths to all values in some JSON; of a list, to those in its first item."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(content, path, value):
    content = copy.deepcopy(content)
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


def require_answers_or_one_line(file, use, odd):
    """Put the next of the values `odd` in each place of a JSON file, and use what it belongs to."""
    text = file.read_text()
    content = json.loads(text)
    values = itertools.cycle(odd)
    refused = 0
    for path in list(places(content))[1:]:
        found = changed(content, path, next(values))
        if path[0] == "identity" and len(path) > 1:  # whoever changes it can change its checksum
            with contextlib.suppress(ValueError):
                found["identity_sha256"] = Identity.model_validate(found["identity"]).sha256
        file.write_text(json.dumps(found))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                use()
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    file.write_text(text)
    assert refused


@pytest.fixture
def use_run(tmp_path, monkeypatch):
    monkeypatch.setattr(compare.console, "note", lambda line: None)
    run = make_run(tmp_path / "models" / "run")
    other = make_run(tmp_path / "models" / "other")

    def use():
        found = leaderboard.rows([*runs.open_complete([run.folder], note=print), other])
        compare._print_leaderboard(found)
        leaderboard.write_csv(found, tmp_path / "table.csv")
        leaderboard.write_leaderboard([run, other], tmp_path / "models" / "leaderboard.html")
        card.write_card(run)
        submission.best_run(tmp_path / "models", "digits", (8, 8))

    use()
    return run, use


@pytest.fixture
def use_search(tmp_path):
    search = make_search(
        tmp_path / "search", ["completed", "stopped-early", "failed", "completed", "running"]
    )

    def use():
        search_page.write_search_page(search.folder)
        tune._print_search(tune.Request("mlp"), search)

    use()
    return search, use


OFFSETS = [pytest.param(0), *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 18))]


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("name", ["run.json", "metrics.json", "split.json"])
def test_the_records_of_a_run(use_run, name, offset):
    run, use = use_run
    odd = [*ODD, MISSING]
    require_answers_or_one_line(run.folder / name, use, odd[offset:] + odd[:offset])


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("name", ["search.json", "best.json", "trials/0000.json"])
def test_the_records_of_a_search(use_search, name, offset):
    search, use = use_search
    odd = [*ODD, MISSING]
    require_answers_or_one_line(search.folder / name, use, odd[offset:] + odd[:offset])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ended": "yesterday"}, "ended: expected a time such as"),
        ({"score": float("nan")}, "score: Input should be a finite number"),
        ({"values": {"optimizer": "lion"}}, "values.optimizer: 'lion' is not in the space"),
        ({"values": {"learning_rate": 7.0}}, r"values.learning_rate: '7\.0' is not in the space"),
        ({"values": {"lr": 0.1}}, "values: 'lr' is no parameter of the search"),
        ({"history": [{"loss": 1.0}]}, "history: a row without the number of its epoch"),
        ({"history": [{"epoch": 1}]}, "history: a row without 'val_accuracy'"),
        ({"ended_order": 7}, "ended_order: the trials did not end one after the other"),
        ({"ended_order": None}, "status: completed does not fit when trial 0000 ended|ended_order"),
        ({"created_after": 5}, "created_after: trial 0000 was not created when it says"),
        ({"message": "\ud800"}, "half of a surrogate pair"),
    ],
)
def test_a_trial_that_cannot_be(use_search, changes, said):
    search, _ = use_search
    path = search.trial_record("0000")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    for attempt in (
        search.read_trials,
        lambda: runs.require_free_for_search(search.folder, resume=True),
    ):
        with pytest.raises(InputError, match=said):
            attempt()


def test_a_loss_of_a_training_that_diverged_may_be_no_number(use_search):
    search, use = use_search
    path = search.trial_record("0002")
    row = {"epoch": 1, "loss": float("nan"), "val_accuracy": float("inf")}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"history": [row]}))
    use()
