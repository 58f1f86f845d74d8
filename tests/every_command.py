"""A line for each command, for tests that go through all of them.

`QUICK` and `COSTLY` must have a line of every command (`test_every_command_has_a_line`): whoever
adds a command adds a line. The files that the lines name are made by `prepare`.
"""

import shutil
import sys
from pathlib import Path

import typer

from fashion_nn import datasets
from fashion_nn.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "fashion_nn"]
SUBMIT = [sys.executable, ROOT / "submit.py"]
MLP = ROOT / "models" / "mlp"
FIXTURES = ROOT / "tests" / "fixtures"

QUICK = (
    "--help",
    "--version",
    "models",
    "train mlp --settings",
    "data list",
    "data fetch digits",
    "data info digits --picture out/p.png",
    "data export digits --out out/csv",
    "data import train.csv --out out/d.npz",
    "data check digits",
    "compare run second --csv out/c.csv",
    "lab backprop report-004/1 --picture out/p.png",
    "lab worksheet report-004/1 --students students.csv --out out/class --page",
    "reproduce 004-001",
    "inspect mlp.keras",
)
"""Lines that take a few seconds at most."""
_FOLDS = "--folds 2 --max-iterations 3 --jobs 2"
_TRIALS = "--trials 2 --epochs 1 --no-retrain"
COSTLY = (
    "data suspects digits --folds 2 --out out/s.csv --page out/s.html",
    "models mlp",
    "train mlp --dataset digits --set epochs=1 --out out/r",
    "lr-range mlp --dataset digits --steps 10 --picture out/p.png",
    "evaluate run --dataset digits",
    "report run --dataset digits",
    "inspect mlp.keras --maps",
    "export run --format h5 --out out/x.h5",
    "export mlp.keras --format keras --out out/x.keras",
    "export run --format onnx --out out/x.onnx",
    "demo --models out/m",
    "ensemble run second --out out/e",
    "submit --model mlp.keras --test test.csv --out out/o.csv",
    "submit --grade --test test.csv --out out/o.csv --dataset digits --models .",
    "submit --train train.csv --test test.csv --out out/o.csv --models out/m --budget 20s",
    "grade predictions.csv --test test.csv --dataset digits",
    "grade hand-ins --test test.csv --dataset digits --out out/grades",
    f"tune mlp --dataset digits {_TRIALS} --workers 2 --out out/t",
    f"tune mlp --dataset digits {_TRIALS} --engine ray --workers 1 --out out/t",
    "reproduce 001-011 --page out/p.html",
    f"baseline logreg --dataset digits {_FOLDS} --out out/b",
    f"baseline pca-logreg --dataset digits {_FOLDS} --components 2 --out out/b",
    "baseline pca-kmeans --dataset digits --out out/b",
    "baseline 1-nn --dataset digits --out out/b",
    "baseline edges-rbf --dataset digits --landmarks 50 --out out/b",
    "lab playground --seeds 1 --epochs 2 --picture out/p.png --page out/p.html",
    "lab boundaries --passes 20 --picture out/p.png",
    "lab losses squared-error --dataset digits --images 100 --runs 1 --epochs 2",
)
"""Lines that train or run a model."""


def commands(group, words=()):
    """The words and the click command of each command, those of groups included."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def prepare(folder: Path) -> None:
    """Put the files into `folder` that the lines name: tables of digits, two runs on digits, a
    model of the package, and hand-ins.
    """
    train, test = datasets.export("digits", folder)
    train.rename(folder / "train.csv")
    rows = [line.split(",", 1) for line in test.read_text().splitlines()]
    test.unlink()
    _write_lines(folder / "test.csv", [pixels for _, pixels in rows])
    labels = [f"{number},{label}" for number, (label, _) in enumerate(rows[1:], start=1)]
    _write_lines(folder / "students.csv", ["id", "p-7"])
    _write_lines(folder / "predictions.csv", ["ImageId,Label", *labels])
    shutil.copytree(FIXTURES / "baseline", folder / "run")
    shutil.copytree(FIXTURES / "ensemble", folder / "second")
    shutil.copy(MLP / "model.keras", folder / "mlp.keras")
    (folder / "hand-ins").mkdir()
    shutil.copy(folder / "run" / "model.keras", folder / "hand-ins")
    shutil.copy(folder / "predictions.csv", folder / "hand-ins")
    (folder / "out").mkdir()


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n")
