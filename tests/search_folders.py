"""Search folders with made-up trials, for tests that read them and train nothing."""

from datetime import UTC, datetime, timedelta

import numpy as np

from fashion_nn import measures, recipes, runs
from fashion_nn.runs import (
    Best,
    HyperbandRound,
    Identity,
    Parameter,
    Retrained,
    Search,
    SearchedData,
    SearchRecord,
    TrialRecord,
)

BEGAN = datetime(2025, 1, 1, 12, tzinfo=UTC)
SPACE = [
    Parameter(
        name="options.dropout_1", kind="choice", values=[i / 20 for i in range(15)], default=0.6
    ),
    Parameter(name="optimizer", kind="choice", values=["sgd", "adam", "rmsprop"], default="sgd"),
    Parameter(name="learning_rate", kind="float", low=1e-4, high=1e-1, log=True, default=0.01),
    Parameter(
        name="momentum",
        kind="choice",
        values=[0.0, 0.5, 0.9],
        default=0.9,
        when={"optimizer": ["sgd"]},
    ),
    Parameter(name="batch_size", kind="choice", values=[32, 64, 128, 256], default=256),
    Parameter(name="augment.flip", kind="choice", values=[False, True], default=False),
]
STATUSES = (
    "completed",
    "stopped-early",
    "completed",
    "failed",
    "completed",
    "timed-out",
    "completed",
    "diverged",
)


def draw(rng):
    """Values for every parameter of SPACE that counts."""
    values = {}
    for each in SPACE:
        if all(values.get(parent) in allowed for parent, allowed in each.when.items()):
            low, high = (
                (np.log10(each.low), np.log10(each.high)) if each.kind == "float" else (0, 0)
            )
            drawn = 10 ** rng.uniform(low, high) if each.kind == "float" else None
            values[each.name] = drawn or each.values[rng.integers(len(each.values))]
    return values


def quality(values):
    """What decides the made-up scores: most of it is the learning rate, some the dropout."""
    return (
        0.9
        - 0.05 * (np.log10(values["learning_rate"]) + 2.5) ** 2
        - 0.05 * values["options.dropout_1"] ** 2
    )


def make_trial(order, **more):
    """The record of a trial, complete but for what `more` says."""
    start = {
        "id": f"{order:04d}",
        "order": order,
        "created_after": order,
        "values": {},
        "seed": 1000 + order,
        "epochs": 8,
        "thresholds": {},
        "threads": 1,
        "status": "running",
        "score": None,
        "started": BEGAN.isoformat(),
        "ended": None,
        "ended_order": None,
        "oracle_was_idle": False,
        "history": [],
        "hyperband": None,
        "engine": "local",
        "worker": f"host:{order}",
        "peak_memory_bytes": 500_000_000,
    }
    return TrialRecord(**(start | more))


def make_search(
    folder,
    statuses,
    *,
    algorithm="random",
    objective="val_accuracy",
    folds=None,
    space=SPACE,
    seed=0,
):
    """A search whose n-th trial ended with the n-th of `statuses`; the best one is kept and
    retrained.
    """
    rng, search, now = np.random.default_rng(seed), Search(folder), BEGAN
    identity = Identity(
        model="mlp",
        algorithm=algorithm,
        space=space,
        recipe=recipes.get("mlp").to_json(),
        dataset=SearchedData(name="digits", fingerprint="f" * 64, split_id="0" * 12),
        objective=objective,
        folds=folds,
        seed=seed,
        versions={"keras": "3", "keras-tuner": "1.4.8"},
    )
    search.write_record(
        SearchRecord(identity=identity, identity_sha256=identity.sha256, started=BEGAN.isoformat())
    )
    allowed = {each.name: each.allows for each in space}
    for order, status in enumerate(statuses):
        values = draw(rng)
        score = quality(values) + rng.normal(0, 0.002)
        score = score if measures.maximised(objective) else 1 - score
        scored, began = status in runs.SCORED, now
        epochs = {"completed": 8, "stopped-early": 3, "diverged": 2}.get(status, 0)
        sign = 1 if measures.maximised(objective) else -1
        history = [
            {
                "epoch": epoch,
                "loss": 0.5,
                objective: score - sign * 0.3 * (1 / epoch - 1 / max(epochs, 1)),
            }
            | ({"fold": fold} if folds else {})
            for fold in range(1, (folds or 1) + 1)
            for epoch in range(1, epochs + 1)
        ]
        now += timedelta(seconds=float(rng.integers(20, 60)))
        place = None
        if algorithm == "hyperband":
            number = order % 3
            before = f"{order - 1:04d}" if number else None
            place = HyperbandRound(
                epochs=3**number,
                initial_epoch=3 ** (number - 1) if number else 0,
                bracket=1,
                round=number,
                start_from=before,
            )
        ended = status != "running"
        search.write_trial(
            make_trial(
                order,
                created_after=sum(each != "running" for each in statuses[:order]),
                values={
                    name: value
                    for name, value in values.items()
                    if name in allowed and allowed[name](value)
                },
                epochs=place.epochs if place else 8,
                status=status,
                score=float(score) if scored else None,
                best_epoch=epochs if scored else None,
                epochs_run=len(history),
                seconds=(now - began).total_seconds() if ended else None,
                started=began.isoformat(),
                ended=now.isoformat() if ended else None,
                ended_order=sum(each != "running" for each in statuses[:order]) if ended else None,
                history=history,
                message=(
                    None
                    if status in ("completed", "running")
                    else f"why trial {order} is <{status}>"
                ),
                hyperband=place,
            )
        )
    best = runs.best_of(search.read_trials(), objective)
    if best:
        rate = best.values.get("learning_rate", 0.01)
        recipe = identity.recipe.model_copy(update={"learning_rate": rate, "seed": best.seed})
        again = Retrained(
            seed=77, status="completed", score=best.score - 0.004, best_epoch=7, epochs_run=8
        )
        search.write_best(
            Best(
                recipe=recipe,
                score=best.score,
                trial=best.id,
                search=identity.sha256,
                retrained=again,
            )
        )
    return search
