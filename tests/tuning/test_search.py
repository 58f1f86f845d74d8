"""The search over an engine that scores without training: wherever it is killed, it ends with the
same records.

The command itself, killed by SIGKILL in the midst of real trials, is in test_command.py.
"""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from fashion_nn import recipes, runs
from fashion_nn.core import writing
from fashion_nn.errors import InputError
from fashion_nn.runs import Run, Search, search_folder
from fashion_nn.tuning import median, search, space
from fashion_nn.tuning import plan as plans
from fashion_nn.tuning.oracle import ALGORITHMS, sweep
from fashion_nn.tuning.trial import DataSource, Result

BASE = recipes.override(recipes.get("mlp"), ["epochs=9"])
SOURCE = DataSource(source="digits", fingerprint="0" * 64)
# Of the clock, or of how often it was begun; all else in a record is the same after a kill.
OF_THE_CLOCK = ("started", "ended")


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


class Scores:
    """An engine whose curves come from the recipe's content; it writes a run folder's files, as
    small ones.
    """

    name, threads = "scores", 1
    failing = 0.1  # share of the trials

    def __init__(self, folder, slots=1):
        self.slots, self.folder, self.waiting, self.ran = slots, Search(folder), [], []

    def submit(self, job):
        assert len(self.waiting) < self.slots
        self.waiting.append(job)

    def wait(self, seconds):
        if not self.waiting:
            return []
        job = min(self.waiting, key=lambda job: chance(job.id))
        self.waiting.remove(job)
        self.ran.append(job.id)
        recipe = job.recipe.to_json()
        run = Run(self.folder.trial_folder(job.id))
        for path in (
            run.record,
            run.history,
            run.model,
            run.metrics,
            *[run.state] * (job.until_epoch is not None),
        ):
            writing.write_atomic(path, json.dumps({"recipe": recipe}))
        if chance([recipe, "fails"]) < self.failing:
            return [Result(id=job.id, status="failed", message="it was too much", seconds=1.0)]
        rows, status = [], "completed"
        for epoch in range(1, (job.until_epoch or job.recipe.epochs) + 1):
            reached = chance(recipe) * (1 - 0.5**epoch)
            rows.append({"epoch": float(epoch), "loss": 1.0, "val_accuracy": reached})
            if reached < job.thresholds.get(epoch, 0.0):
                status = "stopped-early"
                break
        score = max(row["val_accuracy"] for row in rows)
        return [
            Result(
                id=job.id,
                status=status,
                score=score,
                best_epoch=len(rows),
                epochs_run=len(rows),
                seconds=1.0,
                history=rows,
            )
        ]

    def close(self):
        self.waiting = []


def chance(what):
    return (
        int.from_bytes(hashlib.sha256(json.dumps(what, sort_keys=True).encode()).digest()[:4])
        / 2**32
    )


def plan(algorithm="random", **more):
    only = ("learning_rate", "optimizer", "augment.flip", "augment.shift_pixels")
    parameters = space.space(BASE, only=only, grid=algorithm == "grid")
    return search.SearchPlan(
        **{"algorithm": algorithm, "space": parameters, "recipe": BASE, "source": SOURCE, **more}
    )


def run(folder, digits, which=None, *, trials=8, slots=1, resume=True, retrain=True, engines=None):
    def start():
        engine = Scores(folder, slots)
        if engines is not None:
            engines.append(engine)
        return engine

    limits = search.SearchLimits(trials=trials, retrain=retrain)
    return search.run(which or plan(), digits, folder, start, limits=limits, resume=resume)


def records(found):
    trials = [trial.to_json() for trial in found.read_trials()]
    return [
        {name: value for name, value in trial.items() if name not in OF_THE_CLOCK}
        for trial in trials
    ]


