"""What a user sees of every command, compared with the texts in tests/golden.

After a change that is meant, `pytest tests/test_golden.py --rewrite-golden` writes them anew; the
difference in version control then shows what changed for a user.
"""

import importlib
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import h5py
import numpy as np
import pytest
import typer
from golden_cases import LONG_TOPICS, TOPICS
from golden_text import keys, plain, plain_json

from fashion_nn import cli, datasets
from fashion_nn.cli import demo
from fashion_nn.cli.main import app, submit_main
from fashion_nn.lab.backprop import worksheets
from fashion_nn.lab.backprop.sheet import Term
from fashion_nn.lab.backprop.tracing import solve

GOLDEN = Path(__file__).parent / "golden"
MODEL_FILES = Path(__file__).parent / "inference" / "files"
PROGRAMS = {"fashion-nn": cli.main, "submit.py": submit_main}
TERMINAL = {"COLUMNS": "80", "TERM": "dumb"}
# These decide how rich draws, or which data are found.
LEFT_OUT = (
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "LINES",
    "FASHION_NN_DATA",
)

OWN_CODE = """
from keras import Input, Sequential, layers


def build(*, image_shape, classes, units=16):
    return Sequential(
        [
            Input(image_shape, dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def broken(*, image_shape, classes):
    return build(image_shape=image_shape, classes=classes + 1)


def space(hp):
    hp.Int("units", 8, 24, step=8)
"""

pytestmark = pytest.mark.usefixtures("forked_models")


class Terminal(io.StringIO):
    """Text that is written to a terminal."""

    def isatty(self) -> bool:
        return True


