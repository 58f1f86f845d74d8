"""Commands that have to answer at once, one after the other in one new process.

This is cheap, and what one of them imports, those after it show too.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

# What takes seconds to import; none of it is needed to print help or to refuse a wrong argument.
HEAVY = (
    "tensorflow",
    "keras",
    "keras_tuner",
    "sklearn",
    "pandas",
    "matplotlib",
    "scipy",
    "h5py",
    "ray",
    "onnxruntime",
)
_CODE = f"""
import contextlib, io, json, sys
from fashion_nn.cli.main import app, run
for line in sys.stdin:
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = run(app, line.split())
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    print(json.dumps([line.strip(), code, heavy, out.getvalue(), err.getvalue().splitlines()]))
"""


@dataclass(frozen=True)
class Answer:
    """What a command did.

    heavy: the packages of `HEAVY` that were imported by then.
    said: the lines that it wrote to stderr.
    """

    words: str
    code: int
    heavy: list[str]
    out: str
    said: list[str]


def run(commands: list[str], cwd, **environment: str) -> list[Answer]:
    """Run the commands, whose words are separated by spaces, without the data of the user."""
    kept = {name: value for name, value in os.environ.items() if name != "FASHION_NN_DATA"}
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        input="\n".join(commands),
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [Answer(*json.loads(line)) for line in done.stdout.splitlines()]
    assert len(answers) == len(commands)
    return answers
