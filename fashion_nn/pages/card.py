"""The model card of a run: what the model is, how good it was measured to be, and how to use it.

It is Markdown, with the metadata of Hugging Face's model cards on top.
"""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from fashion_nn import recipes
from fashion_nn.core.images import is_colour
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.core.text import in_markdown, printable
from fashion_nn.core.writing import write_atomic
from fashion_nn.measures.columns import PROBABILISTIC, SCORES, sentence
from fashion_nn.runs import Metrics, Prediction, RecipeRecord, Record, Run, StoredScores
from fashion_nn.runs.metrics import Temperature
from fashion_nn.runs.records import Hardware

_LICENSE = "mit"
_CHOSEN: dict[str | None, str] = {"baseline": "Settings were", "ensemble": "The weights were"}


def write_card(run: Run) -> None:
    """Write README.md into the run folder, from run.json and metrics.json."""
    write_atomic(run.card, render(run))


def render(run: Run) -> str:
    """The card as Markdown with YAML metadata."""
    record = run.read_record()
    measured = run.read_metrics()
    lines = [
        "---",
        _as_yaml(_metadata(run, record, measured)),
        "---",
        "",
        *_summary(run, record, measured),
        *_use(record),
        *_limits(record, measured),
        *_loading(run, record),
        *_origin(run, record),
    ]
    return "\n".join(lines)


def _summary(run: Run, record: Record, measured: Metrics) -> list[str]:
    """The title, what was trained, and how good it is."""
    recipe = record.recipe
    seed = f", seed {recipe.seed}" if recipe.seed is not None else ""
    return [
        f"# {in_markdown(run.name)}",
        "",
        (
            f"`{in_markdown(recipe.model_name)}` ({record.parameters:,} parameters) trained on"
            f" {in_markdown(record.dataset.name)} by the recipe `{in_markdown(recipe.name)}`{seed}."
        ),
        "",
        (
            "| split | n | accuracy | 95 % interval (Wilson) |"
            f" {' | '.join(each.title for each in PROBABILISTIC)} |"
        ),
        f"|---|---:|---:|---|{'---:|' * len(PROBABILISTIC)}",
        *(_row(name, scores) for name, scores in _measured_splits(measured)),
        "",
        (
            f"{_CHOSEN.get(recipe.kind, 'The epoch was')} chosen on the validation rows, which are"
            " in `split.json`; the test rows were opened after that."
        ),
        *_departures(run, record),
        *_beside(measured.test),
        "",
    ]


def _use(record: Record) -> list[str]:
    data = record.dataset
    height, width = data.image_shape[:2]
    colours = "colour" if is_colour(data.image_shape) else "grey"
    return [
        "## Intended use",
        "",
        (
            f"Telling apart {len(data.class_names)} classes in {colours} images of {height} x"
            f" {width} pixels that look like {in_markdown(data.name)}:"
            f" {in_markdown(', '.join(data.class_names))}. Made for comparing methods, teaching and"
            " coursework."
        ),
        "",
    ]


def _limits(record: Record, measured: Metrics) -> list[str]:
    others = "grey images" if is_colour(record.dataset.image_shape) else "colour"
    return [
        "## Limits",
        "",
        (
            "- It always answers with one of its classes, for any image; nothing in it says that an"
            " image is of no class."
        ),
        (
            f"- Photographs, {others}, other sizes, backgrounds or positions than in the training"
            " data were not measured."
        ),
        *_weakest(measured, record.dataset.class_names),
        "",
    ]


def _loading(run: Run, record: Record) -> list[str]:
    """How to get predictions from the model file, in Python and on the command line."""
    shape = " x ".join(map(str, record.dataset.image_shape))
    classes = len(record.dataset.class_names)
    path = f"{run.name}/{run.model.name}"
    return [
        "## How to load",
        "",
        (
            f"- Input: uint8 images, n x {shape}, raw pixels 0..255; the scaling is inside the"
            " model."
        ),
        f"- Output: float32 probabilities, n x {classes}, in the order of the classes above.",
        "",
        "```python",
        "from fashion_nn import inference",
        "",
        f"with inference.open_model({json.dumps(path)}) as predict:",
        "    probabilities = predict(images)",
        "```",
        "",
        "```sh",
        (
            f"python submit.py --model {shlex.quote(printable(path))} --test test.csv --out"
            " predictions.csv"
        ),
        "```",
        "",
    ]


def _origin(run: Run, record: Record) -> list[str]:
    """The facts that let a reader trace the figures, and every setting with its source."""
    return [
        "## Where it comes from",
        "",
        *(f"- {in_markdown(name)}: {in_markdown(value)}" for name, value in facts(run)),
        "",
        "| setting | value | source |",
        "|---|---|---|",
        *(f"| {' | '.join(map(in_markdown, setting))} |" for setting in settings(record.recipe)),
        "",
    ]


def facts(run: Run) -> list[tuple[str, str]]:
    """What a reader needs to trace the figures: data, hardware, versions, checksums."""
    record = run.read_record()
    measured = run.read_metrics()
    data = record.dataset
    found = [("training", _training(run, record))]
    if measured.multiply_adds:
        found.append(("multiply-adds", f"{measured.multiply_adds:,} an image"))
    took = measured.prediction
    if took:
        text = f"{took.images:,} images in {took.seconds:.3g} s by {took.engine} on {_cores(took)}"
        found.append(("prediction", text))
    rows = f"{data.rows.get('train', 0):,} rows of {data.name}"
    versions = record.environment.versions.items()
    found += [
        ("training data", f"{rows}, fingerprint `{data.fingerprint[:16]}`"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions if version)),
        ("commit", record.environment.commit or "unknown"),
        (f"SHA-256 of `{run.model.name}`", f"`{measured.model_sha256}`"),
    ]
    for export in measured.exports.values():
        text = (
            f"predicts the same: {export.labels_equal:,} of {export.images:,} labels, "
            f"largest difference of a probability {export.max_abs_difference:.1e}"
        )
        found.append((f"`{export.file}`", text))
    return found


