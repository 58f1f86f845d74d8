"""Engines run the trials of a search and know nothing else of it.

    local        a process of this machine for each trial
    server       the process that starts them, with TensorFlow imported and the rows loaded
    ray_engine   a task of a Ray cluster for each trial
    ray_driver   the process between the search and Ray

A search and its `server` or `ray_driver` talk through `fashion_nn.core.python_process`. No process
outlives the search: `close` ends them, and if the search itself is killed, the system ends them
(Linux), or they notice that their pipes have ended.
"""

from typing import Protocol

from fashion_nn.tuning.trial import Job, Result


class Engine(Protocol):
    """Runs jobs, at most `slots` at once, and leaves the run of each in trials/<id>/.

    name: as `--engine` takes it; it stands in the records.
    slots: number of jobs at once.
    threads: number of threads for each job; None: as many as the machine has.
    """

    name: str
    slots: int
    threads: int | None

    def submit(self, job: Job) -> None:
        """Start `job`; no more than `slots` may run."""

    def wait(self, seconds: float) -> list[Result]:
        """Return the results since the last call; wait at most `seconds` for the first."""
        ...

    def close(self) -> None:
        """End all processes of the engine."""
