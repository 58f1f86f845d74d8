"""Write docs/performance.md and docs/did-not-help.md from what the benchmarks left in benchmarks/*.json.

python benchmarks/pages.py
"""

import json
import statistics
from pathlib import Path
from typing import Any

import jinja2

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
PAGES = ("performance.md", "did-not-help.md")


def read(name: str) -> dict[str, Any]:
    return json.loads((HERE / f"{name}.json").read_text())


def machine(environment: dict[str, Any]) -> str:
    """Processor, cores and, where they are recorded, versions."""
    hardware, versions = environment.get("hardware", environment), environment.get("versions", {})
    named = ", ".join(f"{name} {versions[name]}" for name in ("keras", "tensorflow") if name in versions)
    return f"{hardware['cores']} cores of {hardware['processor']}" + (f"; {named}" if named else "")


def seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f}"


def two(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def percent(value: float, digits: int = 2) -> str:
    return f"{100 * value:.{digits}f}"


def measured() -> dict[str, Any]:
    """What the templates show."""
    training, race, choices = read("train_throughput"), read("time_to_accuracy"), read("sprint_choices")
    for choice in choices["choices"]:
        for key in ("accuracy", "log_loss", "epoch_seconds"):
            choice[key] = statistics.fmean(run[key] for run in choice["runs"])
    return {
        "training": training,
        "race": race | {"plain": race["parts"]["plain Keras"]},
        "latency": read("submit_latency"),
        "reading": read("csv_reading"),
        "search": read("search"),
        "growth": read("cost_growth"),
        "choices": choices,
    }


def render() -> dict[str, str]:
    """File name → page."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    filters = {"machine": machine, "seconds": seconds, "two": two, "percent": percent, "whole": "{:,.0f}".format}
    templates.filters |= filters
    found = measured()
    return {name: templates.get_template(name).render(found) for name in PAGES}


def main() -> None:
    from fashion_nn.files import write_atomic

    for name, page in render().items():
        write_atomic(DOCS / name, page)


if __name__ == "__main__":
    main()