def compare(path: Path, text: str, request: pytest.FixtureRequest) -> None:
    """Hold `text` against the golden text at `path`, or make it that text."""
    if request.config.getoption("--rewrite-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    else:
        assert path.exists(), f"{path} is missing: write it with --rewrite-golden"
        assert text.splitlines() == path.read_text().splitlines()


class Work:
    """A folder in which topics are run, each once, after those that it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: dict[str, str] = {}
        self.printed: dict[str, list[object]] = {}
        _prepare(folder)

    def run(self, name: str) -> str:
        """What the commands of a topic did, as text."""
        if name not in self.told:
            topic = (TOPICS | LONG_TOPICS)[name]
            for other in topic.needs:
                self.run(other)
            self.told[name] = "\n".join(self._tell(case) for case in topic.cases)
        return self.told[name]

    def _tell(self, case) -> str:
        before = self._files()
        stdout = io.StringIO() if case.piped else Terminal()
        with _defect(case.defect):
            code, out, err = call(case.line, self.folder, stdout)
        written = [path for path, state in self._files().items() if before.get(path) != state]
        if case.line.endswith("--json"):
            self._keep(case.line, json.loads(out))
            out = plain_json(out, exact=case.exact)
        else:
            out = plain(out, exact=case.exact, hide=case.hide)
        removed = [f"{path} (removed)" for path in sorted(before.keys() - self._files().keys())]
        parts = [f"$ {case.line}{' | cat' * case.piped}\n", f"exit code {code}\n"]
        parts += [f"--- stdout\n{out}"] * bool(out)
        parts += [f"--- stderr\n{plain(err, exact=case.exact, hide=case.hide)}"] * bool(err)
        parts += [
            "--- files\n" + "".join(f"{path}\n" for path in sorted(written) + removed)
        ] * bool(written)
        text = "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)
        return text.replace(str(self.folder), "<folder>")

    def _files(self) -> dict[str, tuple[int, int]]:
        found = {
            path.relative_to(self.folder): path.stat()
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        return {path.as_posix(): (state.st_mtime_ns, state.st_ino) for path, state in found.items()}

    def _keep(self, line: str, value: object) -> None:
        command = re.match(r"fashion-nn (?:(?:data|lab) )?\S+", line)[0].removeprefix("fashion-nn ")
        self.printed.setdefault(command.replace(" ", "-"), []).append(value)


@contextmanager
def _defect(place: str) -> Iterator[None]:
    """Let the function at `place`, given as "module:name", raise an error that no code expects."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    with pytest.MonkeyPatch.context() as patch:
        if place:
            module, name = place.split(":")
            patch.setattr(importlib.import_module(module), name, fail)
        yield


def call(line: str, folder: Path, stdout: io.StringIO) -> tuple[int, str, str]:
    """Run a command line in this process; its exit code, and what it wrote to stdout and stderr."""
    program, *words = shlex.split(line)
    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        for name in LEFT_OUT:
            patch.delenv(name, raising=False)
        for name, value in TERMINAL.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", [program, *words])
        # One training of an epoch says all that two of sixty say.
        patch.setattr(demo, "RECIPES", {"mlp": ["batch_size=256", "epochs=1"]})
        with (
            redirect_stdout(stdout),
            redirect_stderr(io.StringIO()) as stderr,
            pytest.raises(SystemExit) as ended,
        ):
            PROGRAMS[program]()
    return ended.value.code or 0, stdout.getvalue(), stderr.getvalue()


def _prepare(folder: Path) -> None:
    """The files that the cases name: a small table, prediction files, answers, a page with place
    for a table.
    """
    digits = datasets.load("digits")
    rows = digits.train
    chosen = np.concatenate([np.flatnonzero(rows.labels == label)[:12] for label in range(10)])
    # Each second pixel of each second row: 14 x 14.
    pixels = rows.images[chosen][:, ::2, ::2].reshape(len(chosen), -1).astype(int)
    header = ",".join(["label", *(f"pixel{i}" for i in range(1, pixels.shape[1] + 1))])
    table = np.column_stack([rows.labels[chosen], pixels])
    (folder / "my_net.py").write_text(OWN_CODE)
    np.savetxt(folder / "small.csv", table, fmt="%d", delimiter=",", header=header, comments="")
    right = digits.test.labels
    _write_predictions(folder / "right.csv", right)
    _write_predictions(folder / "wrong.csv", np.zeros_like(right)[:-1])
    _unpack_models(folder)
    (folder / "hand-ins").mkdir()
    _write_predictions(folder / "hand-ins" / "ada.csv", right)
    _write_predictions(
        folder / "hand-ins" / "bob.csv", np.where(np.arange(len(right)) % 4, right, 9 - right)
    )
    (folder / "hand-ins" / "notes.md").write_text("not a hand-in\n")
    (folder / "grades.csv").write_text(
        "Identifier,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
        "ada,,10.00,-,\nbob,-,10.00,-,\nparticipant7,,10.00,-,\n"
    )
    _mark_worksheets(folder)
    (folder / "table.md").write_text(
        "<!-- leaderboard: made by `make tables` -->\n<!-- end of leaderboard -->\n"
    )
    (folder / "answers.json").write_text(json.dumps({"deltas": [None, [[0.113937], [0.13437]]]}))


def _mark_worksheets(folder: Path) -> None:
    """A list of students, and the folder of a class with answers: right, wrong, and unreadable."""
    (folder / "students.csv").write_text("id\nada\nbob\n")
    drawn = worksheets.draw(worksheets.network("2-2-1"), "Exercise", ["ada", "bob", "cyd"], 0)
    worksheets.write(drawn, folder / "marked")
    for sheet, factor in zip(drawn.sheets, (1, -1), strict=False):
        net = solve(sheet.exercise)[Term("nets", 1)]
        answers = {"z[1]": (factor * net[:, 0]).round(3).tolist()}
        (folder / "marked" / "answers" / f"{sheet.file}.json").write_text(json.dumps(answers))
    (folder / "marked" / "answers" / "cyd.json").write_text("{")


def _unpack_models(folder: Path) -> None:
    """A model of Keras 2.2.4, and one with a Lambda layer."""
    with tarfile.open(MODEL_FILES / "keras-2.2.4.tar.xz") as packed:
        (folder / "old.h5").write_bytes(packed.extractfile("cnn.h5").read())
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}
    shape = [None, 28, 28]
    layers = [
        _layer("InputLayer", "image", batch_shape=shape),
        _layer("Lambda", "scale", function=code),
        _layer("Flatten", "flat"),
        _layer("Dense", "last", units=10),
    ]
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": layers}}
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((784, 10), np.float32)
        file["layers/dense/vars/1"] = np.zeros(10, np.float32)
    with zipfile.ZipFile(folder / "lambda.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", weights.getvalue())


def _layer(class_name: str, name: str, **config: object) -> dict[str, object]:
    return {"module": "keras.layers", "class_name": class_name, "config": {"name": name, **config}}


