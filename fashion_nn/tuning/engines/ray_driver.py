"""The process between a `RayEngine` and Ray: it connects, submits, and hands results back.

It is sent `Connect` and then `Submission`s, and answers with `Connected` and then with `Returned`,
or with an InputError. When there are no further messages, because the engine was closed or the
search was killed, it ends its tasks, its local cluster, and every process that came from it.
"""

import contextlib
import logging
import os
import platform
import queue
import secrets
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from fashion_nn.core import scratch
from fashion_nn.core.environment import commit, cores, versions
from fashion_nn.core.processes import adopt_orphans, kill_descendants
from fashion_nn.core.python_process import parent_connections
from fashion_nn.errors import InputError
from fashion_nn.runs import Search
from fashion_nn.tuning.engines.local import LocalEngine
from fashion_nn.tuning.engines.ray_engine import (
    Connect,
    Connected,
    Files,
    Returned,
    Submission,
    pack,
    unpack,
)
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

# How often a trial is begun again because its worker or node is gone.
_RETRIES = 3
_POLL_SECONDS = 0.1
# Running tasks get this long to end their processes and remove their folders.
_CANCEL_SECONDS = 5
# This process ends so soon after the search. The engine waits longer.
_END_SECONDS = 12
# A trial's process was ended from outside: if its node goes down, it takes this task along before
# it can answer.
_GRACE_SECONDS = 3

Versions = dict[str, str | None]
"""Versions of Python and packages by name, and the commit of a checkout."""
Jobs = queue.SimpleQueue[Submission | None]
"""Jobs to start, and None at the end."""


def main() -> None:
    """Serve one engine."""
    requests, answers = parent_connections()
    adopt_orphans()
    settings: Connect = requests.recv()
    jobs: Jobs = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, jobs, settings.folder), daemon=True).start()
    try:
        with contextlib.suppress(BrokenPipeError):  # the search is gone
            try:
                cluster = _Cluster(settings)
                answers.send(Connected(cluster.slots, cluster.threads, cluster.nodes))
                cluster.serve(jobs, answers)
            except InputError as error:
                answers.send(error)
    except BaseException:
        traceback.print_exc()
    finally:
        import ray

        ray.shutdown()
        _end(settings.folder)


def _read(requests: Connection, jobs: Jobs, folder: str) -> None:
    """Put what is received into `jobs`, and None at the end; see that the process ends soon after.

    It is a thread, so that the engine is never kept waiting, and neither side can block the other.
    """
    with contextlib.suppress(EOFError, OSError):
        while True:
            jobs.put(requests.recv())
    jobs.put(None)
    time.sleep(_END_SECONDS)  # where Ray hangs, on a cluster that does not answer
    _end(folder)


def _end(folder: str) -> None:
    """End all processes that come from this one, remove `folder`, and end this one."""
    kill_descendants()
    scratch.remove_folder(folder)
    sys.stderr.flush()
    os._exit(0)


class _Cluster:
    """The connection to a cluster, and the tasks that run there for this search."""

    def __init__(self, settings: Connect):
        _connect(settings.address, settings.folder)
        import ray

        versions = _versions()
        nodes = [node for node in ray.nodes() if node["Alive"]]
        _require_same_versions(nodes, versions)
        # Of a checkout the commit, too, but only now: it may be worked on while the search runs.
        self.versions = {name: version for name, version in versions.items() if name != "commit"}
        processors = [int(node["Resources"].get("CPU", 0)) for node in nodes]
        if not any(processors):
            where = f"the Ray cluster at {settings.address}"
            raise InputError(f"{where} has no processors: add a node with `ray start --address`")
        self.nodes = len(nodes)
        self.most_processors = max(processors)
        self.slots = settings.slots or sum(processors)
        self.threads = _threads(processors, self.slots)
        self.task = ray.remote(max_retries=_RETRIES, retry_exceptions=False)(run_trial)
        self.rows = ray.put(settings.splits)
        self.running: dict[Any, Job] = {}

    def serve(self, jobs: Jobs, answers: Connection) -> None:
        """Run jobs until None comes for one; then end those that are running."""
        import ray

        while True:
            with contextlib.suppress(queue.Empty):
                submission = jobs.get(timeout=0 if self.running else 3600)
                if submission is None:
                    self.cancel()
                    return
                self.start(submission)
                continue
            if self.running:
                done, _ = ray.wait(list(self.running), num_returns=1, timeout=_POLL_SECONDS)
                for reference in done:
                    answers.send(self.take(reference))

    def start(self, submission: Submission) -> None:
        job = submission.job
        # A task that claims more than any node has would wait for ever.
        claimed = min(job.threads or 1, self.most_processors)
        task = self.task.options(num_cpus=claimed, name=f"trial {job.id}")
        self.running[task.remote(job, self.rows, submission.files, self.versions)] = job

    def take(self, reference: Any) -> Returned:
        """The task's result; a failed one if Ray gave the task up.

        Raises:
            InputError: it ran on a node with other versions.
        """
        import ray

        job = self.running.pop(reference)
        try:
            return ray.get(reference)
        except InputError as error:  # Ray gives it a traceback for a message
            raise InputError(str(getattr(error, "cause", error))) from None
        except ray.exceptions.RayTaskError as error:
            message = f"its task failed: {type(error.cause).__name__}: {error.cause}"
        except ray.exceptions.RayError as error:
            message = f"lost with its worker, {_RETRIES + 1} times ({type(error).__name__})"
        return Returned(
            Result(id=job.id, status="failed", message=" ".join(message.split())[:500]), {}
        )

    def cancel(self) -> None:
        import ray

        for reference in self.running:
            ray.cancel(reference)
        if self.running:
            ray.wait(list(self.running), num_returns=len(self.running), timeout=_CANCEL_SECONDS)