def tree(found):
    return sorted(
        str(path.relative_to(found.folder))
        for path in found.folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


@pytest.mark.parametrize("slots", [1, 2])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_killed_at_any_write_it_ends_with_the_same_records(
    algorithm, slots, digits, tmp_path, monkeypatch
):
    trials = {"hyperband": sweep(9), "bayesian": 5}.get(algorithm, 8)
    which = plan(algorithm)
    whole = run(tmp_path / "whole", digits, which, trials=trials, slots=slots)
    assert len(whole.read_trials()) == trials

    def killing(path, content, write=writing.write_atomic, **where):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        write(path, content, **where)
        if left == 0:
            raise Killed  # just after

    # One folder that is killed at every third or so of its writes, until it is done.
    folder, kills, engines = tmp_path / "killed", 0, []
    while True:
        left = 1 + (kills * 7) % 11
        with monkeypatch.context() as patch:
            for module in (search_folder, writing):
                patch.setattr(module, "write_atomic", killing)
            try:
                found = run(folder, digits, which, trials=trials, slots=slots, engines=engines)
                break
            except Killed:
                kills += 1
        assert kills < 40 * trials
    assert kills > trials / 3
    if slots == 1:
        assert records(found) == records(whole)
        assert tree(found) == tree(whole)
        assert found.read_best() == whole.read_best()
    # With several at once, what ends first after a kill is not what would have; nothing is lost or
    # doubled though.
    ids = [trial.id for trial in found.read_trials()]
    assert ids == [f"{order:04d}" for order in range(trials)]
    assert all(trial.status in runs.DONE for trial in found.read_trials())
    settings = [
        json.dumps([trial.values, trial.to_json()["tuner"]]) for trial in found.read_trials()
    ]
    assert len(settings) == len(set(settings))
    again = []
    assert tree(run(folder, digits, which, trials=trials, engines=again)) == tree(found)
    assert again[0].ran == [], "nothing is done twice"


def test_temporary_files_of_a_killed_write_are_removed_and_nothing_else(digits, tmp_path):
    found = run(tmp_path / "a", digits, trials=2)
    left = [found.trials / ".0001.json.0f1e2d3c.json", found.folder / ".best.json.0f1e2d3c.json"]
    left += [found.folder / ".search.html.0f1e2d3c.html", found.folder / ".rows.npz.0f1e2d3c.npz"]
    kept = [
        found.trials / ".0001.json",
        found.folder / ".notes.txt",
        found.folder / ".best.json.mine.json",
    ]
    for path in [*left, *kept]:
        path.write_text("{")
    before = tree(found)
    run(tmp_path / "a", digits, trials=3)
    assert not [path for path in left if path.exists()]
    assert all(path.exists() for path in kept) and set(before) < set(tree(found))


def test_a_kill_in_the_middle_of_a_write_leaves_nothing_after_resuming(digits, tmp_path):
    """A process is killed while the record of a trial is in its temporary file."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from fashion_nn.core import writing\n"
        "with writing.replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'{')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    found = run(tmp_path / "a", digits, trials=2)
    done = subprocess.run([sys.executable, "-c", code, str(found.trial_record("0002"))])
    assert done.returncode == -signal.SIGKILL and len(list(found.trials.glob(".0002.json.*"))) == 1
    run(tmp_path / "a", digits, trials=3)
    assert not list(found.trials.glob(".*")) and len(found.read_trials()) == 3


def test_the_best_is_kept_and_no_other_model(digits, tmp_path):
    found = run(tmp_path / "a", digits, trials=9)
    trials, best = found.read_trials(), found.read_best()
    scored = [trial.score for trial in trials if trial.score is not None]
    assert best.score == max(scored)
    assert recipes.from_json(best.recipe.to_json()).seed == trials[int(best.trial)].seed
    assert found.read_record().identity_sha256 == best.search
    models = {path.parent.name for path in found.folder.rglob("model.keras")}
    assert models == {"best", "best-retrained", best.trial}
    again = best.retrained
    assert again.seed not in {trial.seed for trial in trials} and again.status == "completed"
    kept = json.loads((found.retrained_run / "model.keras").read_text())["recipe"]
    assert kept == best.recipe.to_json() | {"seed": again.seed}


def test_more_trials_later_are_those_that_would_have_come(digits, tmp_path):
    run(tmp_path / "a", digits, trials=3)
    more = run(tmp_path / "a", digits, trials=7)
    whole = run(tmp_path / "b", digits, trials=7)
    assert records(more) == records(whole)


def test_hyperband_keeps_what_it_may_go_on_with_and_no_more(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(Scores, "failing", 0.0)  # after a failure, a sweep takes more trials
    found = run(tmp_path / "a", digits, plan("hyperband"), trials=10)
    states = {path.parent.name for path in found.folder.rglob("resume.npz")}
    trials = found.read_trials()
    went_on = {trial.start_from for trial in trials}
    assert states and not states & (went_on - {found.read_best().trial})
    done = run(tmp_path / "a", digits, plan("hyperband"), trials=sweep(9))
    left = {path.parent.name for path in done.folder.rglob("resume.npz")}
    assert left <= {done.read_best().trial}
    for trial in done.read_trials():
        if before := trial.start_from:
            assert trial.seed == done.read_trials()[int(before)].seed


def test_the_median_rule_is_data_and_can_be_left_out(digits, tmp_path):
    found = run(tmp_path / "a", digits, trials=14)
    trials = found.read_trials()
    assert all(not trial.thresholds for trial in trials[: median.LEAST_TRIALS])
    late = [trial for trial in trials if trial.thresholds]
    assert late and any(trial.status == "stopped-early" for trial in late)
    for trial in late:
        before = [each for each in trials if each.ended_order < trial.created_after]
        expected = median.thresholds(before, "val_accuracy", 9)
        assert trial.thresholds == {str(epoch): value for epoch, value in expected.items()}
        assert min(map(int, trial.thresholds)) == 3 and max(map(int, trial.thresholds)) == 8
    for other in (plan(median_rule=False), plan("hyperband")):
        folder = tmp_path / other.algorithm
        assert not any(
            trial.thresholds for trial in run(folder, digits, other, trials=9).read_trials()
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, r"seed=0 \(now 1\)"),
        ({"folds": 3}, r"folds=None \(now 3\)"),
        ({"algorithm": "bayesian"}, r"algorithm='random' \(now 'bayesian'\)"),
        ({"space": space.space(BASE, only=["learning_rate"])}, "another space"),
        ({"recipe": recipes.override(BASE, ["patience=3"])}, r"recipe\.patience=50 \(now 3\)"),
        ({"median_rule": False}, r"median_rule=True \(now False\)"),
    ],
)
def test_another_search_is_refused(change, said, digits, tmp_path):
    run(tmp_path / "a", digits, trials=1, retrain=False)
    with pytest.raises(InputError, match=rf"holds another search: {said}: choose another --out"):
        run(tmp_path / "a", digits, plan(**change))


def test_other_data_and_versions_are_refused(digits, tmp_path, monkeypatch):
    run(tmp_path / "a", digits, trials=1, retrain=False)
    from dataclasses import replace

    with pytest.raises(InputError, match=r"dataset\.fingerprint="):
        run(tmp_path / "a", replace(digits, fingerprint="0" * 64))
    monkeypatch.setattr(plans, "version", lambda name: "9.9")
    with pytest.raises(InputError, match=r"versions\.keras='[0-9.]+' \(now '9\.9'\)"):
        run(tmp_path / "a", digits)


def test_folders_that_are_taken_damaged_or_in_use(digits, tmp_path):
    found = run(tmp_path / "a", digits, trials=2, retrain=False)
    with pytest.raises(InputError, match="a search is already there: add --resume"):
        run(tmp_path / "a", digits, resume=False)
    with found.locked(), pytest.raises(InputError, match="another process searches here"):
        run(tmp_path / "a", digits)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is no search"):
        run(tmp_path / "b", digits)
    found.trial_record("0001").write_text('{"id": "0001"')
    with pytest.raises(InputError, match=r"0001\.json: damaged"):
        run(tmp_path / "a", digits)
    found.record.write_text(found.record.read_text().replace('"seed": 0', '"seed": 1', 1))
    with pytest.raises(InputError, match="damaged"):
        run(tmp_path / "a", digits)


def test_when_everything_fails_it_says_why(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(
        Scores,
        "wait",
        lambda self, seconds: [
            Result(id=self.waiting.pop().id, status="failed", message="no such thing")
        ],
    )
    with pytest.raises(
        InputError, match="the first 3 trials all failed, the last one so: no such thing"
    ):
        run(tmp_path / "a", digits)


def test_the_time_is_kept_with_what_retraining_takes(digits, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(search.time, "monotonic", lambda: now[0])
    wait = Scores.wait

    def slow(self, seconds):
        now[0] += 10
        return [Result.from_json(r.to_json() | {"seconds": 10.0}) for r in wait(self, seconds)]

    monkeypatch.setattr(Scores, "wait", slow)
    limits = search.SearchLimits(seconds=65)
    engines = []

    def start():
        engines.append(Scores(tmp_path / "a", 2))
        return engines[-1]

    which = plan(median_rule=False)
    found = search.run(which, digits, tmp_path / "a", start, limits=limits)
    assert now[0] <= 70
    assert found.read_best().retrained.status == "completed"
    statuses = [trial.status for trial in found.read_trials()]
    assert "running" in statuses and len(engines) == 2, "those that ran are left to be gone on with"
    trials = run(tmp_path / "a", digits, which, trials=len(statuses), slots=2).read_trials()
    assert all(trial.status in runs.DONE for trial in trials) and len(trials) == len(statuses)
