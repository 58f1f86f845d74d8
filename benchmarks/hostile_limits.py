"""What models that want too much take before they are stopped: memory, disk, processor and clock.

    python benchmarks/hostile_limits.py [--json FILE] [--docs docs/safe-loading.md]

Some minutes. Each model of the table `greedy` in tests/inference/hostile.py is opened under the
usual limits and asked for 1000 images, in a process tree that is measured from outside (Linux).
`--docs` puts the table between the marks of that page.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "inference"))
import hostile
import measuring

from fashion_nn.core.reading import between_marks
from fashion_nn.core.writing import write_atomic

MARKS = ("<!-- limits: made by benchmarks/hostile_limits.py -->", "<!-- end of limits -->")


def measure() -> list[dict]:
    found = []
    rows = [("an ordinary model", hostile.keras(hostile.chain()), ""), *hostile.greedy()]
    for name, build, _ in rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / build.file
            build(path, Path(folder) / "marker")
            size = path.stat().st_size
            came, use = measuring.opened(path)
        found.append({"model": name, "bytes": size, "came": came, **measuring.record(use)})
        print(line(found[-1]), flush=True)
    return found


def line(row: dict) -> str:
    came = row["came"].removeprefix("refused ").replace("the model could not be run (", "(")
    return (
        f"| {row['model']} | {row['bytes'] / 1024:,.0f} KB | {row['memory'] / (1 << 30):.2f} GiB |"
        f" {row['disk']} B | {row['cpu']:.0f} s | {row['seconds']:.0f} s | {came} |"
    )


def table(rows: list[dict]) -> str:
    head = (
        "| model | file | memory | disk | processor | clock | what came of it"
        " |\n|---|---|---|---|---|---|---|"
    )
    where = (
        f"Highest figures of parent and child together, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}."
    )
    return "\n".join([where, "", head, *map(line, rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    arguments = parser.parse_args()
    rows = measure()
    if arguments.json:
        write_atomic(arguments.json, json.dumps(rows, indent=1) + "\n")
    if arguments.docs:
        write_atomic(arguments.docs, between_marks(arguments.docs, MARKS, f"{table(rows)}\n"))


if __name__ == "__main__":
    main()
