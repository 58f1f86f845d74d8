"""Trials in processes of their own: what they leave, and what a bad one costs."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fashion_nn import training
from fashion_nn.runs import Run
from fashion_nn.tuning import rows
from fashion_nn.tuning.engines.local import LocalEngine
from fashion_nn.tuning.trial import Result, perform


def finish(engine, *jobs):
    """Run `jobs`, as many at once as there are slots; their results by id."""
    waiting, found = list(jobs), {}
    while len(found) < len(jobs):
        while waiting and len(engine._running) < engine.slots:
            engine.submit(waiting.pop(0))
        found |= {result.id: result for result in engine.wait(60)}
    return found


def started(engine, id):
    """Wait until trial `id` has a process, and a run folder, so that it is in the midst of its
    training.
    """
    run = Run(engine._search.trial_folder(id))
    while not (id in engine.pids and run.exists):
        assert engine.wait(0.05) == []
    return engine.pids[id]


def alive(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    return "State:\tZ" not in status


@pytest.fixture(scope="module")
def engine(tmp_path_factory, digits):
    engine = LocalEngine(tmp_path_factory.mktemp("search"), 2, digits)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def results(engine, make_job):
    return finish(
        engine,
        make_job("0003", until_epoch=2),
        make_job("0000"),
        make_job("0001"),
        make_job("0004", start_from="0003"),
        make_job("0002", thresholds={2: 0.99}),
        # At this decay each step turns a weight into -10 times itself.
        make_job("0005", "weight_decay=220", "epochs=40"),
        make_job("0006", "options.nonsense=3"),
        make_job("0007", folds=2),
        # With as many threads as this process has: their number changes the last digits of a sum.
        make_job("0008", threads=None),
    )


def test_a_job_goes_through_a_pipe_and_a_result_through_json(make_job, results):
    job = make_job(
        "0009",
        thresholds={3: 0.5},
        start_from="0001",
        until_epoch=2,
        folds=3,
        time_limit_seconds=1.5,
    )
    assert pickle.loads(pickle.dumps(job)) == job
    assert Result.from_json(json.loads(json.dumps(results["0000"].to_json()))) == results["0000"]


def test_a_trial_leaves_an_ordinary_run_with_the_figures_of_a_training(
    engine, results, make_job, digits, tmp_path
):
    outcome = training.run(make_job("0008").recipe, digits, tmp_path / "run")
    result, run = results["0008"], Run(engine._search.trial_folder("0008"))
    assert result.status == "completed" and result.message is None
    assert result.history == outcome.run.read_history() == run.read_history()
    assert result.score == max(row["val_accuracy"] for row in result.history)
    assert result.best_epoch == outcome.best_epoch and result.epochs_run == 3
    assert (
        result.worker.endswith(f":{result.worker.rsplit(':')[-1]}")
        and result.peak_memory_bytes > 100 << 20
    )
    assert run.model.read_bytes() == outcome.run.model.read_bytes()
    assert run.read_metrics().valid == outcome.metrics.valid


def test_a_trial_again_gives_the_same_figures(engine, results):
    first, second = (engine._search.trial_folder(id) for id in ("0000", "0001"))
    assert results["0000"].history == results["0001"].history
    assert Run(first).model.read_bytes() == Run(second).model.read_bytes()


def test_below_the_median_it_ends(results):
    result = results["0002"]
    assert result.status == "stopped-early" and result.epochs_run == 2
    assert result.score == max(row["val_accuracy"] for row in results["0000"].history[:2])
    assert "the median of the trials before is 0.9900" in result.message


def test_going_on_with_another_trial_is_as_never_having_stopped(engine, results):
    assert (
        results["0003"].epochs_run == 2 and results["0003"].history == results["0000"].history[:2]
    )
    assert results["0004"].history == results["0000"].history
    whole, continued = (Run(engine._search.trial_folder(id)) for id in ("0000", "0004"))
    assert continued.model.read_bytes() == whole.model.read_bytes()
    assert len(continued.read_record().sessions) == 2, "it did go on"


def test_without_the_state_to_go_on_with_it_trains_from_the_start(
    make_job, digits, tmp_path, results
):
    found = perform(make_job("0004", start_from="0003"), tmp_path / "0004", digits)
    assert found.history == results["0008"].history


def test_what_goes_wrong_is_one_line(results):
    assert results["0005"].status == "diverged" and "not a finite number" in results["0005"].message
    assert results["0006"].status == "failed" and "no option 'nonsense'" in results["0006"].message
    for id in ("0005", "0006"):
        assert results[id].score is None and "\n" not in results[id].message


def test_folds_hold_out_every_row_once_and_no_test_row(engine, results, digits):
    result = results["0007"]
    parts = [[row for row in result.history if row["fold"] == k] for k in (1, 2)]
    best = [max(row["val_accuracy"] for row in part) for part in parts]
    assert result.score == sum(best) / 2 and len(result.history) == result.epochs_run == 6
    folder = engine._search.trial_folder("0007")
    held_out = [Run(folder / f"fold-{k}").read_split().valid_indices for k in (1, 2)]
    assert sorted(held_out[0] + held_out[1]) == list(range(len(digits.train) + len(digits.valid)))


def test_the_file_of_rows_has_no_test_rows(digits, tmp_path):
    rows.write(digits, tmp_path / "rows.npz")
    read = rows.read(tmp_path / "rows.npz")
    assert (
        read.test is None
        and read.split_id == digits.split_id
        and read.class_names == digits.class_names
    )
    for part in ("train", "valid"):
        assert (getattr(read, part).images == getattr(digits, part).images).all()
        assert (getattr(read, part).labels == getattr(digits, part).labels).all()
    assert (tmp_path / "rows.npz").stat().st_size < 1.05 * 1438 * 28 * 28


def test_a_crash_or_a_hang_costs_only_itself(engine, make_job):
    long = ["epochs=400", "patience=none"]
    engine.submit(make_job("0010", *long))
    engine.submit(make_job("0011", *long, time_limit_seconds=6))
    os.kill(started(engine, "0010"), signal.SIGABRT)
    found = finish_one(engine)
    assert found.id == "0010" and found.status == "failed" and "SIGABRT" in found.message
    engine.submit(make_job("0012"))
    hung = started(engine, "0011")
    os.kill(hung, signal.SIGSTOP)  # it does not even answer a polite end
    found = {result.id: result for result in (finish_one(engine), finish_one(engine))}
    assert found["0012"].status == "completed"
    assert (
        found["0011"].status == "timed-out"
        and found["0011"].message == "ended after its time limit of 6 s"
    )
    assert not alive(hung)


def finish_one(engine):
    while not (found := engine.wait(60)):
        pass
    assert len(found) == 1
    return found[0]


def test_a_lost_server_is_the_end_of_its_trials_and_not_of_the_engine(engine, make_job, results):
    engine.submit(make_job("0020", "epochs=400", "patience=none"))
    pid = started(engine, "0020")
    os.kill(engine._server.pid, signal.SIGKILL)
    found = finish_one(engine)
    assert found.status == "failed" and "SIGKILL" in found.message
    wait_until_gone([pid])
    assert finish(engine, make_job("0021"))["0021"].history == results["0000"].history


def wait_until_gone(pids, seconds=300):
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, "a process outlived"
        time.sleep(0.02)


SUBMIT = """
import json, pickle, sys, time
from fashion_nn.tuning.engines.local import LocalEngine
engine = LocalEngine(sys.argv[1], 2)
for line in sys.stdin:
    engine.submit(pickle.loads(bytes.fromhex(line)))
while len(engine.pids) < 2:
    engine.wait(0.1)
print(json.dumps([engine._server.pid, *engine.pids.values()]), flush=True)
time.sleep(600)
"""


def test_no_process_outlives_an_engine_that_is_killed(make_job, tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", SUBMIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for id in ("0000", "0001"):
        job = make_job(id, "epochs=400", "patience=none")
        owner.stdin.write(pickle.dumps(job).hex() + "\n")
    owner.stdin.close()
    pids = json.loads(owner.stdout.readline())
    assert all(map(alive, pids))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_until_gone(pids)


def test_no_process_outlives_an_engine_that_is_closed(engine, make_job):
    """Last in this file: it closes the engine that the others use."""
    ids = ("0030", "0031")
    for id in ids:
        engine.submit(make_job(id, "epochs=400", "patience=none"))
    pids = [*(started(engine, id) for id in ids), engine._server.pid]
    os.kill(pids[0], signal.SIGSTOP)
    engine.close()
    assert not engine._search.rows.exists()
    wait_until_gone(pids)
