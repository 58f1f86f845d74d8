"""The protocols: what is trained over several seeds, how it is resumed, and where its results are.

A protocol consists of parts, each run for seeds 0, 1, ...; a part gives one record of plain numbers
for each seed. The file `results/<name>.json` is complete or absent: while a protocol runs, finished
parts are kept in `<name>.partial.json`.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

import fashion_nn
from fashion_nn.core.stored import S, Stored, read_stored
from fashion_nn.core.writing import remove_file, write_atomic
from fashion_nn.errors import InputError
from fashion_nn.lab import boundaries, losses, playground
from fashion_nn.ledger import components
from fashion_nn.pages.histories import Histories

RESULTS = Path(str(resources.files(__package__).joinpath("results")))
Record = Mapping[str, Any]
"""What was measured for one seed, as the results file has it."""
Parts = Mapping[str, Sequence[Record]]
"""Part of a protocol → its records, in the order of the seeds."""
Progress = Callable[[int, int], None]


class Results(Stored):
    """The content of a results file, or of one with the parts that are finished.

    seeds: those that each part was run for.
    version: of this package.
    seconds: of processor time.
    """

    protocol: str
    title: str = ""
    seeds: list[int]
    version: str = ""
    seconds: float = 0.0
    parts: dict[str, list[Record]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """What is run.

    Attributes:
        name: of the protocol, and of its file in `results`.
        title: what is trained, and which part of a report it is about.
        seeds: number of seeds that each part is run for.
        seconds: processor seconds that it took when it was measured first, for the estimate.
        parts: name → function from the seeds to one record for each.
        cheap: the part that a test runs again.
    """

    name: str
    title: str
    seeds: int
    seconds: int
    parts: Mapping[str, Callable[[Sequence[int]], list[Record]]]
    cheap: str


# --- playground: report 003 part 1

_THRESHOLDS = (0.01, 0.0015)


def _play(settings: playground.Settings, epochs: int, seeds: Sequence[int]) -> list[Record]:
    runs = playground.train_seeds(settings, seeds, epochs=epochs)
    return [
        {
            "train_loss": run.train_loss,
            "test_loss": run.test_loss,
            "test_accuracy": _test_accuracy(run),
            "strength": run.feature_strength(),
            "epochs_to": {str(loss): run.epochs_to(loss) for loss in _THRESHOLDS},
        }
        for run in runs
    ]


def _test_accuracy(run: playground.Fit) -> float:
    accuracy = run.accuracy()
    if accuracy is None:
        raise ValueError("a regression has no accuracy")
    return accuracy.test


def _playground_parts() -> dict[str, Callable[[Sequence[int]], list[Record]]]:
    rows = playground.ROWS
    parts: dict[str, Callable[[Sequence[int]], list[Record]]] = {
        name: partial(_play, row.settings, row.epochs) for name, row in rows.items()
    }
    # Readings of the report that its words leave open, or that would explain a row.
    for kind in ("l1", "l2"):
        row = rows[f"table-2/spiral-{kind}"]
        low = replace(row.settings, regularization_rate=0.001)
        parts[f"table-2/spiral-{kind}, rate 0.001"] = partial(_play, low, row.epochs)
        for label, settings in (("two layers", row.settings), ("two layers, rate 0.001", low)):
            parts[f"table-2/spiral-{kind}, {label}"] = partial(
                _play, replace(settings, hidden=(5, 5)), row.epochs
            )
    one = rows["table-3/xor-sigmoid-2x5"]
    other = rows["table-3/xor-sigmoid-2x10"]
    parts["table-3/xor-sigmoid-2x5, epochs of 2x10"] = partial(_play, one.settings, other.epochs)
    parts["table-3/xor-sigmoid-2x10, epochs of 2x5"] = partial(_play, other.settings, one.epochs)
    two_layers = replace(rows["table-1/spiral"].settings, hidden=(5, 5))
    parts["table-1/spiral, two layers"] = partial(_play, two_layers, rows["table-1/spiral"].epochs)
    product = replace(rows["table-1/gauss"].settings, features=("x1x2",))
    parts["gauss by x1x2 alone"] = partial(_play, product, 390)
    for dataset in ("circle", "xor", "gauss"):
        for activation in playground.ACTIVATIONS[:3]:
            for hidden in ((5, 5), (10, 10), (5, 5, 5, 5)):
                settings = replace(
                    one.settings, dataset=dataset, activation=activation, hidden=hidden
                )
                shape = "-".join(map(str, hidden))
                parts[f"race/{dataset}/{activation}/{shape}"] = partial(_play, settings, 400)
    return parts


# --- losses: report 000 part 2, and why not squared error


ALL_IMAGES = "logistic-cross-entropy, all images"
TUNED_RATES = (0.1, 0.3, 1.0, 3.0)
"""Where two losses are compared, each is trained with the rate that suits it best."""
_ALL = 10_791  # of 11,791 fours and nines; the others are for validation
_NEAR_ZERO_EPOCHS = 200


@lru_cache
def _task(study: str, images: int = 1000) -> losses.Task:
    plan = losses.STUDIES[study]
    return losses.load_task("mnist", classes=plan.classes, flipped=plan.flipped, images=images)


def _learn_all(seeds: Sequence[int]) -> list[Record]:
    """The training loss, in nats, of a very bad start on all images, by epoch."""
    plan = losses.STUDIES["bad-initialisation"].plans["logistic-cross-entropy"]
    plan = replace(plan, epochs=_NEAR_ZERO_EPOCHS)
    task = _task("bad-initialisation", _ALL)
    curves = [losses.train(task, replace(plan, seed=seed)) for seed in seeds]
    return [
        {"loss_at": {str(epoch): curve.at(epoch) for epoch in (0, 50, 100, 200)}}
        for curve in curves
    ]


def _learn(study: str, plan: losses.Plan, seeds: Sequence[int]) -> list[Record]:
    curves = [losses.train(_task(study), replace(plan, seed=seed)) for seed in seeds]
    return [
        {measure: getattr(curve, measure)[-1] for measure in losses.MEASURES}
        | {
            "start_loss": curve.train_loss[0],
            "relative": {
                str(epoch): curve.relative(epoch) for epoch in (50, 100, 200, curve.epoch[-1])
            },
        }
        for curve in curves
    ]


def _losses_protocol(name: str, seconds: int) -> Protocol:
    study = losses.STUDIES[name]
    parts: dict[str, Callable[[Sequence[int]], list[Record]]] = {
        label: partial(_learn, name, plan) for label, plan in _losses_parts(name).items()
    }
    if name == "bad-initialisation":
        parts[ALL_IMAGES] = _learn_all
    title = f"{study.title} ({study.source})"
    return Protocol(name, title, study.runs, seconds, parts, next(iter(parts)))


def _losses_parts(name: str) -> dict[str, losses.Plan]:
    """The networks of a study; where losses are compared, with each of several learning rates."""
    plans = losses.STUDIES[name].plans
    if name != "squared-error":
        return dict(plans)
    return {
        f"{label}, rate {rate:g}": replace(plan, learning_rate=rate)
        for label, plan in plans.items()
        for rate in TUNED_RATES
    }


# --- boundaries: report 002 part 1

_CELLS = 24


def _divide(dataset: str, plan: boundaries.Plan, seeds: Sequence[int]) -> list[Record]:
    points = boundaries.load(dataset)
    return [_divided(boundaries.fit(points, replace(plan, seed=seed))) for seed in seeds]


def _penalty(fit: boundaries.Fit) -> float:
    """The weight penalty that is trained with the cross-entropy, for each point."""
    squares = sum(float((weight**2).sum()) for weight in fit.weights)
    return 0.5 * fit.plan.l2 * squares / len(fit.points.x)


def _divided(fit: boundaries.Fit) -> Record:
    found = boundaries.describe(fit).to_json()
    left, right, bottom, top = fit.points.extent()
    across, up = np.meshgrid(np.linspace(left, right, _CELLS), np.linspace(bottom, top, _CELLS))
    classes = fit.scores(np.stack([across.ravel(), up.ravel()], axis=1)).argmax(axis=1)
    kept = {
        key: found[key]
        for key in ("loss", "accuracy", "margin", "bends", "linear_regions", "distinct_gradients")
    }
    hard = boundaries.bends(boundaries.boundary(boundaries.hardened(fit))).sharpest
    return kept | {
        "trained_loss": fit.loss() + _penalty(fit),
        "fresh": found["fresh"],
        "classes": "".join(map(str, classes)),
        "sharpest_as_steps": hard,
    }


def _boundary_parts() -> dict[str, Callable[[Sequence[int]], list[Record]]]:
    plans = {
        f"moons/{name}/3": ("moons", boundaries.Plan(activation=name))
        for name in ("tanh", "sigmoid", "relu")
    }
    plans |= {
        f"moons/tanh/{units}": ("moons", boundaries.Plan(hidden=(units,))) for units in (5, 10)
    }
    deep = (("tanh", 3), ("relu", 4), ("sigmoid", 5), ("sigmoid", 3))
    plans |= {
        f"{dataset}/{activation}/{layers} layers": (
            dataset,
            boundaries.deep_plan(activation, layers),
        )
        for dataset in ("moons", "iris")
        for activation, layers in deep
    }
    return {name: partial(_divide, *plan) for name, plan in plans.items()}


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        _losses_protocol("bad-initialisation", 160),
        _losses_protocol("flipped-labels", 18),
        _losses_protocol("saturation", 30),
        _losses_protocol("squared-error", 30),
        Protocol(
            "playground",
            "TensorFlow Playground's runs (report 003, tables 1 to 4)",
            16,
            120,
            _playground_parts(),
            "table-3/xor-sigmoid-2x10",
        ),
        Protocol(
            "boundaries",
            "Decision boundaries (report 002, figures 1 to 4)",
            5,
            120,
            _boundary_parts(),
            "iris/tanh/3 layers",
        ),
        Protocol(
            "components",
            "Principal components (report 003, part 2.3)",
            3,
            12,
            {"fashion_mnist": components.measure},
            "fashion_mnist",
        ),
    )
}


def run(
    name: str, *, folder: str | PathLike[str] = RESULTS, progress: Progress | None = None
) -> Results:
    """Run a protocol, or what is left of it, and write its results; returns them.

    Args:
        progress: called with (parts done, parts) after each.
    Raises:
        InputError: no such protocol, data that is not there, or a folder that cannot be written.
    """
    if name not in PROTOCOLS:
        raise InputError(f"protocol {name!r}: expected one of {', '.join(PROTOCOLS)}")
    protocol = PROTOCOLS[name]
    unfinished = Path(folder) / f"{name}.partial.json"
    found = _begun(protocol, unfinished)
    for done, label in enumerate(protocol.parts):
        if progress:
            progress(done, len(protocol.parts))
        if label not in found.parts:
            found = _with_part(protocol, label, found)
            write_atomic(unfinished, json.dumps(found.model_dump()))
    if progress:
        progress(len(protocol.parts), len(protocol.parts))
    write_atomic(Path(folder) / f"{name}.json", _compact(found))
    remove_file(unfinished)
    stored.cache_clear()
    return found


def _begun(protocol: Protocol, unfinished: Path) -> Results:
    """The finished parts of an earlier run of the same protocol; without such a run, none."""
    found = _read(unfinished, Results)
    none = Results(
        protocol=protocol.name,
        title=protocol.title,
        seeds=list(range(protocol.seeds)),
        version=fashion_nn.__version__,
    )
    is_same = found and none == found.model_copy(update={"seconds": 0.0, "parts": {}})
    return found if found and is_same else none


def _with_part(protocol: Protocol, label: str, found: Results) -> Results:
    """Run one part for all seeds; `found` with its records and its processor time."""
    from threadpoolctl import threadpool_limits

    began = time.process_time()
    with threadpool_limits(1, user_api="blas"):
        records = _rounded(protocol.parts[label](range(protocol.seeds)))
    seconds = round(found.seconds + time.process_time() - began, 1)
    return found.model_copy(update={"seconds": seconds, "parts": {**found.parts, label: records}})


@lru_cache
def stored(name: str, folder: Path = RESULTS) -> Results | None:
    """The results of a protocol; None without a file.

    Raises:
        InputError: the file is there and cannot be read.
    """
    return _read(folder / f"{name}.json", Results)


@lru_cache
def trainings(name: str) -> Histories | None:
    """The trainings of a recipe that are delivered as a file; None without a file.

    Raises:
        InputError: the file is there and cannot be read.
    """
    return _read(RESULTS / f"{name}.json", Histories)


def estimate(names: Sequence[str], folder: Path = RESULTS) -> float:
    """Processor seconds that protocols take: as in the last run, or else as measured first."""
    seconds = 0.0
    for name in names:
        found = stored(name, folder)
        seconds += found.seconds if found else PROTOCOLS[name].seconds
    return seconds


def _read(path: Path, schema: type[S]) -> S | None:
    if not path.exists():
        return None
    mend = "remove it and run `fashion-nn reproduce --full`"
    return read_stored(path, schema, expected=mend, mend=mend)


def _rounded(value: Any) -> Any:
    """Seven significant digits: more says nothing, and differs between machines."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _compact(found: Results) -> str:
    """JSON with a line a record, so that a change can be read."""
    head = found.model_dump(exclude={"parts"})
    lines = [
        f"  {json.dumps(label)}: [\n"
        + ",\n".join(f"   {json.dumps(record)}" for record in records)
        + "\n  ]"
        for label, records in found.parts.items()
    ]
    return json.dumps(head, indent=1)[:-2] + ',\n "parts": {\n' + ",\n".join(lines) + "\n }\n}\n"
