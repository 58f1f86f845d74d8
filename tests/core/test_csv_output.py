"""No text of others becomes a formula where a CSV is opened in a spreadsheet."""

import csv
import io

import pytest

from fashion_nn.core import csv_output
from fashion_nn.core.csv_output import inert

FORMULAS = [
    '=HYPERLINK("http:x")',
    "=1+1",
    "+1+1",
    "-1+1",
    "-cmd|' /C calc'!A0",
    "@SUM(A1)",
    " =1",
    "   @x",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\u22121+1",
    "\ufe661",
    "a;=1",
    "a; +b",
]
STEERING = ["\t=1", "\r=1", "\n=1", "a\n=1", "\x0b=1", "\x1b[2J", "\u202e=1", "\xa0=1", "\ufeff=1"]
PLAIN = ["cnn-v2", "a=b", "mail@here", "caf\xe9", "a;b", "", "2 + 2", "x-1"]
NUMBERS = ["-1", "+1", "-1.5", "1e-05", "-.5", "+7.", "007"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text):
    found = inert(text)
    assert len(found) == len(text) + 1
    cells = [cell.lstrip(" ") for cell in found.split(";")]
    assert not any(cell.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20\u2212")) for cell in cells)


@pytest.mark.parametrize("text", STEERING)
def test_what_cannot_be_seen_is_escaped(text):
    found = inert(text)
    assert found.isprintable()
    assert found[0] not in "=+-@ "


@pytest.mark.parametrize("text", PLAIN + NUMBERS)
def test_other_text_stays(text):
    assert inert(text) == text


def test_a_file():
    rows = [{"name": "=1", "score": -0.5, "n": -3, "why": None}, {"name": 'a,"b"', "score": 1e-9}]
    text = csv_output.render(["name", "score", "n", "why"], rows)
    assert text == 'name,score,n,why\n\'=1,-0.5,-3,\n"a,""b""",1e-09,,\n'
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in read] == ["'=1", 'a,"b"']