def _training(run: Run, record: Record) -> str:
    text = f"{record.train_seconds:,.0f} s on {_cores(record.environment.hardware)}"
    epochs = len(run.read_history())
    if epochs:
        text += f"; best epoch {record.best_epoch} of {epochs}, stopped by {record.stopped_because}"
    return text


def settings(recipe: RecipeRecord) -> list[tuple[str, str, str]]:
    """The settings of a recipe that are in use: name, value and source. Any other keys are taken as
    they are.
    """
    values = recipe.to_json()
    skip = {"name", "model", "kind", "sources", *recipes.without_effect(values)}
    rows = []
    for key, value in values.items():
        unused = value in ({}, [], None, False) or (
            value == 0 and key != "seed" and key not in recipe.sources
        )
        if key not in skip and not unused:
            rows.append((key, _setting(value), recipe.sources.get(key, "ours")))
    return rows


def _setting(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("members"), list):
        return ", ".join(f"{each['run']} × {each['weight']}" for each in value["members"])
    if isinstance(value, dict):
        return ", ".join(f"{name} {amount}" for name, amount in value.items() if amount) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _cores(hardware: Hardware | Prediction) -> str:
    cores = "?" if hardware.cores is None else hardware.cores
    return f"{cores} cores of {hardware.processor or 'an unknown processor'}"


def _measured_splits(measured: Metrics) -> list[tuple[str, StoredScores]]:
    """The names and figures of the splits that were measured."""
    found = [("validation", measured.valid), ("test", measured.test)]
    return [(name, scores) for name, scores in found if scores]


def _row(name: str, scores: StoredScores) -> str:
    low, high = scores.interval
    figures = [each.of(scores) for each in PROBABILISTIC]
    others = " | ".join("-" if figure is None else f"{figure:.4f}" for figure in figures)
    return f"| {name} | {scores.n:,} | {scores.accuracy:.4f} | {low:.4f} to {high:.4f} | {others} |"


def _departures(run: Run, record: Record) -> list[str]:
    departures = recipes.departures(record.recipe.to_json())
    changed = [f"{key} {here} ({there})" for key, (here, there) in departures.items()]
    lines = []
    if changed:
        lines.append(
            "Other than in the recipe, whose settings are in brackets: "
            f"{in_markdown(', '.join(changed))}."
        )
    if record.stopped_because == "budget":
        epochs = len(run.read_history())
        number = f"{epochs} epoch" if epochs == 1 else f"{epochs} epochs"
        lines.append(f"Stopped by the time budget after {number}; longer training may improve it.")
    return ["", " ".join(lines)] if lines else []


def _beside(test: StoredScores | None) -> list[str]:
    """Paragraphs on the test figures without near duplicates, and with a fitted temperature."""
    lines: list[str] = []
    if test is None:
        return lines
    clean = test.without_near_duplicates
    if clean and clean.interval:
        low, high = clean.interval
        lines += [
            "",
            (
                f"Without the {test.n - clean.n:,} test images that have a near duplicate in the"
                f" training data (root mean square distance at most {clean.distance} of the pixel"
                f" range): {clean.accuracy:.4f} ({low:.4f} to {high:.4f}, n={clean.n:,})."
            ),
        ]
    scaled = test.temperature
    if scaled:
        lines += [
            "",
            (
                f"With temperature {scaled.value:.3f}, fitted on validation and not in the model:"
                f" test {sentence(scaled)}.{_before(scaled)}"
            ),
        ]
    return lines


def _before(scaled: Temperature) -> str:
    """The log loss without the temperature, clipped in the same precision."""
    if scaled.log_loss_before is None:
        return ""
    before = f"{scaled.log_loss_before:.4f}"
    return f" Without it the log loss, in double precision as here, is {before}."


def _weakest(measured: Metrics, names: Sequence[str]) -> list[str]:
    scores = measured.test or measured.valid
    if not scores:
        return []
    recall, name = min(
        (each.recall, name) for each, name in zip(scores.per_class, names, strict=True)
    )
    return [f"- The class it finds least often is {in_markdown(name)}: {recall:.1%} of its images."]


def _metadata(run: Run, record: Record, measured: Metrics) -> JsonObject:
    """Source: the model card specification of Hugging Face's hub."""
    name = record.dataset.name
    results: list[Json] = [
        {
            "task": {"type": "image-classification", "name": "Image Classification"},
            "dataset": {"name": name, "type": name, "split": split},
            "metrics": [
                {"type": each.key, "name": each.title_with_unit, "value": each.of(scores)}
                for each in SCORES
                if each.of(scores) is not None
            ],
        }
        for split, scores in reversed(_measured_splits(measured))
    ]
    metadata: dict[str, Json] = {
        "license": _LICENSE,
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "keras", record.recipe.model_name],
        "datasets": [name],
        "metrics": ["accuracy"],
    }
    if results:
        metadata["model-index"] = [{"name": run.name, "results": results}]
    return metadata


def _as_yaml(metadata: JsonObject) -> str:
    import yaml

    text: str = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)
    return text.rstrip("\n")
