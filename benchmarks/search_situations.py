"""What plain keras-tuner and `fashion-nn tune` do when they are killed, misled or broken:
`search.py --situations`.

Each situation is made, on small searches over the embedded digits, and what is written down is what
was seen. All of them take a quarter of an hour on two idle cores, the fifty trials for the memory a
third of that. Linux only.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import search_sides as sides
from search_plain import ALGORITHMS, PARAMETERS

from fashion_nn import runs
from fashion_nn.core import reading
from fashion_nn.core.writing import write_atomic
from fashion_nn.runs import Environment

TRIALS, EPOCHS, PATIENCE_SECONDS = 6, 2, 300
Seen = dict[str, Any]


class Place:
    """Folders, rows and commands of one situation."""

    def __init__(self, folder: Path, rows: Path):
        self.rows, self.folder = rows, folder
        self.theirs, self.ours, self.log = folder / "plain", folder / "ours", folder / "log.jsonl"

    def plain(self, *more: object, rows: Path | None = None) -> list[str]:
        budget = ("--trials", TRIALS, "--epochs", EPOCHS, "--log", self.log)
        return sides.plain(rows or self.rows, self.theirs, *budget, *more)

    def tune(self, *more: object, dataset: object = "digits", **how: Any) -> list[str]:
        words = ("--trials", TRIALS, "--epochs", EPOCHS, "--no-retrain", *more)
        return sides.ours(str(dataset), self.ours, *words, **how)

    @property
    def begun(self) -> list[dict[str, Any]]:
        """The values of each training that plain keras-tuner began."""
        return [line["begun"] for line in sides.read_log(self.log) if "begun" in line]

    @property
    def ended(self) -> list[dict[str, Any]]:
        return [line["ended"] for line in sides.read_log(self.log) if "ended" in line]

    @property
    def records(self) -> list[dict[str, Any]]:
        search = runs.Search(self.ours)
        return [trial.to_json() for trial in search.read_trials()] if search.exists else []


@contextmanager
def started(command: list[str], errors: Path) -> Iterator[subprocess.Popen]:
    """A process in a session of its own, of which nothing is left behind."""
    with errors.open("w") as file:
        process = subprocess.Popen(
            command,
            env=sides.environment(),
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def done(command: list[str]) -> tuple[int, str]:
    """Run to the end; the exit code and the last line on stderr."""
    found = subprocess.run(
        command, env=sides.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    lines = [line for line in found.stderr.decode(errors="replace").splitlines() if line.strip()]
    return found.returncode, " ".join(lines[-1].split())[:600] if lines else ""


def until(condition: Callable[[], Any], process: subprocess.Popen | None = None) -> Any:
    """Wait until `condition` gives something, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        if time.monotonic() > deadline or (process and process.poll() is not None):
            raise SystemExit(
                "error: a situation did not come about: the machine is too slow, or a search ended"
                " early"
            )
        time.sleep(0.05)
    return found


