"""Broken tables of test images through whole submissions: one line that names the place, and no
file.
"""

import gzip
import subprocess
import sys
from pathlib import Path

import measuring
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "mlp" / "model.keras"
NAMES = [f"pixel{i}" for i in range(1, 785)]
# Squares and bars of several sizes, which the model takes for different things.
PIXELS = np.array(
    [np.pad(np.full((2 + i, 28 - i), 255 - i), ((0, 26 - i), (0, i))).ravel() for i in range(20)]
)


def text(header=NAMES, rows=PIXELS, comma=",", end="\n"):
    return end.join(comma.join(map(str, row)) for row in [header, *rows]) + end


def changed(row, column, cell):
    rows = [list(map(str, one)) for one in PIXELS]
    rows[row - 1][column - 1 : column] = cell
    return text(rows=rows)


def submit(folder, name, content, out):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [sys.executable, ROOT / "submit.py", "--model", MODEL, "--test", name, "--out", out]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


IDS = ["id", *NAMES]
WITH_IDS = [[7, *row] for row in PIXELS]
WRONG = {
    "empty": ("", "empty"),
    "UTF-16": (text().encode("utf-16"), "UTF-16"),
    "binary": (bytes(range(256)) * 20, "binary"),
    "gzip under .csv": (gzip.compress(text().encode()), "content is gzip"),
    "a cell too few": (changed(9, 5, []), "data row 9 (line 10): got 783 cells"),
    "a cell too many": (changed(9, 5, ["1", "2"]), "data row 9 (line 10): got 785 cells"),
    "an empty cell": (changed(3, 700, [""]), "data row 3 (line 4), column 'pixel700'"),
    "256": (changed(20, 1, ["256"]), "data row 20 (line 21), column 'pixel1': got '256'"),
    "minus one": (changed(1, 784, ["-1"]), "data row 1 (line 2), column 'pixel784': got '-1'"),
    "0.5": (changed(11, 2, ["0.5"]), "data row 11 (line 12), column 'pixel2': got '0.5'"),
    "a word": (changed(11, 2, ["\x1b[31mshoe"]), r"column 'pixel2': got '\x1b[31mshoe'"),
    "an id twice": (
        text(IDS, WITH_IDS),
        "data row 2 (line 3), column 'id': 7 occurs a second time",
    ),
    "a text twice as id": (
        text(IDS, [["x", *row] for row in PIXELS]),
        "data row 2 (line 3), column 'id': x occurs a second time",
    ),
    "a pixel column twice": (text(["pixel2", *NAMES[1:]]), "duplicates"),
    "783 pixels": (text(NAMES[:-1], PIXELS[:, :-1]), "expected a square number"),
}


QUICK = ("gzip under .csv", "a cell too few", "0.5", "a word", "an id twice")
# The others say what they say in tests/tables/test_tables.py too, without a process each.
ROWS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in WRONG]


@pytest.mark.parametrize("name", ROWS)
def test_a_broken_table_is_one_line_and_no_file(tmp_path, name):
    content, said = WRONG[name]
    (tmp_path / "out.csv").write_text("older")
    done = submit(tmp_path, "test.csv", content, "out.csv")
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    *_, last = done.stderr.splitlines()
    assert (
        last.startswith("error: test.csv: ")
        and said in last
        and last.isascii()
        and last.isprintable()
    )
    assert (tmp_path / "out.csv").read_text() == "older"
    assert {path.name for path in tmp_path.iterdir()} == {"test.csv", "out.csv"}


def test_other_spellings_get_the_same_answers(tmp_path):
    """A byte order mark, CRLF, quotes, 12.0 for 12, shuffled columns, a label at the end, no last
    newline, gzip.
    """
    done = submit(tmp_path, "plain.csv", text(), "plain.out")
    assert done.returncode == 0, done.stderr
    order = np.random.default_rng(1).permutation(784)
    header = [f'"{NAMES[i]}"' for i in order] + ["label"]
    rows = [[f'"{row[i]}"' if i % 2 else f"{row[i]}.0" for i in order] + ["?"] for row in PIXELS]
    odd = "\ufeff" + text(header, rows, end="\r\n").removesuffix("\r\n")
    done = submit(tmp_path, "odd.csv.gz", gzip.compress(odd.encode()), "odd.out")
    assert done.returncode == 0, done.stderr
    plain = (tmp_path / "plain.out").read_text()
    assert plain == (tmp_path / "odd.out").read_text()
    assert len({line.partition(",")[2] for line in plain.splitlines()[1:]}) > 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_million_rows_in_less_than_1_5_gib(tmp_path):
    """Parent and model process together; prints what it measured."""
    block = text().partition("\n")[2].encode() * 500
    with open(tmp_path / "test.csv", "wb") as file:
        file.write((",".join(NAMES) + "\n").encode())
        for _ in range(100):
            file.write(block)
    command = [
        sys.executable,
        ROOT / "submit.py",
        "--model",
        MODEL,
        "--test",
        "test.csv",
        "--out",
        "out.csv",
    ]
    done, use = measuring.measured(command, cwd=tmp_path)
    print(f"peak {use.memory / (1 << 30):.2f} GiB, {use.seconds:.0f} s")
    assert done.returncode == 0, done.stderr
    assert use.memory < 1.5 * (1 << 30)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 1_000_001
    labels = [line.partition(",")[2] for line in lines[1:]]
    assert labels == labels[:20] * 50_000
