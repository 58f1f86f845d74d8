"""Run the fast tests on each supported Python, with the newest and with the lowest versions of the
libraries.

The cells 3.11, 3.12 and 3.13 have the versions of constraints.txt. The cell `lowest` has the lower
bounds of setup.cfg on Python 3.11, since some of them have no wheels for newer Pythons. Each cell
has its own environment under .matrix/, which is kept for the next run. Interpreters that are
missing are named and skipped.

    python tools/matrix.py                # all cells
    python tools/matrix.py 3.12 lowest    # these cells
    python tools/matrix.py --resume       # those that have not passed at this commit
"""

import argparse
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MATRIX = ROOT / ".matrix"
RESULTS = MATRIX / "results.json"
# Each cell with its Python.
CELLS = {"3.13": "3.13", "3.12": "3.12", "3.11": "3.11", "lowest": "3.11"}
TESTS = ["-m", "not slow", "--numprocesses", "2", "--dist", "loadfile", "-q"]


def main() -> int:
    """Run the cells that the command line names; 1 if one failed, 2 if a name is not a cell's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cells", nargs="*", metavar="CELL", help=f"among: {', '.join(CELLS)}")
    parser.add_argument("--resume", action="store_true", help="skip what passed at this commit")
    parser.add_argument(
        "--tests", default="", help="arguments for pytest, such as a folder of tests"
    )
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.cells) - set(CELLS))
    if unknown:
        parser.error(f"no such cell: {', '.join(unknown)}; expected {', '.join(CELLS)}")

    MATRIX.mkdir(exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    commit = _commit()
    chosen = arguments.cells or list(CELLS)
    for cell in chosen:
        before = results.get(cell, {})
        if arguments.resume and before.get("passed") and before.get("commit") == commit:
            continue
        python = find_python(CELLS[cell])
        if python is None:
            results[cell] = {"outcome": f"Python {CELLS[cell]} not found", "passed": None}
        else:
            results[cell] = {**run(cell, python, arguments.tests.split()), "commit": commit}
        RESULTS.write_text(json.dumps(results, indent=1))
    _print_table({cell: results[cell] for cell in chosen})
    return int(any(results[cell]["passed"] is False for cell in chosen))


def find_python(version: str) -> str | None:
    """The interpreter of `version` on the PATH, from pyenv, or from uv; none if none of them has
    it.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        f"python{version}",
        *map(str, sorted(pyenv.glob(f"{version}.*/bin/python{version}"))),
    ]
    if shutil.which("uv"):
        found = subprocess.run(["uv", "python", "find", version], capture_output=True, text=True)
        candidates += found.stdout.split()
    for candidate in candidates:
        # A shim of pyenv is on the PATH even where its version is not chosen: it has to answer.
        try:
            answer = subprocess.run(
                [candidate, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
                capture_output=True,
                text=True,
            )
        except OSError:
            continue
        if answer.stdout.strip() == version:
            return candidate
    return None


def lowest_versions(setup_cfg: str) -> list[str]:
    """Each `name>=version` in the requirements and extras of `setup_cfg`, the text of the file, as
    `name==version`.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    config = configparser.ConfigParser()
    config.read_string(setup_cfg)
    extras = dict(config["options.extras_require"])
    # The tools that lint and fuzz are not imported by anything that is tested.
    for tools in ("lint", "fuzz"):
        extras.pop(tools, None)
    pins = []
    for line in "\n".join([config["options"]["install_requires"], *extras.values()]).split("\n"):
        requirement = line.strip()
        if not requirement or requirement.startswith("fashion-nn["):
            continue
        bound = re.match(r"([\w.-]+)>=([\w.]+)", requirement)
        if bound is None:
            raise ValueError(f"setup.cfg: {requirement!r} has no lower bound: write name>=version")
        pins.append(f"{bound[1]}=={bound[2]}")
    return pins


def run(cell: str, python: str, tests: list[str]) -> dict[str, object]:
    """Install the project into the environment of `cell` and run the tests there."""
    folder = MATRIX / cell
    log = MATRIX / f"{cell}.log"
    constraints = ROOT / "constraints.txt"
    if cell == "lowest":
        constraints = MATRIX / "lowest.txt"
        constraints.write_text("\n".join(lowest_versions((ROOT / "setup.cfg").read_text())) + "\n")
    inside = str(folder / "bin" / "python")
    print(f"{cell}: {python}; output in {log.relative_to(ROOT)}", flush=True)
    started = time.monotonic()
    steps = {
        "environment": [python, "-m", "venv", str(folder)],
        "installation": [inside, "-m", "pip", "install", "-c", str(constraints), "-e", ".[test]"],
        "tests": [inside, "-m", "pytest", *TESTS, *tests],
    }
    failed = None
    if Path(inside).exists():
        del steps["environment"]
    with log.open("w") as output:
        for step, command in steps.items():
            if subprocess.run(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            ).returncode:
                failed = step
                break
    last_line = log.read_text().rstrip().rpartition("\n")[2].strip("= ")
    return {
        "passed": failed is None,
        "outcome": f"{failed} failed" if failed in ("environment", "installation") else last_line,
        "minutes": round((time.monotonic() - started) / 60, 1),
    }


def _commit() -> str:
    """The commit that is checked out, marked where files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return described.stdout.strip()


def _print_table(results: dict[str, dict[str, object]]) -> None:
    words = {True: "passed", False: "FAILED", None: "skipped"}
    for cell, result in results.items():
        commit = result.get("commit", "-")
        print(f"{cell:8} {words[result['passed']]:8} {commit:16} {result['outcome']}")


if __name__ == "__main__":
    sys.exit(main())