def key(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


# The situations. Each gives what was seen of both sides, with a sentence that is made from it.


def killed(place: Place, algorithm: str) -> dict[str, Seen]:
    how = ("--algorithm", algorithm)
    # Hyperband's rounds need some epochs; how many trials it makes is its own affair.
    more = ("--epochs", 9) if algorithm == "hyperband" else ()
    with started(place.plain(*how, *more), place.folder / "errors") as process:
        until(lambda: len(place.begun) >= 3, process)
        time.sleep(0.3)
    before = len(place.ended)
    code, said = done(place.plain(*how, *more))
    records = sides.their_trials(place.theirs)
    theirs = {
        "ended_before_the_kill": before,
        "exit_code": code,
        "last_line": said if code else "",
        "records": dict(Counter(record["status"] for record in records)),
        "settings_trained_twice": sum(n > 1 for n in Counter(map(key, place.ended)).values()),
        "settings_begun_again": sum(n > 1 for n in Counter(map(key, place.begun)).values()),
    }
    theirs["said"] = (
        f"ends with an error: {said}"
        if code
        else (
            f"goes on: {Counted(records)}; {theirs['settings_begun_again']} begun again from the"
            f" start, {theirs['settings_trained_twice']} trained to the end twice"
        )
    )
    with started(place.tune(*how, *more), place.folder / "errors") as process:
        until(lambda: len(place.records) >= 3 and place.records[2]["status"] == "running", process)
        until(lambda: (runs.Search(place.ours).trial_folder("0002") / "run.json").exists(), process)
        time.sleep(0.3)
    search = runs.Search(place.ours)
    kept = {
        each["id"]: search.trial_record(each["id"]).read_bytes()
        for each in place.records
        if each["ended"]
    }
    code, said = done(place.tune(*how, *more, "--resume"))
    records = place.records
    settings = Counter(key({**each["values"], **each["tuner"]}) for each in records)
    ours = {
        "ended_before_the_kill": len(kept),
        "exit_code": code,
        "last_line": said if code else "",
        "records": dict(Counter(record["status"] for record in records)),
        "settings_trained_twice": sum(n > 1 for n in settings.values()),
        "records_before_unchanged": all(
            search.trial_record(id).read_bytes() == old for id, old in kept.items()
        ),
    }
    ours["said"] = (
        f"ends with an error: {said}"
        if code
        else (
            f"goes on: {Counted(records)}; {ours['settings_trained_twice']} trained twice, the"
            f" {len(kept)} records from before"
            f" {'unchanged' if ours['records_before_unchanged'] else 'CHANGED'}"
        )
    )
    return {"plain": theirs, "ours": ours}


class Counted:
    """How many records there are of which status, in words."""

    def __init__(self, records: list[dict[str, Any]]):
        self.records = records

    def __str__(self) -> str:
        counts = Counter(record["status"].lower() for record in self.records)
        return f"{len(self.records)} trials, " + ", ".join(
            f"{number} {status}" for status, number in counts.items()
        )


def other_space(place: Place) -> dict[str, Seen]:
    done(place.plain("--trials", 3))
    before = len(place.begun)
    code, said = done(place.plain("--trials", 3, "--rates", 1e-6, 1e-5))
    best = sides.read_log(place.log)[-1].get("best", {}).get("learning_rate")
    theirs = {
        "exit_code": code,
        "trials_run": len(place.begun) - before,
        "best_learning_rate": best,
        "last_line": said,
    }
    theirs["said"] = (
        f"runs {theirs['trials_run']} trials, exit code {code}; asked for rates from 1e-06 to 1e-05"
        f" its best one is {best:.2g}"
    )
    done(place.tune("--trials", 3))
    code, said = done(place.tune("--trials", 3, "--resume", only=PARAMETERS[1:]))
    return {"plain": theirs, "ours": refusal(place, code, said)}


def other_data(place: Place) -> dict[str, Seen]:
    import numpy as np

    with np.load(place.rows) as stored:
        rows = dict(stored)
    rows["train_labels"], rows["valid_labels"] = 9 - rows["train_labels"], rows["valid_labels"] * 0
    np.savez(place.folder / "other.npz", **rows)
    done(place.plain("--trials", 3))
    before, best = len(place.begun), max(each["score"] for each in sides.their_trials(place.theirs))
    code, said = done(place.plain("--trials", 3, rows=place.folder / "other.npz"))
    score = sides.read_log(place.log)[-1].get("score")
    theirs = {
        "exit_code": code,
        "trials_run": len(place.begun) - before,
        "score": score,
        "last_line": said,
    }
    theirs["said"] = f"runs {theirs['trials_run']} trials, exit code {code}; " + (
        "reports the score of the old data" if score == best else "reports another score"
    )
    table = place.folder / "other.csv"
    images, labels = (
        rows["train_images"].reshape(len(rows["train_images"]), -1),
        rows["train_labels"],
    )
    head = ",".join(["label", *(f"pixel{i + 1}" for i in range(images.shape[1]))])
    np.savetxt(
        table, np.column_stack([labels, images]), fmt="%d", delimiter=",", header=head, comments=""
    )
    done(place.tune("--trials", 3))
    code, said = done(place.tune("--trials", 3, "--resume", dataset=table))
    return {"plain": theirs, "ours": refusal(place, code, said)}


def refusal(place: Place, code: int, said: str) -> Seen:
    short = said.replace(str(place.ours), "DIR").replace(str(place.folder), "…")
    short = re.sub(r"([0-9a-f]{8})[0-9a-f]{56}", r"\1…", short)
    return {"exit_code": code, "last_line": short, "said": f"exit code {code}: `{short}`"}


def crash(place: Place) -> dict[str, Seen]:
    code, _ = done(place.plain("--trials", 4, "--abort-at", 2))
    records = sides.their_trials(place.theirs)
    theirs = {"exit_code": code, "records": dict(Counter(record["status"] for record in records))}
    theirs["said"] = f"the search ends with it (exit code {code}): {Counted(records)} of 4"
    with started(place.tune("--trials", 4), place.folder / "errors") as process:
        os.kill(until(lambda: trial_process(place, process.pid, "0001"), process), signal.SIGABRT)
        code = process.wait(PATIENCE_SECONDS)
    return {"plain": theirs, "ours": went_on(place, code)}


def hang(place: Place) -> dict[str, Seen]:
    with started(place.plain("--trials", 4, "--stop-at", 2), place.folder / "errors") as process:
        until(lambda: len(place.begun) == 2, process)
        time.sleep(60)
        records, alive = sides.their_trials(place.theirs), process.poll() is None
    theirs = {
        "still_there_after_60_s": alive,
        "records": dict(Counter(record["status"] for record in records)),
    }
    theirs["said"] = (
        f"{'hangs with it' if alive else 'ends'}: after 60 s more {Counted(records)} of 4"
    )
    with started(
        place.tune("--trials", 4, "--trial-limit", "60s"), place.folder / "errors"
    ) as process:
        os.kill(until(lambda: trial_process(place, process.pid, "0001"), process), signal.SIGSTOP)
        code = process.wait(PATIENCE_SECONDS)
    return {"plain": theirs, "ours": went_on(place, code)}


def went_on(place: Place, code: int) -> Seen:
    lost = [each for each in place.records if each["status"] in ("failed", "timed-out")]
    said = f"goes on (exit code {code}): {Counted(place.records)}"
    said += "".join(f"; trial {each['id']}: {each['message']}" for each in lost)
    return {
        "exit_code": code,
        "records": dict(Counter(each["status"] for each in place.records)),
        "said": said,
    }


def trial_process(place: Place, search: int, id: str) -> int | None:
    """The process that runs trial `id` of the search in process `search`, once it trains
    (Linux).
    """
    if not (runs.Search(place.ours).trial_folder(id) / "run.json").exists():
        return None
    (server,) = children(search)
    return next(iter(children(server)), None)  # with one worker there is but one


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def memory(place: Place, many: int) -> dict[str, Seen]:
    few = 5
    done(place.plain("--trials", many, "--epochs", 1))
    read = [line["memory"] for line in sides.read_log(place.log) if "memory" in line]
    theirs = {"bytes_after": {few: read[few - 1], many: read[-1]}, "trials": len(read)}
    theirs["said"] = (
        f"{megabytes(read[few - 1])} after {few} trials, {megabytes(read[-1])} after {len(read)}"
    )
    after: dict[int, int] = {}
    with started(
        place.tune("--trials", many, "--epochs", 1, "--workers", 2), place.folder / "errors"
    ) as process:
        while process.poll() is None:
            ended = sum(each["ended"] is not None for each in place.records)
            try:
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                break
            if pages:
                after[ended] = pages * os.sysconf("SC_PAGE_SIZE")
            time.sleep(0.2)
    peaks = [each["peak_memory_bytes"] for each in place.records if each["peak_memory_bytes"]]
    first = after[min(n for n in after if n >= few)]
    ours = {"bytes_after": {few: first, many: after[max(after)]}, "trials": len(peaks)}
    ours |= {"peak_of_trials": {"first": max(peaks[:few]), "last": max(peaks[-few:])}}
    ours["said"] = (
        f"{megabytes(first)} after {few} trials, {megabytes(after[max(after)])} after {max(after)};"
        f" the process of a trial at most {megabytes(max(peaks[:few]))} in the first {few},"
        f" {megabytes(max(peaks[-few:]))} in the last"
    )
    return {"plain": theirs, "ours": ours}


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def again(place: Place) -> dict[str, Seen]:
    done(place.plain("--trials", 3, "--again"))
    lines = [line for line in sides.read_log(place.log) if "score" in line]
    score, repeated = lines[-2]["score"], lines[-1]["score"]
    theirs = {"score": score, "again": repeated, "equal": score == repeated}
    theirs["said"] = (
        f"{score:.6f}, then {repeated:.6f}: {'the same' if score == repeated else 'another figure'}"
    )
    done(place.tune("--trials", 3))
    search = runs.Search(place.ours)
    best, target = search.read_best(), place.folder / "again"
    done(
        [
            sys.executable,
            "-m",
            "fashion_nn",
            "train",
            "--recipe",
            str(search.best),
            "--out",
            str(target),
        ]
    )
    repeated = runs.Run(target).read_metrics().of_valid().accuracy
    same = reading.sha256(runs.Run(target).model) == reading.sha256(runs.Run(search.best_run).model)
    ours = {
        "score": best.score,
        "again": repeated,
        "equal": best.score == repeated,
        "same_bytes": same,
    }
    ours["said"] = (
        f"{best.score:.6f}, then {repeated:.6f}:"
        f" {'the same' if ours['equal'] else 'another figure'}"
    )
    ours["said"] += ", the model file too, byte for byte" if same else ", the model file differs"
    return {"plain": theirs, "ours": ours}


LOAD = """
import json, sys, numpy, keras
with numpy.load(sys.argv[2]) as rows:
    images, labels = rows["valid_images"], rows["valid_labels"]
model = keras.models.load_model(sys.argv[1])
print(json.dumps(float((model.predict(images, verbose=0).argmax(axis=1) == labels).mean())))
"""


def best_model(place: Place) -> dict[str, Seen]:
    done(place.plain("--trials", 3))
    best = max(sides.their_trials(place.theirs), key=lambda each: each["score"])
    files = sorted(
        path.name for path in (place.theirs / "search" / f"trial_{best['id']}").iterdir()
    )
    weights = next((name for name in files if name.endswith(".h5")), files[0])
    theirs = {
        "files": files,
        **loaded(place, place.theirs / "search" / f"trial_{best['id']}" / weights, best["score"]),
    }
    theirs["said"] = f"{', '.join(files)}; {theirs['said']}"
    done(place.tune("--trials", 3))
    search = runs.Search(place.ours)
    files = sorted(path.name for path in search.best_run.iterdir())
    ours = {
        "files": files,
        **loaded(place, runs.Run(search.best_run).model, search.read_best().score),
    }
    ours["said"] = f"{', '.join(files)}; {ours['said']}"
    return {"plain": theirs, "ours": ours}


def loaded(place: Place, path: Path, score: float) -> Seen:
    """What `keras.models.load_model` makes of a file."""
    command = [sys.executable, "-c", LOAD, str(path), str(place.rows)]
    found = subprocess.run(command, env=sides.environment(), capture_output=True, text=True)
    if found.returncode:
        line = " ".join(found.stderr.strip().splitlines()[-1].split()).replace(
            str(place.folder), "…"
        )[:160]
        return {
            "loads": False,
            "last_line": line,
            "said": f"`load_model({path.name})` fails: {line}",
        }
    answer = json.loads(found.stdout.splitlines()[-1])
    equal = abs(answer - score) < 1e-6
    has = "the score of the trial" if equal else f"{answer:.4f}, the trial had {score:.4f}"
    said = f"`load_model({path.name})` has {has}"
    return {"loads": True, "accuracy": answer, "score": score, "said": said}


SITUATIONS: dict[str, tuple[str, Callable[..., dict[str, Seen]]]] = {
    **{
        f"killed-{name}": (f"killed in its third trial, started again: {ALGORITHMS[name]}", killed)
        for name in ("random", "grid", "hyperband", "bayesian")
    },
    "other-space": ("the folder has a search over another space", other_space),
    "other-data": ("the folder has a search on other data", other_data),
    "crash": ("a trial crashes its process", crash),
    "hang": ("a trial hangs", hang),
    "memory": ("memory of the search", memory),
    "again": ("the best trial, run once more", again),
    "best-model": ("the best model afterwards", best_model),
}


def observe(names: list[str], many: int, path: Path | None) -> dict[str, Any]:
    """Make the situations called `names`, all without a name, and write what was seen to `path`
    after each.

    Others that are there already are kept.
    """
    unknown = [name for name in names if name not in SITUATIONS]
    if unknown:
        raise SystemExit(
            f"error: no situation {unknown[0]}: expected some of {', '.join(SITUATIONS)}"
        )
    found: dict[str, Any] = (
        json.loads(path.read_text()) if path and path.exists() and names else {"situations": {}}
    )
    for name in names or SITUATIONS:
        title, make = SITUATIONS[name]
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "rows.npz"
            sides.write_rows("digits", rows)
            place, began = Place(Path(folder), rows), time.perf_counter()
            extra = (
                [name.removeprefix("killed-")]
                if make is killed
                else [many]
                if make is memory
                else []
            )
            seen = make(place, *extra)
        found["situations"][name] = {
            "title": title,
            **seen,
            "seconds": round(time.perf_counter() - began, 1),
        }
        packages = ("tensorflow", "keras", "keras-tuner", "numpy", "fashion-nn")
        found |= {
            "machine": Environment.here().hardware.to_json(),
            "versions": {each: version(each) for each in packages},
        }
        found["situations"] = {
            each: found["situations"][each] for each in SITUATIONS if each in found["situations"]
        }
        if path:
            write_atomic(path, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        print(line(found["situations"][name]), flush=True)
    return found


def line(seen: dict[str, Any]) -> str:
    return f"| {seen['title']} | {seen['plain']['said']} | {seen['ours']['said']} |".replace(
        "\n", " "
    )


def table(found: dict[str, Any]) -> str:
    where = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    rows = [line(seen) for seen in found["situations"].values()]
    return "\n".join(
        [
            f"{where}.",
            "",
            "| what happens | plain keras-tuner | `fashion-nn tune` |",
            "|---|---|---|",
            *rows,
        ]
    )
