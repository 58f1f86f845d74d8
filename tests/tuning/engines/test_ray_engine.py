"""Trials as Ray tasks, on a cluster of several nodes that is started here: each node is processes
of its own.
"""

import contextlib
import dataclasses
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import measuring
import pytest

from fashion_nn import recipes
from fashion_nn.errors import InputError
from fashion_nn.runs import Run, Search
from fashion_nn.tuning import search, space
from fashion_nn.tuning.engines import ray_driver, ray_engine
from fashion_nn.tuning.engines.local import LocalEngine
from fashion_nn.tuning.engines.ray_engine import RayEngine, pack, unpack
from fashion_nn.tuning.trial import DataSource

pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

LONG = ("epochs=4000", "patience=none")


class Node:
    """A node of a Ray cluster: `ray start` and all that comes from it, in one session."""

    def __init__(self, folder, *words):
        self.folder = folder
        self.log = folder / f"{secrets.token_hex(4)}.log"
        command = [
            Path(sys.executable).with_name("ray"),
            "start",
            "--block",
            "--num-cpus",
            "1",
            *words,
        ]
        ports = ["--ray-client-server-port", "--dashboard-agent-listen-port"]
        command += [word for name in ports for word in (name, str(free_port()))]
        self.process = subprocess.Popen(
            [*command, "--disable-usage-stats"],
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            env=os.environ | {"RAY_worker_niceness": "0", "TMPDIR": str(folder)},
            start_new_session=True,
        )

    def wait(self):
        wait_for(
            lambda: "This command will now block" in self.log.read_text(), 300, self.log.read_text
        )
        return self

    @property
    def trials(self):
        return trials_below(self.process.pid)

    def kill(self):
        """As where a machine is lost: nothing has time to say good-bye."""
        pids = [*measuring.tree(self.process.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        return pids


def trials_below(root):
    """Processes of trials that come from `root`: those that a server of trials has forked."""
    servers = servers_below(root)
    parents = {
        pid: int((read(pid, "stat").rpartition(b")")[2].split() or [0, 0])[1]) for pid in servers
    }
    # A trial that starts a command has, for a moment, a child with its own name: that is none.
    return [
        pid
        for pid, parent in parents.items()
        if parent in servers and parents.get(parent) not in servers
    ]


def servers_below(root):
    return {
        pid
        for pid in measuring.tree(root)
        if b"fashion_nn.tuning.engines.server" in read(pid, "cmdline")
    }


def read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(what, seconds=300, told=lambda: ""):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited for {seconds} s {told()}"
        time.sleep(0.02)
    return found


def wait_until_gone(pids):
    wait_for(lambda: not set(measuring.tree(os.getpid())) & set(pids) and not any(map(alive, pids)))


def alive(pid):
    state = read(pid, "status")
    return state and b"State:\tZ" not in state


def finish(engine, *jobs):
    for job in jobs:
        engine.submit(job)
    found = {}
    while len(found) < len(jobs):
        found |= {result.id: result for result in engine.wait(60)}
    return found


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """The address of a cluster, and its first node."""
    folder, patch = tmp_path_factory.mktemp("nodes"), pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "token")
    patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    port = free_port()
    short = ray_engine._short_folder()
    words = ["--head", "--port", str(port), "--include-dashboard", "false", "--temp-dir", short]
    first = Node(folder, *words).wait()
    yield f"127.0.0.1:{port}", first
    pids = first.kill()
    patch.undo()
    wait_until_gone(pids)
    shutil.rmtree(short)


@pytest.fixture(scope="module")
def cluster(head):
    """Address, the first node, and a second one that may be lost."""
    address, first = head
    second = Node(first.folder, "--address", address).wait()
    yield address, first, second
    wait_until_gone(second.kill())


@pytest.fixture(scope="module")
def local(tmp_path_factory, digits):
    engine = LocalEngine(tmp_path_factory.mktemp("local"), 2, digits)
    yield engine
    engine.close()


class Secret:
    """Test rows, which must not be sent."""

    def __reduce__(self):
        raise AssertionError("the test rows are sent")


@pytest.fixture(scope="module")
def remote(cluster, tmp_path_factory, digits):
    rows = dataclasses.replace(digits, test=Secret())
    engine = RayEngine(tmp_path_factory.mktemp("remote"), cluster[0], None, rows)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def here(local, make_job):
    """The result of trial 0000 on the local engine."""
    return finish(local, make_job("0000"))["0000"]


def test_a_trial_leaves_what_the_local_engine_leaves(here, local, head, make_job, digits, tmp_path):
    rows = dataclasses.replace(digits, test=Secret())
    with contextlib.closing(RayEngine(tmp_path, head[0], None, rows)) as remote:
        there = finish(remote, make_job("0000"))["0000"]
    assert (there.status, there.score, there.history) == ("completed", here.score, here.history)
    folders = [engine._search.trial_folder("0000") for engine in (local, remote)]
    assert sorted(pack(folders[0])) == sorted(pack(folders[1]))
    assert Run(folders[0]).model.read_bytes() == Run(folders[1]).model.read_bytes()


@pytest.mark.slow  # that files are sent and received whole is below, for folders
def test_going_on_with_another_trial_needs_no_shared_disk(here, remote, make_job):
    begun = finish(remote, make_job("0001", until_epoch=1))["0001"]
    found = finish(remote, make_job("0002", start_from="0001"))["0002"]
    assert begun.epochs_run == 1 and found.history == here.history
    sessions = Run(remote._search.trial_folder("0002")).read_record().sessions
    assert [each.from_epoch for each in sessions] == [0, 1], "it did go on"


@pytest.mark.slow  # the same of the local engine, which a task is, is in test_local_engine.py
def test_a_crash_or_a_hang_costs_only_itself(remote, cluster, make_job):
    _, first, second = cluster
    remote.submit(make_job("0010", *LONG))
    (crashing,) = wait_for(lambda: first.trials + second.trials)
    remote.submit(make_job("0011", *LONG, time_limit_seconds=4))
    (hanging,) = wait_for(lambda: {*first.trials, *second.trials} - {crashing})
    os.kill(hanging, signal.SIGSTOP)
    os.kill(crashing, signal.SIGABRT)
    found = finish(remote, make_job("0012"))
    while len(found) < 3:
        found |= {result.id: result for result in remote.wait(60)}
    assert found["0010"].status == "failed" and "SIGABRT" in found["0010"].message
    assert found["0011"].status == "timed-out" and "time limit of 4 s" in found["0011"].message
    assert found["0012"].status == "completed"
    wait_until_gone([crashing, hanging])


@pytest.mark.slow  # that an engine that is closed ends its trials is in test_local_engine.py
def test_close_ends_the_trials_and_leaves_the_cluster(cluster, remote, make_job):
    _, first, second = cluster
    assert (remote.slots, remote.threads, remote.nodes) == (2, 1, 2)
    remote.submit(make_job("0020", *LONG))
    running = wait_for(lambda: first.trials + second.trials)
    place, helper = Path(remote._place), remote._process.pid
    assert place.exists()
    remote.close()
    wait_until_gone([helper, *running])
    assert not place.exists() and first.process.poll() is None and second.process.poll() is None
    assert not list(first.folder.glob("fashion-nn-trials-*")), (
        "a machine of the cluster keeps nothing"
    )


@pytest.mark.parametrize(
    "address", ["nonsense", "127.0.0.1:{port}", "ray://127.0.0.1:{port}", "127.0.0.1:99999"]
)
def test_an_address_where_nothing_is_is_refused_at_once(address, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(
        ray_engine, "PythonProcess", None
    )  # no cluster is asked, which would take Ray long
    with pytest.raises(InputError, match=r"^--address \S+: (expected auto|nothing answers there)"):
        RayEngine(tmp_path, address.format(port=free_port()), 1, digits)


def test_nodes_with_other_versions_are_refused(head, digits, tmp_path, monkeypatch):
    # Python runs it when it starts: here, not on the nodes, which are running.
    (tmp_path / "sitecustomize.py").write_text(
        "from importlib import metadata\n"
        "version = metadata.version\n"
        "metadata.version = lambda name: '99.1' if name == 'fashion-nn' else version(name)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(
        InputError, match=r"^node \w+ at \S+ has fashion-nn \S+ \(here 99.1\): give all machines"
    ):
        RayEngine(tmp_path / "search", head[0], 1, digits)


@pytest.mark.slow  # Ray tries for twenty seconds
def test_a_cluster_with_another_token_is_refused(cluster, digits, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with pytest.raises(
        InputError, match=r"^--address \S+: no Ray cluster that can be used .* RAY_AUTH_TOKEN"
    ):
        RayEngine(tmp_path, cluster[0], 1, digits)


def test_threads_are_as_many_as_fit_beside_each_other():
    assert ray_driver._threads([8], 2) == 4
    assert ray_driver._threads([8, 4], 3) == 4
    assert ray_driver._threads([8, 1], 2) == 4
    assert ray_driver._threads([1, 1], 2) == ray_driver._threads([2], 5) == 1


def test_a_folder_is_made_whole_or_not_at_all(tmp_path):
    (tmp_path / "0000").mkdir()
    (tmp_path / "0000" / "resume.npz").write_bytes(b"of an earlier time")
    unpack({"run.json": b"{}", "fold-1/run.json": b"[]"}, tmp_path / "0000")
    assert pack(tmp_path / "0000") == {"run.json": b"{}", "fold-1/run.json": b"[]"}
    assert [path.name for path in tmp_path.iterdir()] == ["0000"]
    assert pack(tmp_path / "absent") == {}


OWNER = """
import pickle, sys, time
from fashion_nn import datasets
from fashion_nn.tuning.engines.ray_engine import RayEngine
engine = RayEngine(sys.argv[1], None, 1, datasets.load("digits"))
engine.submit(pickle.loads(bytes.fromhex(sys.stdin.readline())))
print(engine._process.pid, engine._place, flush=True)
engine.wait(600)
"""


@pytest.mark.slow  # that a killed search leaves no process is in test_local_engine.py
def test_a_killed_search_takes_its_local_cluster_along(make_job, tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(pickle.dumps(make_job("0000", *LONG)).hex(), file=owner.stdin, flush=True)
    helper, place = owner.stdout.readline().split()
    wait_for(lambda: servers_below(int(helper)))
    pids = list(measuring.tree(int(helper)))
    assert Path(place).exists()
    owner.kill()
    owner.communicate()
    wait_until_gone(pids)
    assert not Path(place).exists()
    assert not list(Path.home().glob(".ray")), "nothing is written to the home folder"


@pytest.mark.slow  # that a search goes on where its server is lost is in test_local_engine.py
def test_a_search_goes_on_where_a_node_is_killed(cluster, local, digits, tmp_path):
    """Last in this file: it kills one of the nodes."""
    address, _, second = cluster
    folder, ended, running = Search(tmp_path / "search"), [], []
    base = recipes.override(recipes.get("mlp"), ["epochs=2"])
    plan = search.SearchPlan(
        algorithm="random",
        space=space.space(base, only=["learning_rate", "batch_size"]),
        recipe=base,
        folds=None,
        seed=0,
        source=DataSource(source="digits", fingerprint=digits.fingerprint),
        median_rule=False,
    )

    def kill_a_node() -> None:
        wait_for(lambda: len({node_of(trial) for trial in ended}) == 2, 300)
        wait_for(lambda: second.trials, 300)
        second.kill()
        running.extend(trial.id for trial in folder.read_trials() if trial.status == "running")

    with ThreadPoolExecutor(1) as threads:
        killing = threads.submit(kill_a_node)
        search.run(
            plan,
            digits,
            folder.folder,
            lambda: RayEngine(folder.folder, address, 2, digits),
            limits=search.SearchLimits(trials=4, retrain=False),
            progress=lambda standing, trial: ended.append(trial) if trial else None,
        )
        killing.result()
    trials = folder.read_trials()
    assert [trial.id for trial in trials] == [f"{i:04d}" for i in range(4)]
    assert {trial.status for trial in trials} == {"completed"}
    assert sorted(trial.id for trial in ended) == [trial.id for trial in trials], (
        "none is lost, none done twice"
    )
    assert len({node_of(trial) for trial in ended}) == 2
    again = [trial for trial in trials if trial.id in running]
    assert again and len({node_of(trial) for trial in again}) == 1, (
        "what ran on the lost node ran on the other"
    )
    found = finish(local, *(plan.job_of(trial) for trial in again))
    assert [found[trial.id].score for trial in again] == [trial.score for trial in again]


def node_of(trial):
    return trial.worker.rpartition("node ")[2]
