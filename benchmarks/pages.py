"""Write docs/performance.md, docs/did-not-help.md and tables of the README and of
docs/safe-loading.md from what benchmarks left beside this.

    python benchmarks/pages.py

The texts are in templates/.
"""

import json
import statistics
import textwrap
from pathlib import Path
from typing import Any

import jinja2
from sprint_choices import CHOICES

from fashion_nn import datasets
from fashion_nn.core.reading import between_marks
from fashion_nn.core.writing import write_atomic

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SHOWN = ("keras", "tensorflow", "keras-tuner", "pandas")
PAGES = ("performance.md", "did-not-help.md")
MARKS = (
    "<!-- time to an accuracy: made by `make pages` -->",
    "<!-- end of time to an accuracy -->",
)
PARITY_MARKS = ("<!-- parity: made by `make pages` -->", "<!-- end of parity -->")
SUSPECT_MARKS = ("<!-- suspects: made by `make pages` -->", "<!-- end of suspects -->")
FEEDING_MARKS = ("<!-- feeding: made by `make pages` -->", "<!-- end of feeding -->")


def read(name: str) -> dict[str, Any]:
    path = HERE / f"{name}.json"
    if not path.exists():
        raise SystemExit(f"error: {path}: not there: python benchmarks/{name}.py --json {path}")
    return json.loads(path.read_text())


def machine(environment: dict[str, Any]) -> str:
    """Processor, cores and, where they are recorded, versions."""
    hardware = environment.get("hardware") or environment["machine"]
    versions = environment.get("versions", {})
    named = ", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions)
    return f"{hardware['cores']} cores of {hardware['processor']}" + (f"; {named}" if named else "")


def seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f}"


def two(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def percent(value: float, digits: int = 2) -> str:
    return f"{100 * value:.{digits}f}"


def title_of(data: str) -> str:
    """The name of a data set, for people."""
    return datasets.DATASETS[data].title


def fed(found: dict[str, Any], row: dict[str, Any]) -> str:
    """On which scale a file was fed, by which evidence, and what came of it."""
    accuracy = f", {percent(found['accuracy'], 1)} %"
    right = accuracy if found["scale"] != row["expected"] else ""
    doubt = f"; warns: or {found['runner_up']}" if found["warning"] else ""
    return f"{found['scale']} by {kind_of(found['evidence'])}{right}{doubt}"


def kind_of(evidence: str) -> str:
    """Which of the kinds of evidence decided, in some words."""
    kinds = {
        "validation rows": "labelled rows",
        "weak classifier": "the weak classifier",
        "stored mean": "stored figures",
        "leads from": "its first layers",
        "takes uint8": "the type of the input",
        "answers to": "its answers",
    }
    return next((kind for words, kind in kinds.items() if words in evidence), evidence)


def measured() -> dict[str, Any]:
    """What the templates show."""
    training, race, choices = (
        read("train_throughput"),
        read("time_to_accuracy"),
        read("sprint_choices"),
    )
    for choice in choices["choices"]:
        for key in ("accuracy", "log_loss"):
            choice[key] = statistics.fmean(run[key] for run in choice["runs"])
    choices["missing"] = sorted(set(CHOICES) - {choice["name"] for choice in choices["choices"]})
    first = choices["choices"][0]
    choices["standard_error"] = (
        first["accuracy"] * (1 - first["accuracy"]) / first["runs"][0]["n"]
    ) ** 0.5
    return {
        "training": training,
        "race": race | {"plain": race["parts"]["plain Keras"]},
        "latency": read("submit_latency"),
        "reading": read("csv_reading"),
        "search": read("search"),
        "feeding": read("feeding"),
        "parity": read("page_parity")["models"],
        "suspects": read("label_errors")["data"],
        "growth": read("cost_growth"),
        "choices": choices,
    }


def filled(page: str) -> str:
    """The paragraphs of Markdown in lines of at most 120 characters; tables, titles and pictures as
    they are.
    """
    blocks = page.rstrip().split("\n\n")
    return (
        "\n\n".join(
            block if block.startswith(("#", "|", "!")) else _fill(block) for block in blocks
        )
        + "\n"
    )


def _fill(paragraph: str) -> str:
    return textwrap.fill(paragraph, 120, break_long_words=False, break_on_hyphens=False)


def render() -> dict[Path, str]:
    """File → what it should hold."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    filters = {
        "machine": machine,
        "seconds": seconds,
        "two": two,
        "percent": percent,
        "whole": "{:,.0f}".format,
        "title_of": title_of,
        "fed": fed,
    }
    templates.filters |= filters
    found = measured()
    pages = {
        ROOT / "docs" / name: filled(templates.get_template(name).render(found)) for name in PAGES
    }
    tables = (
        (ROOT / "README.md", MARKS, "time-to-accuracy.md"),
        (ROOT / "docs" / "safe-loading.md", FEEDING_MARKS, "feeding.md"),
        (ROOT / "docs" / "data.md", SUSPECT_MARKS, "suspects.md"),
        (ROOT / "docs" / "model-in-the-page.md", PARITY_MARKS, "parity.md"),
    )
    for path, marks, name in tables:
        table = templates.get_template(name).render(found)
        pages[path] = between_marks(path, marks, table)
    return pages


def main() -> None:

    for path, page in render().items():
        write_atomic(path, page)


if __name__ == "__main__":
    main()