def _write_predictions(path: Path, labels: np.ndarray) -> None:
    path.write_text(
        "ImageId,Label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels, start=1))
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return Work(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("topic", TOPICS)
def test_commands_do_what_they_did(topic, work, request):
    compare(GOLDEN / f"{topic}.txt", work.run(topic), request)


@pytest.mark.slow
@pytest.mark.parametrize("topic", LONG_TOPICS)
def test_long_commands_do_what_they_did(topic, tmp_path, request):
    compare(GOLDEN / f"{topic}.txt", Work(tmp_path).run(topic), request)


def test_a_changed_word_is_found(work, request, tmp_path):
    text = work.run("models")
    (tmp_path / "models.txt").write_text(text.replace("mlp", "mpl", 1))
    with pytest.raises(AssertionError):
        compare(tmp_path / "models.txt", text, request)


def test_a_real_terminal_shows_the_same(work):
    """The cases write to text that says that it is a terminal; this command writes to one of the
    system.
    """
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    parent, child = pty.openpty()
    environment = {
        name: value for name, value in os.environ.items() if name not in LEFT_OUT
    } | TERMINAL
    words = [sys.executable, "-m", "fashion_nn", "data", "list"]
    process = subprocess.Popen(
        words, stdout=child, stderr=subprocess.PIPE, cwd=work.folder, env=environment
    )
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(parent)
    assert process.wait() == 0
    process.stderr.close()
    expected = call("fashion-nn data list", work.folder, Terminal())[1]
    assert shown.decode().replace("\r\n", "\n") == expected


# Help


@dataclass(frozen=True)
class Command:
    """A command or a group: the words that call it, its text, what it takes, its examples, the
    commands inside it.
    """

    words: tuple[str, ...]
    sentence: str
    parameters: tuple[inspect.Parameter, ...] = ()
    examples: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


def _in(group: typer.Typer, words: tuple[str, ...]) -> Iterator[Command]:
    """The group and everything inside it, as declared: how help is laid out differs between
    versions of typer.
    """
    names = [_name(each) for each in (*group.registered_commands, *group.registered_groups)]
    callback = group.registered_callback
    parameters = _parameters(callback.callback) if callback else ()
    yield Command(words, group.info.help, parameters, inside=tuple(names))
    for command in group.registered_commands:
        yield _command((*words, _name(command)), command.callback, command.epilog)
    for inner in group.registered_groups:
        yield from _in(inner.typer_instance, (*words, inner.name))


def _command(words: tuple[str, ...], function: Callable[..., object], epilog: str) -> Command:
    examples = tuple(line.strip() for line in epilog.splitlines()[2:])
    return Command(words, inspect.getdoc(function), _parameters(function), examples)


def _name(command) -> str:
    return command.name or command.callback.__name__.replace("_", "-")


def _parameters(function: Callable[..., object]) -> tuple[inspect.Parameter, ...]:
    given = inspect.signature(function, eval_str=True).parameters.values()
    return tuple(parameter for parameter in given if parameter.annotation is not typer.Context)


def _described(command: Command) -> str:
    lines = [f"$ {' '.join(command.words)} --help", *command.sentence.splitlines()]
    for parameter in command.parameters:
        kind, how = get_args(parameter.annotation)
        if not how.hidden:
            names = " ".join(_options(how)) or how.metavar or parameter.name.upper()
            kind = re.sub(
                r"<class '(.+)'>", r"\1", re.sub(r"pathlib\.(_local\.)?Path", "Path", str(kind))
            )
            default = parameter.default
            needed = "required" if default is inspect.Parameter.empty else f"default {default}"
            least = f", at least {how.min}" if how.min is not None else ""
            lines.append(f"  {names} ({kind}, {needed}{least}): {how.help}")
    lines += [f"  {name}" for name in command.inside]
    lines += [f"  example: {line}" for line in command.examples]
    return "\n".join(lines) + "\n"


COMMANDS = [
    *_in(app, ("fashion-nn",)),
    _command(("submit.py",), cli.submit.submit, cli.submit.SCRIPT_EXAMPLES),
]
EXAMPLES = [(command, line) for command in COMMANDS for line in command.examples]


def test_every_help_says_what_it_said(request):
    compare(GOLDEN / "help.txt", "\n".join(map(_described, COMMANDS)), request)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_help_prints_what_is_declared(command, tmp_path):
    code, out, err = call(" ".join([*command.words, "--help"]), tmp_path, Terminal())
    assert (code, err) == (0, "")
    shown = _letters(out)
    assert _letters(command.sentence) in shown
    for name in command.inside:
        assert name in shown
    for line in command.examples:
        assert f"    {line}\n" in out
    for parameter in command.parameters:
        how = get_args(parameter.annotation)[1]
        if not how.hidden:
            assert all(_letters(text) in shown for text in (how.help or "", *_options(how)))


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each.inside], ids=lambda command: command.words[-1]
)
def test_the_summary_of_a_command_fits_its_line(command, tmp_path):
    _, out, _ = call(" ".join([*command.words, "--help"]), tmp_path, Terminal())
    listed = out.split("Commands:\n")[1]
    assert "..." not in listed
    assert [line.split()[0] for line in listed.splitlines()] == list(command.inside)


def test_a_command_has_two_examples():
    assert {len(command.examples) for command in COMMANDS if not command.inside} == {2}
    assert max(len(line) for _, line in EXAMPLES) <= 76


