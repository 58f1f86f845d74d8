"""The pages of the documentation: their links, their first lines, and the commands that they
show.
"""

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from fashion_nn.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS]
PAGES += [ROOT / "data" / "README.md", ROOT / "models" / "README.md"]
# The ledger is written from the claims.
FOR_WHOM = [page for page in DOCS if page.name != "ledger.md"]


def commands(page: Path) -> set[str]:
    """The lines of `page` that start `fashion-nn` or `submit.py`, from blocks of code and
    tables.
    """
    text = page.read_text().replace("\\\n", " ")
    lines = re.findall(r"^(?: {4})?((?:fashion-nn|python submit\.py) [^#\n]+)", text, re.MULTILINE)
    lines += re.findall(r"^\| `(fashion-nn [^`]+)`", text, re.MULTILINE)
    return {
        line.strip() for line in lines if "…" not in line and "|" not in line and "$" not in line
    }


COMMANDS = sorted(
    {(page.name, line) for page in PAGES if page.name != "ledger.md" for line in commands(page)}
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target:
            path, _, _ = target.partition("#")
            assert not path or (page.parent / path).exists(), target


@pytest.mark.parametrize("page", FOR_WHOM, ids=lambda page: page.name)
def test_it_begins_with_whom_it_is_for(page: Path) -> None:
    title, empty, first = page.read_text().splitlines()[:3]
    assert title.startswith("# ") and not empty and first.startswith("This page is for ")


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_that_it_shows_is_there_with_its_options(page: str, line: str) -> None:
    program, *words = shlex.split(line)
    if program == "python":
        words[0] = "submit"
    command: click.Command = typer.main.get_command(app)
    context = click.Context(command)
    while hasattr(command, "commands"):
        name = words.pop(0)
        assert name in command.commands, line
        command = command.commands[name]
    command.make_context(command.name, words, parent=context).close()


def test_the_commands_are_found() -> None:
    assert len(COMMANDS) > 60
