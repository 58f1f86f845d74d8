"""The card of a run: what the model is, what it was measured to do, how to use it. Markdown with the metadata of
Hugging Face's model cards on top."""

import json
from typing import Any

from fashion_nn import recipes
from fashion_nn.core.files import write_atomic
from fashion_nn.report import leaderboard
from fashion_nn.runs import Run

_LICENSE = "mit"
_CHOSEN = {"baseline": "Settings were", "ensemble": "The weights were"}
_SPLITS = {"valid": "validation", "test": "test"}
_FIGURES = {
    "accuracy": "accuracy",
    "log_loss": "log loss (nats)",
    "brier": "Brier score",
    "calibration_error": "expected calibration error",
}


def write_card(run: Run) -> None:
    """Write README.md into the run folder, from run.json and metrics.json."""
    write_atomic(run.card, render(run))


def render(run: Run) -> str:
    """The card as Markdown with YAML metadata."""
    record, measured = run.read_record(), run.read_metrics()
    recipe, data = record["recipe"], record["dataset"]
    height, width = data["image_shape"]
    lines = [
        "---",
        *_yaml(_metadata(run, record, measured)),
        "---",
        "",
        f"# {run.name}",
        "",
        f"`{recipe.get('model', recipe['name'])}` ({record['parameters']:,} parameters) trained on {data['name']} "
        f"by the recipe `{recipe['name']}`" + (f", seed {recipe['seed']}." if "seed" in recipe else "."),
        "",
        "| split | n | accuracy | 95 % interval (Wilson) | log loss | Brier score | calibration error |",
        "|---|---:|---:|---|---:|---:|---:|",
        *(_row(name, measured[name]) for name in _SPLITS if name in measured),
        "",
        f"{_CHOSEN.get(recipe.get('kind'), 'The epoch was')} chosen on the validation rows, which are in `split.json`; "
        "the test rows were opened after that.",
        *_departures(run, record),
        *_beside(measured.get("test", {})),
        "",
        "## Intended use",
        "",
        f"Telling apart {len(data['class_names'])} classes in grey images of {height} x {width} pixels that look like "
        f"{data['name']}: {', '.join(data['class_names'])}. Made for comparing methods, teaching and coursework.",
        "",
        "## Limits",
        "",
        "- It always answers with one of its classes, for any image; nothing in it says that an image is of no class.",
        "- Photographs, colour, other sizes, backgrounds or positions than in the training data were not measured.",
        *_weakest(measured, data["class_names"]),
        "",
        "## How to load",
        "",
        f"- Input: uint8 images, n x {height} x {width}, raw pixels 0..255; the scaling is inside the model.",
        f"- Output: float32 probabilities, n x {len(data['class_names'])}, in the order of the classes above.",
        "",
        "```python",
        "from fashion_nn import inference",
        "",
        f'with inference.open_model("{run.name}/{run.model.name}") as predict:',
        "    probabilities = predict(images)",
        "```",
        "",
        "```sh",
        f"python submit.py --model {run.name}/{run.model.name} --test test.csv --out predictions.csv",
        "```",
        "",
        "## Where it comes from",
        "",
        *(f"- {name}: {value}" for name, value in facts(run)),
        "",
        "| setting | value | source |",
        "|---|---|---|",
        *(f"| {key} | {value} | {source} |" for key, value, source in settings(recipe)),
        "",
    ]
    return "\n".join(lines)


def facts(run: Run) -> list[tuple[str, str]]:
    """What a reader needs to trace the figures: data, hardware, versions, checksums."""
    record, measured = run.read_record(), run.read_metrics()
    data, environment = record["dataset"], record["environment"]
    hardware, versions, epochs = environment["hardware"], environment["versions"], len(run.read_history())
    training = f"{leaderboard.train_seconds(record):,.0f} s on {_cores(hardware)}"
    if epochs:
        training += f"; kept epoch {record.get('best_epoch')} of {epochs}, stopped by {record.get('stopped_because')}"
    found = [
        ("training", training),
        (
            "training data",
            f"{data['rows'].get('train', 0):,} rows of {data['name']}, fingerprint `{data['fingerprint'][:16]}`",
        ),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items() if version)),
        ("commit", environment.get("commit") or "unknown"),
        (f"SHA-256 of `{run.model.name}`", f"`{measured['model_sha256']}`"),
    ]
    if measured.get("multiply_adds"):
        found.insert(1, ("multiply-adds", f"{measured['multiply_adds']:,} an image"))
    if "prediction" in measured:
        took = measured["prediction"]
        text = f"{took['images']:,} images in {took['seconds']:.3g} s by {took['engine']} on {_cores(took)}"
        found.insert(2, ("prediction", text))
    for export in measured.get("exports", {}).values():
        text = (
            f"predicts the same: {export['labels_equal']:,} of {export['images']:,} labels, "
            f"largest difference of a probability {export['max_abs_difference']:.1e}"
        )
        found.append((f"`{export['file']}`", text))
    return found