@pytest.mark.parametrize(("command", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_an_example_is_a_command_with_these_options(command, line):
    words = shlex.split(line.split(" | ")[0].removeprefix("python "))
    assert tuple(words[: len(command.words)]) == command.words
    words = words[len(command.words) :]
    parser = typer.main.get_command(app)
    for name in command.words[1:] or ("submit",):
        parser = parser.commands[name]
    with parser.make_context(command.words[-1], words):
        pass


def _options(how) -> list[str]:
    """The names of an option, such as --flip/--no-flip; typer keeps the first of an annotation as
    its default.
    """
    first = [how.default] if isinstance(how.default, str) else []
    return [name for each in [*first, *(how.param_decls or ())] for name in each.split("/")]


def _letters(text: str) -> str:
    """`text` without what its layout decides: spaces, line breaks and frames."""
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)


# Keys of files

# Kind → the files that are of it, and the paths whose keys are names that a user or a model
# decides.
FILES = {
    "run.json": (
        ("models/*/run.json", "models/*/best/run.json", "own/run/run.json"),
        ("recipe.options", "recipe.sources"),
    ),
    "split.json": (("models/*/split.json",), ()),
    "metrics.json": (("models/*/metrics.json",), ("exports",)),
    "baseline.json": (("models/*/baseline.json",), ()),
    "baselines-json": (("all.json",), ("",)),
    "search.json": (
        ("models/tune-*/search.json", "own/search/search.json"),
        ("identity.recipe.options", "identity.recipe.sources"),
    ),
    "trial.json": (("models/tune-*/trials/*.json",), ("values", "thresholds")),
    "best.json": (("models/tune-*/best.json",), ("recipe.options", "recipe.sources")),
    "checks.json": (("*.checks.json", "hand-ins-grades/checks/*.checks.json"), ()),
    "histories.json": (("histories.json",), ("configurations",)),
    "worksheets.json": (("sheets/worksheets.json", "marked/worksheets.json"), ()),
    "test-openings.jsonl": (("models/*/test-openings.jsonl",), ()),
}
TABLES = {
    "history.csv": "models/mlp-digits-seed0/history.csv",
    "leaderboard.csv": "board.csv",
    "class-list.csv": "hand-ins-grades/class-list.csv",
    "class.csv": "marked/class.csv",
    "index.csv": "sheets/index.csv",
    "predictions.csv": "graded.csv",
}
ARRAYS = {"test-predictions.npz": "models/mlp-digits-seed0/test-predictions.npz"}
PRINTED_MAPS = ("feature_strength", "*.feature_strength", "curves", "summary")


@pytest.fixture(scope="module")
def everything(work):
    """The work folder after all topics."""
    for topic in TOPICS:
        work.run(topic)
    return work


@pytest.mark.parametrize("kind", FILES)
def test_files_have_the_keys_they_had(kind, everything, request):
    patterns, maps = FILES[kind]
    paths = sorted({path for pattern in patterns for path in everything.folder.glob(pattern)})
    texts = [path.read_text() for path in paths]
    values = [
        json.loads(line)
        for text in texts
        for line in (text.splitlines() if "jsonl" in kind else [text])
    ]
    assert values
    compare(GOLDEN / "schemas" / f"{kind}.txt", keys(values, maps), request)


@pytest.mark.parametrize("kind", TABLES)
def test_tables_have_the_columns_they_had(kind, everything, request):
    first, *_ = (everything.folder / TABLES[kind]).read_text().splitlines()
    compare(
        GOLDEN / "schemas" / f"{kind}.txt",
        "".join(f"{name}\n" for name in first.split(",")),
        request,
    )


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_have_the_members_they_had(kind, everything, request):
    kinds = {"U": "text", "i": "whole numbers", "u": "whole numbers", "f": "numbers"}
    with np.load(everything.folder / ARRAYS[kind]) as stored:
        lines = [
            f"{name}: {kinds[stored[name].dtype.kind]}, {stored[name].ndim} axes\n"
            for name in sorted(stored)
        ]
    compare(GOLDEN / "schemas" / f"{kind}.txt", "".join(lines), request)


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            "evaluate",
            "grade",
            "inspect",
            "data-info",
            "data-check",
            "lab-backprop",
            "lab-playground",
            "lab-boundaries",
            "lab-losses",
            "reproduce",
        }
    ),
)
def test_printed_json_has_the_keys_it_had(command, everything, request):
    printed = everything.printed[command]
    for value in printed:
        assert _has_format(value)
    text = "\n".join(
        keys([value], PRINTED_MAPS if "format" in value else ("", *PRINTED_MAPS))
        for value in printed
    )
    compare(GOLDEN / "schemas" / f"printed-{command}.txt", text, request)


def _has_format(value: object) -> bool:
    """Whether `format` is at the top of an object, or of each record in a list or a map."""
    if isinstance(value, list):
        return all(_has_format(each) for each in value)
    if "format" in value:
        return next(iter(value)) == "format" and value["format"] == 1
    return all(isinstance(each, dict) and next(iter(each)) == "format" for each in value.values())
