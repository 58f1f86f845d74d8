"""The card of a run: what the model is, what it was measured to do, how to use it."""

from typing import Any

from fashion_nn.files import write_atomic
from fashion_nn.runs import Run


def write_card(run: Run) -> None:
    """Write README.md into the run folder, from run.json and metrics.json."""
    write_atomic(run.card, render(run))


def render(run: Run) -> str:
    """The card as Markdown."""
    record, measured = run.read_record(), run.read_metrics()
    recipe, data, environment = record["recipe"], record["dataset"], record["environment"]
    seconds = sum(second for session in record["sessions"] for second in session["epoch_seconds"])
    lines = [
        f"# {run.name}",
        "",
        f"`{recipe['model']}` ({record['parameters']:,} parameters) trained on {data['name']} "
        f"by the recipe `{recipe['name']}`, seed {recipe['seed']}.",
        "",
        "| split | n | accuracy | 95 % interval (Wilson) | log loss |",
        "|---|---:|---:|---|---:|",
        *(_row(name, measured[name]) for name in ("valid", "test") if name in measured),
        "",
        f"{_CHOSEN.get(recipe.get('kind'), 'The epoch was')} chosen on the validation rows, which are in `split.json`; "
        "the test rows were opened after that.",
        "",
        f"- Input: uint8 images, n x {data['image_shape'][0]} x {data['image_shape'][1]}, raw pixels 0..255; "
        "the scaling is inside the model.",
        f"- Output: float32 probabilities of {len(data['class_names'])} classes: {', '.join(data['class_names'])}.",
        *_epochs(run, record),
        f"- Trained in {seconds:.0f} s on {environment['hardware']['cores']} cores of "
        f"{environment['hardware']['processor']}, TensorFlow {environment['versions']['tensorflow']}, "
        f"Keras {environment['versions']['keras']}, commit {environment['commit'] or 'unknown'}.",
        f"- Training data: {data['rows']['train']:,} rows, fingerprint `{data['fingerprint'][:16]}`.",
        f"- SHA-256 of `{run.model.name}`: `{measured['model_sha256']}`.",
        *(_export(record) for record in measured.get("exports", {}).values()),
        "",
        "| setting | value | source |",
        "|---|---|---|",
        *_settings(recipe),
        "",
        "```",
        f"python submit.py --model {run.folder.name}/{run.model.name} --test test.csv --out predictions.csv",
        "```",
        "",
    ]
    return "\n".join(lines)


_CHOSEN = {"baseline": "Settings were", "ensemble": "The weights were"}


def _epochs(run: Run, record: dict[str, Any]) -> list[str]:
    history = run.read_history()
    if not history:
        return []
    return [
        f"- Kept epoch {record['best_epoch']} of {len(history)}; "
        f"stopped by {record['stopped_because']} (at most {record['recipe']['epochs']} epochs)."
    ]


def _row(name: str, scores: dict[str, Any]) -> str:
    low, high = scores["interval"]
    accuracy, log_loss = scores["accuracy"], scores["log_loss"]
    return f"| {name} | {scores['n']:,} | {accuracy:.4f} | {low:.4f} to {high:.4f} | {log_loss:.4f} |"


def _export(record: dict[str, Any]) -> str:
    return (
        f"- `{record['file']}` predicts the same: {record['labels_equal']:,} of {record['images']:,} labels, "
        f"largest difference of a probability {record['max_abs_difference']:.1e}."
    )


def _settings(recipe: dict[str, Any]) -> list[str]:
    skip = {"name", "model", "kind", "sources"}
    if recipe.get("schedule") != "one-cycle":
        skip.add("warmup_fraction")
    if recipe.get("schedule") != "cosine-restarts":
        skip.add("restart_epochs")
    rows = []
    for key, value in recipe.items():
        if key in skip or value in ({}, None, False, 0):
            continue
        if key == "options" and isinstance(value.get("members"), list):
            value = ", ".join(f"{each['run']} × {each['weight']}" for each in value["members"])
        if key == "augment":
            value = ", ".join(f"{name} {amount}" for name, amount in value.items() if amount) or "none"
        rows.append(f"| {key} | {value} | {recipe['sources'].get(key, 'ours')} |")
    return rows
