"""Grade the bytes of one hand-in. Runs in a confined process that sees no other hand-in."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn import submission
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.core.text import printable
from fashion_nn.errors import InputError
from fashion_nn.grading.course import prediction_files
from fashion_nn.grading.evidence import Evidence
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import confinement_of, run_checks
from fashion_nn.tables import Table

if TYPE_CHECKING:
    from fashion_nn.inference import LayerWeights
    from fashion_nn.inference.engines.fork_server import ForkedProcess
    from fashion_nn.inference.scaling import LabelledRows


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all hand-ins of a class are graded by.

    reference: the test table and what is known of it.
    scale: on which models are fed; see `inference.open_model`.
    rows: labelled rows by which the scale of each model is found.
    """

    reference: Reference
    scale: str
    rows: "LabelledRows | None"


def judge(
    task: Task,
    name: str,
    content: bytes,
    blocks: Iterable[Table],
    process: "ForkedProcess | None",
) -> JsonObject:
    """Grade a hand-in; what `result.Result` describes, without the digest of the settings.

    Args:
        name: of the file, with its suffix.
        content: of the file.
        blocks: the test table; only looked at for a model.
        process: the confined process for a model; None for a prediction file.
    """
    found: dict[str, Json] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "kind": "model" if process else "predictions",
    }
    try:
        if process:
            return {**found, **_of_model(task, name, content, blocks, process)}
        return {**found, **_of_predictions(task, name, content)}
    except InputError as error:
        return {**found, "error": printable(str(error))}
    except Exception as error:
        reason = f"could not be graded ({type(error).__name__}: {error})"
        return {**found, "error": printable(reason[:300])}


def _of_predictions(task: Task, name: str, content: bytes) -> JsonObject:
    table, note = prediction_files.as_csv(name, content, rows=task.reference.rows)
    evidence = Evidence(name, task.reference, content=table)
    return {"note": note, **_judged(evidence)}


def _of_model(
    task: Task, name: str, content: bytes, blocks: Iterable[Table], process: "ForkedProcess"
) -> JsonObject:
    from fashion_nn.inference import ConfinedPredictor, Limits
    from fashion_nn.inference.file import model_file

    sample = task.reference.sample
    classes = task.reference.origin.classes
    file = model_file.parse(name, content)
    with ConfinedPredictor(file, task.scale, Limits(), process) as model:
        made = submission.predict_blocks(model, blocks, classes=classes, rows=task.rows)
        table = submission.render(made, sample=sample)
        layout = submission.expectation(made, sample=sample)
        evidence = Evidence(
            name, task.reference, model=model, layout=layout, content=table.encode()
        )
        found = _judged(evidence)
        confinement = confinement_of(model)
        assert confinement is not None
        return {
            **found,
            "confinement": {key: list(value) for key, value in asdict(confinement).items()},
            "weights": _digest(model.weights(), in_order=True),
            "sorted_weights": _digest(model.weights(), in_order=False),
        }


def _judged(evidence: Evidence) -> JsonObject:
    checks = run_checks(evidence)
    score = evidence.score
    labels = evidence.labels
    return {
        "classes": evidence.classes,
        "checks": [{"figures": {}, **check.to_json()} for check in checks],
        "score": None
        if score is None
        else {
            "n": score.n,
            "correct": score.correct,
            "interval": list(score.interval),
            "recall": list(score.recall),
        },
        "labels": None if labels is None else labels.tolist(),
    }


def _digest(layers: "Iterable[LayerWeights]", *, in_order: bool) -> str:
    """The SHA-256 of all weights; empty if there are none."""
    digest = hashlib.sha256()
    count = 0
    for layer in layers:
        for values in layer.values:
            numbers = np.ascontiguousarray(values, np.float32).ravel()
            count += numbers.size
            digest.update(repr(values.shape).encode())
            digest.update((numbers if in_order else np.sort(numbers)).tobytes())
    return digest.hexdigest() if count else ""