def settings(recipe: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The settings of a recipe that are in use: name, value and source. Any other keys are taken as they are."""
    skip = {"name", "model", "kind", "sources", *recipes.without_effect(recipe)}
    rows = []
    for key, value in recipe.items():
        given = key in (recipe.get("sources") or {})
        if key in skip or value in ({}, [], None, False) or (value == 0 and key != "seed" and not given):
            continue
        if isinstance(value, dict) and isinstance(value.get("members"), list):
            value = ", ".join(f"{each['run']} × {each['weight']}" for each in value["members"])
        elif isinstance(value, dict):
            value = ", ".join(f"{name} {amount}" for name, amount in value.items() if amount) or "none"
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        rows.append((key, str(value), str((recipe.get("sources") or {}).get(key, "ours"))))
    return rows


def _cores(hardware: dict[str, Any]) -> str:
    return f"{hardware.get('cores', '?')} cores of {hardware.get('processor', 'an unknown processor')}"


def _row(name: str, scores: dict[str, Any]) -> str:
    low, high = scores["interval"]
    others = " | ".join(f"{scores[key]:.4f}" if key in scores else "-" for key in list(_FIGURES)[1:])
    return f"| {_SPLITS[name]} | {scores['n']:,} | {scores['accuracy']:.4f} | {low:.4f} to {high:.4f} | {others} |"


def _departures(run: Run, record: dict[str, Any]) -> list[str]:
    changed = [f"{key} {here} ({there})" for key, (here, there) in recipes.departures(record["recipe"]).items()]
    lines = [f"Other than in the recipe, whose settings are in brackets: {', '.join(changed)}."] if changed else []
    if record.get("stopped_because") == "budget":
        epochs = len(run.read_history())
        lines.append(f"Cut for want of time after {epochs} epoch{'s' * (epochs != 1)}: more may make it better.")
    return ["", " ".join(lines)] if lines else []


def _beside(test: dict[str, Any]) -> list[str]:
    lines = []
    if test.get("without_near_duplicates", {}).get("n"):
        clean = test["without_near_duplicates"]
        low, high = clean["interval"]
        lines += [
            "",
            f"Without the {test['n'] - clean['n']:,} test images that have a near duplicate in the training data (root "
            f"mean square distance at most {clean['distance']} of the pixel range): {clean['accuracy']:.4f} "
            f"({low:.4f} to {high:.4f}, n={clean['n']:,}).",
        ]
    if "temperature" in test:
        scaled = test["temperature"]
        lines += [
            "",
            f"With temperature {scaled['value']:.3f}, fitted on validation and not in the model: test log loss "
            f"{scaled['log_loss']:.4f}, Brier score {scaled['brier']:.4f}, expected calibration error "
            f"{scaled['calibration_error']:.4f}.",
        ]
    return lines


def _weakest(measured: dict[str, Any], names: list[str]) -> list[str]:
    scores = measured.get("test") or measured.get("valid")
    if not scores:
        return []
    recall, name = min((each["recall"], name) for each, name in zip(scores["per_class"], names, strict=True))
    return [f"- The class it finds least often is {name}: {recall:.1%} of its images."]


def _metadata(run: Run, record: dict[str, Any], measured: dict[str, Any]) -> dict[str, Any]:
    """Source: the model card specification of Hugging Face's hub."""
    name = record["dataset"]["name"]
    results = [
        {
            "task": {"type": "image-classification", "name": "Image Classification"},
            "dataset": {"name": name, "type": name, "split": _SPLITS[split]},
            "metrics": [
                {"type": key, "name": title, "value": measured[split][key]}
                for key, title in _FIGURES.items()
                if key in measured[split]
            ],
        }
        for split in ("test", "valid")
        if split in measured
    ]
    index = {"name": run.name, "results": results}
    return {
        "license": _LICENSE,
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "keras", record["recipe"].get("model", record["recipe"]["name"])],
        "datasets": [name],
        "metrics": ["accuracy"],
        **({"model-index": [index]} if results else {}),
    }


def _yaml(value: Any, indent: str = "") -> list[str]:
    """Lines of YAML in block style; each text is quoted as in JSON, which YAML contains."""
    lines = []
    for key, inner in value.items() if isinstance(value, dict) else ((None, inner) for inner in value):
        lead = "-" if key is None else f"{key}:"
        if not isinstance(inner, dict | list):
            lines.append(f"{indent}{lead} {json.dumps(inner, ensure_ascii=False)}")
        elif key is None:
            first, *rest = _yaml(inner, indent + "  ")
            lines += [f"{indent}- {first.strip()}", *rest]
        else:
            lines += [f"{indent}{lead}", *_yaml(inner, indent + "  ")]
    return lines
