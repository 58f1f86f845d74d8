"""A search as one HTML page that needs nothing else: which settings were tried, and what came of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_nn import recipes, searches
from fashion_nn.core.files import write_atomic
from fashion_nn.report import importance, page, trials
from fashion_nn.report.trials import Parameter, Score, Trial

_OUTCOMES = {"stopped-early": "stopped early", "timed-out": "timed out"}
_ALGORITHMS = {"random": "Random search", "bayesian": "Bayesian optimisation", "grid": "Grid search"}


def write(folder: str | Path) -> Path:
    """Write search.html into a search's folder, from what is there so far, and return its path.

    Raises:
        InputError: the folder holds no search, or a record in it is damaged.
    """
    search = searches.open_search(folder)
    record, records = search.read_record(), search.read_trials()
    identity = record["identity"]
    objective, score = identity["objective"], Score(identity["objective"])
    found, best = [Parameter.of(each) for each in identity["space"]], searches.best_of(records, objective)
    stored = search.read_best() if best and search.best.exists() else None
    if best and stored and stored["trial"] != best["id"]:
        stored = None  # a kill before it was written anew
    again = stored["retrained"] if stored else None
    counts, progress = _counts(records), trials.over_time(records, objective)
    varied = [each.name for each in found if each.varies]
    context = {
        "title": f"Search: {identity['model']}",
        "identity": identity,
        "algorithm": _ALGORITHMS.get(identity["algorithm"], identity["algorithm"].capitalize()),
        "data": identity["dataset"],
        "score": score,
        "best": best,
        "retrained": again if again and again.get("score") is not None else None,
        "python": recipes.as_python(recipes.from_json(stored["recipe"])) if stored else None,
        "best_file": search.best,
        "best_run": search.best_run if stored and search.best_run.is_dir() else None,
        "counts": counts,
        "busy": max(trials.seconds_busy(records).values(), default=0.0),
        "machines": len({each["worker"].rpartition(":")[0] for each in records if each.get("worker")}),
        "progress": progress,
        "outside": progress is not None and any(point.kind == "outside" for point in progress.points),
        "epochs": trials.by_epoch(records, objective),
        "parallel": trials.parallel(records, found, objective),
        "parameters": varied,
        "importance": importance.of_parameters(records, found, objective),
        "least": importance.LEAST,
        "reliable": importance.RELIABLE,
        "columns": varied,
        "trials": [_row(each, varied) for each in _in_order(records, score)],
        "facts": _facts(record, records),
    }
    write_atomic(search.page, page.templates().get_template("search.html").render(context))
    return search.page


def _in_order(records: Sequence[Trial], score: Score) -> list[Trial]:
    """Best first; then those that run, then those that came to nothing."""
    others = [each for each in records if not trials.has_score(each)]
    return [*score.sorted(records), *sorted(others, key=lambda each: each["status"] != "running")]


def _row(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    values, tuner = trial["values"], trial["tuner"]
    outcome = _OUTCOMES.get(trial["status"], trial["status"])
    if tuner.get("start_from"):
        outcome += f", went on from {tuner['start_from']}"
    return {
        **{key: trial.get(key) for key in ("id", "score", "seed", "best_epoch", "epochs_run", "seconds", "message")},
        "has_score": trials.has_score(trial),
        "lost": bool(trial["ended"]) and not trials.has_score(trial),
        "outcome": outcome,
        "cells": [trials.value_text(values[name]) if name in values else "-" for name in names],
    }


def _counts(records: Sequence[Trial]) -> dict[str, Any]:
    of = {status: sum(each["status"] == status for each in records) for status in ("running", *searches.DONE)}
    said = [f"{number:,} {_OUTCOMES.get(status, status)}" for status, number in of.items() if number]
    scored = sum(map(trials.has_score, records))
    return {
        "scored": scored,
        "stopped": of["stopped-early"],
        "lost": sum(bool(each["ended"]) for each in records) - scored,
        "text": ", ".join(said),
    }


def _facts(record: Mapping[str, Any], records: Sequence[Trial]) -> list[tuple[str, str]]:
    """What a reader needs to trace the figures: data, seeds, machines, versions, checksums."""
    identity, data = record["identity"], record["identity"]["dataset"]
    hardware = record.get("environment", {}).get("hardware", {})
    ended = [each["ended"] for each in records if each["ended"]]
    peak = max((each.get("peak_memory_bytes") or 0 for each in records), default=0)
    found = {
        "began": record["started"],
        "last trial ended": max(ended, default=None),
        "scored by": f"{identity['objective']} at each trial's best epoch" + (
            f", mean of {identity['folds']} folds" if identity["folds"] else ""
        ),
        "data": f"{data['name']}, fingerprint {data['fingerprint'][:16]}; the test rows are not opened by a search",
        "around the recipe": identity["recipe"].get("name"),
        "seed": f"{identity['seed']}; each trial has its own, in the table",
        "most memory of a trial": f"{peak / 1e9:.2f} GB" if peak else None,
        "processor": f"{hardware['processor']}, {hardware['cores']} cores" if hardware else None,
        "versions": ", ".join(f"{name} {version}" for name, version in identity["versions"].items() if version),
        "commit": record.get("environment", {}).get("commit"),
        "SHA-256 of what is searched": record["identity_sha256"],
    }  # fmt: skip
    return [(name, value) for name, value in found.items() if value]
