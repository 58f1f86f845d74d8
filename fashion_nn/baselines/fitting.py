"""From chosen settings to a run folder, and the results file that several baselines share."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import measures, runs, zoo
from fashion_nn.baselines import as_keras, linear
from fashion_nn.core import writing
from fashion_nn.core.environment import now
from fashion_nn.core.stored import read_json
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.core.writing import FORMAT
from fashion_nn.datasets import Splits
from fashion_nn.measures import Agreement
from fashion_nn.runs import DatasetRecord, Environment, Metrics, RecipeRecord, Run, StoredScores
from fashion_nn.saving import keras_file

if TYPE_CHECKING:
    import keras
    import numpy as np

PREDICT_BATCH = 1000


def fit_linear(
    name: str,
    components: int | None,
    splits: Splits,
    folder: Path,
    *,
    max_iterations: int = linear.MAX_ITERATIONS,
) -> tuple[Run, Agreement]:
    """Fit logistic regression on the training rows and leave a complete run in `folder`.

    Args:
        name: of the run's recipe.
        components: number of principal components; None for all pixels.

    Returns:
        The run, and the agreement of its model with the pipeline on the validation rows.

    Raises:
        InputError: `folder` is taken.
    """
    runs.require_free(folder, resumable=False)
    pipeline = linear.pipeline(components, max_iterations)
    start = time.perf_counter()
    *before, (_, regression) = pipeline.steps
    table = linear.table(splits.train.images)
    for _, step in before:
        table = step.fit_transform(table)
    linear.fit_regression(regression, table, splits.train.labels)
    seconds = time.perf_counter() - start
    model = as_keras.linear_network(pipeline, splits.image_shape, name)
    settings = {
        **({"components": components} if components else {}),
        "penalty": "l2",
        "C": 1.0,
        "solver": "lbfgs",
        "max_iterations": max_iterations,
        "iterations": int(pipeline[-1].n_iter_.max()),
    }
    run = Run(folder)
    probabilities = write(
        run, name, settings, splits, model, [seconds], source="report 003, part 2.3"
    )
    expected = pipeline.predict_proba(linear.table(splits.valid.images))
    return run, measures.agreement(probabilities, expected)


def write(
    run: Run,
    name: str,
    options: Mapping[str, Any],
    splits: Splits,
    model: "keras.Model",
    seconds: list[float],
    *,
    seed: int = 0,
    source: str | None = None,
) -> "np.ndarray":
    """Write `model` as a complete run.

    Args:
        options: stored as the options of the recipe.
        seconds: the time that fitting took, in parts.
        source: where the baseline is published; None for ours.

    Returns:
        The model's probabilities for the validation rows, float32 (n, k).
    """
    probabilities = zoo.predict(model, splits.valid.images, PREDICT_BATCH)
    recipe = RecipeRecord(
        name=name,
        model=name,
        kind="baseline",
        options=dict(options),
        seed=seed,
        sources={"model": source} if source else {},
    )
    run.write_complete(
        splits,
        keras_file(model),
        recipe=recipe,
        parameters=model.count_params(),
        seconds=seconds,
        metrics=Metrics(valid=StoredScores.of(measures.score(splits.valid.labels, probabilities))),
    )
    return probabilities


def results_of(splits: Splits, **found: Json) -> JsonObject:
    """`found` together with the data, the time and the environment that it depends on."""
    what: dict[str, Json] = {"format": FORMAT, "dataset": DatasetRecord.of(splits).to_json()}
    return {**what, **found, "measured": now(), "environment": Environment.here().to_json()}


def add_results(path: Path, name: str, results: Mapping[str, Any]) -> None:
    """Store `results` under `name` in the JSON file at `path`. Entries with other names stay.

    Raises:
        InputError: the file exists and does not hold a JSON object.
    """
    mend = "name another file with --json"
    known = {}
    if path.exists():
        known = read_json(path, expected=mend, mend=mend, follow_links=True)
    writing.write_json(path, {**known, name: dict(results)})