def run_trial(
    job: Job, splits: "Splits", files: Mapping[str, Files], versions: Versions
) -> Returned:
    """The task: run `job` in a process of its own, and return its result and its run.

    The process is forked from one that stays with the worker, with TensorFlow imported and the rows
    loaded; after a failed trial there is a new one.

    Args:
        files: runs to begin with, by trial: this one's as far as it had come, and that of the trial
            it resumes.

    Raises:
        InputError: this node has not the search's `versions`; one that joined late was not asked
            before.
    """
    import ray

    node = f"node {ray.get_runtime_context().get_node_id()[:8]}"
    if not _warm:
        _require_version(node, _versions(), versions)
    # A node that was started in the background ignores SIGINT, and by it Ray cancels tasks.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    engine, search = _warm_engine(splits)
    result = None
    try:
        for id, content in files.items():
            if content:
                unpack(content, search.trial_folder(id))
        result = _result(engine, job)
        named = replace(result, worker=f"{result.worker} {node}")
        return Returned(named, pack(search.trial_folder(job.id)))
    finally:  # also where Ray ends the task with KeyboardInterrupt
        if result is None or result.status == "failed":
            engine.close()
            _warm.clear()
        # The rows were read when the trial began. Ray may stop a worker at any moment, so
        # its folder is removed now.
        scratch.remove_folder(search.folder)


def _result(engine: LocalEngine, job: Job) -> Result:
    engine.submit(job)
    while not (results := engine.wait(1)):
        pass
    result = results[0]
    if result.message and ("SIGKILL" in result.message or "SIGTERM" in result.message):
        time.sleep(_GRACE_SECONDS)
    return result


# Of this worker, which Ray gives to one search alone: the engine with the process that has
# TensorFlow imported.
_warm: list[tuple[LocalEngine, Search]] = []


def _warm_engine(splits: "Splits") -> tuple[LocalEngine, Search]:
    if not _warm:
        folder = scratch.make_folder("fashion-nn-trials-")
        _warm.append((LocalEngine(folder, 1, splits), Search(folder)))
    return _warm[0]


def _connect(address: str | None, folder: str) -> None:
    """Connect to the cluster at `address`; for None start one in `folder`."""
    os.environ.setdefault("RAY_task_oom_retries", str(_RETRIES))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    local = address is None
    if local:
        # Ray listens to the network and runs what it is sent: not without this, which is written
        # nowhere.
        if os.environ.setdefault("RAY_AUTH_MODE", "token") == "token":
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray would give trials what others leave
        # Even without reports of its usage, Ray asks servers of cloud providers whether it runs
        # there. Nothing listens at this address, and Ray's own connections do not use it.
        os.environ |= {"http_proxy": "http://127.0.0.1:9", "no_proxy": "localhost,127.0.0.1"}
    import ray

    try:
        ray.init(
            address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {"PYTHONSAFEPATH": "1"}},
            num_cpus=cores() if local else None,
            num_gpus=0 if local else None,
            include_dashboard=False if local else None,
            _temp_dir=folder if local else None,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        if local:
            raise InputError(f"a local Ray cluster could not be started ({said})") from None
        raise InputError(
            f"--address {address}: no Ray cluster that can be used ({said}): "
            "start one with `ray start --head`, give its token in RAY_AUTH_TOKEN if it has one, "
            "or leave --address out for a local one"
        ) from None


def _threads(processors: list[int], slots: int) -> int:
    """The most threads with which `slots` trials fit into nodes with these `processors`."""
    fitting = (
        n for n in range(max(processors), 1, -1) if sum(each // n for each in processors) >= slots
    )
    return next(fitting, 1)


def _versions() -> Versions:
    return {"python": platform.python_version(), "commit": commit(), **versions()}


def _require_same_versions(nodes: Sequence[Mapping[str, Any]], expected: Versions) -> None:
    """Ask each of `nodes` for its versions.

    Raises:
        InputError: one has others, or has not this package.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def installed() -> Versions:
        # Inside another function, so that Ray sends it by value: a node may not have this module.
        try:
            from fashion_nn.tuning.engines import ray_driver
        except ImportError as error:
            return {"missing": error.name}
        return ray_driver._versions()

    asked = {}
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        reference = ray.remote(installed).options(num_cpus=0, scheduling_strategy=there).remote()
        asked[reference] = f"node {node['NodeID'][:8]} at {node['NodeManagerAddress']}"
    for reference, name in asked.items():
        try:
            found = ray.get(reference)
        except ray.exceptions.RayError as error:
            raise InputError(
                f"{name} does not answer ({type(error).__name__}): see that it runs"
            ) from None
        _require_version(name, found, expected)


def _require_version(name: str, found: Versions, expected: Versions) -> None:
    if "missing" in found:
        raise InputError(
            f"{name} has no {found['missing']}: install fashion-nn {expected['fashion-nn']} there"
        )
    # A commit is known in a checkout only.
    differ = [
        key
        for key in expected
        if found.get(key) != expected[key] and (key != "commit" or found.get(key))
    ]
    if differ:
        listed = ", ".join(f"{key} {found.get(key)} (here {expected[key]})" for key in differ)
        mend = "give all machines the same versions, or figures would not compare"
        raise InputError(f"{name} has {listed}: {mend}")
