"""The commands of docs/lab.md: each is one that exists, and none of the reports' figures lacks its
own.
"""

import re
import shlex
from pathlib import Path

import pytest
import typer

from fashion_nn.cli.lab import app
from fashion_nn.lab import boundaries, losses
from fashion_nn.lab.playground import rows

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "lab.md").read_text()
COMMANDS = sorted(set(re.findall(r"fashion-nn lab ([^`#\n]+)", PAGE)))


@pytest.mark.parametrize("line", COMMANDS)
def test_it_is_a_command_with_these_options(line):
    name, *words = shlex.split(line)
    command = typer.main.get_command(app).commands[name]
    with command.make_context(name, words) as context:
        if figure := context.params.get("figure"):
            assert figure in {"losses": losses, "boundaries": boundaries}[name].FIGURES
        if row := context.params.get("row"):
            assert rows(row)


def test_every_figure_that_a_lab_draws_is_on_the_page():
    named = set(re.findall(r"--figure (\S+)", PAGE))
    assert named == set(losses.FIGURES) | set(boundaries.FIGURES)
