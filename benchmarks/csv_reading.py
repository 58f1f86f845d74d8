"""How long the strict CSV reader takes, beside plain `pandas.read_csv`.

A table like Fashion-MNIST's is made in a temporary folder; then both read it alternately, each time
in a fresh process, so that imports and first touches of memory count. Prints medians and the ratio;
the two must see the same pixels.

    python benchmarks/csv_reading.py --rows 60000 --repeats 5 --json csv_reading.json
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SIDE = 28
ROWS_AT_ONCE = 1000

READERS = {
    "pandas.read_csv": (
        "import pandas",
        "table = pandas.read_csv(path)",
        "int(table.drop(columns='label').to_numpy().sum()) + int(table['label'].sum())",
    ),
    "fashion_nn.tables.read": (
        "from fashion_nn import tables",
        "table = tables.read(path)",
        "int(table.pixels.sum(dtype='int64')) + int(table.labels.sum())",
    ),
}

CHILD = """
import json, resource, sys, time
path = sys.argv[1]
start = time.perf_counter()
{0}
imported, cpu = time.perf_counter(), time.process_time()
{1}
read, cpu = time.perf_counter(), time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
figures = dict(import_s=imported - start, read_s=read - imported, total_s=read - start)
figures |= dict(cpu_s=cpu, peak_mib=peak)
print(json.dumps(dict(figures, checksum={2})))
"""


def write_table(path: Path, rows: int, seed: int) -> None:
    """Write `rows` images: about half of the pixels are 0 around an upright shape, 71 % of the
    others above 99.
    """
    generator = np.random.default_rng(seed)
    cells = np.array([str(value) for value in range(256)], dtype=object)
    columns = np.abs(np.arange(SIDE) - (SIDE - 1) / 2)
    with open(path, "w") as file:
        print("label", *(f"pixel{index}" for index in range(1, SIDE**2 + 1)), sep=",", file=file)
        for start in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - start)
            grey = 255 * generator.random((count, SIDE, SIDE)) ** 0.75
            half_width = generator.uniform(3.5, 10, (count, 1, 1)) + generator.uniform(
                -1, 1, (count, SIDE, 1)
            )
            grey[columns + np.zeros((count, SIDE, 1)) > half_width] = 0
            images = cells[np.ceil(grey).astype(np.uint8).reshape(count, -1)]
            for label, image in zip(generator.integers(0, 10, count), images, strict=True):
                file.write(f"{label},{','.join(image)}\n")


def measure(reader: str, path: Path) -> dict[str, float]:
    """Read `path` once in a fresh process: seconds, processor seconds and peak memory."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", CHILD.format(*READERS[reader]), str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout)


def compare(rows: int, repeats: int, seed: int) -> dict:
    """Medians of `repeats` alternating runs of each reader, after one of each that is not
    counted.
    """
    from fashion_nn.runs import Environment

    measured: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, rows, seed)
        size = path.stat().st_size
        for repeat in range(repeats + 1):
            for reader in READERS:
                figures = measure(reader, path)
                if repeat:
                    measured[reader].append(figures)
    checksums = {run.pop("checksum") for figures in measured.values() for run in figures}
    if len(checksums) != 1:
        raise SystemExit(f"error: the readers do not agree on the pixels: sums {sorted(checksums)}")
    medians = {
        reader: {key: statistics.median(run[key] for run in figures) for key in figures[0]}
        for reader, figures in measured.items()
    }
    theirs, ours = medians.values()
    return {
        "rows": rows,
        "columns": SIDE**2 + 1,
        "bytes": size,
        "seed": seed,
        "repeats": repeats,
        "machine": Environment.here().hardware.to_json(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas")},
        },
        "median": medians,
        "ratio": {key: ours[key] / theirs[key] for key in ours},
        "runs": measured,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    arguments = parser.parse_args()
    if arguments.rows < 1 or arguments.repeats < 1:
        parser.error("--rows and --repeats must be at least 1")
    result = compare(arguments.rows, arguments.repeats, arguments.seed)
    machine, versions = result["machine"], result["versions"]
    print(
        f"{result['rows']} rows, {result['columns']} columns, "
        f"{result['bytes'] / 1e6:.0f} MB; medians of",
        end=" ",
    )
    print(f"{result['repeats']} fresh processes each, in turn")
    print(
        f"{machine['processor']}, {machine['cores']} cores; "
        + ", ".join(f"{k} {v}" for k, v in versions.items())
    )
    print(f"\n{'':24}{'import s':>10}{'read s':>10}{'both s':>10}{'CPU s':>10}{'peak MiB':>10}")
    for name, row in (*result["median"].items(), ("ratio", result["ratio"])):
        figures = [row[key] for key in ("import_s", "read_s", "total_s", "cpu_s")]
        peak = f"{row['peak_mib']:10.2f}" if name == "ratio" else f"{row['peak_mib']:10.0f}"
        print(f"{name:24}" + "".join(f"{figure:10.3f}" for figure in figures) + peak)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
