"""Write docs/performance.md, docs/did-not-help.md and a table of the README from what benchmarks left beside this.

python benchmarks/pages.py
"""

import json
import statistics
from pathlib import Path
from typing import Any

import jinja2

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGES = ("performance.md", "did-not-help.md")
MARKS = ("<!-- time to an accuracy: made by `make pages` -->", "<!-- end of time to an accuracy -->")


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


def render() -> dict[Path, str]:
    """File → what it should hold."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    filters = {"machine": machine, "seconds": seconds, "two": two, "percent": percent, "whole": "{:,.0f}".format}
    templates.filters |= filters
    found = measured()
    pages = {ROOT / "docs" / name: templates.get_template(name).render(found) for name in PAGES}
    before, first, rest = (ROOT / "README.md").read_text().partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    table = templates.get_template("time-to-accuracy.md").render(found)
    return pages | {ROOT / "README.md": f"{before}{first}\n{table}{last}{after}"}


def main() -> None:
    from fashion_nn.files import write_atomic

    for path, page in render().items():
        write_atomic(path, page)


if __name__ == "__main__":
    main()
