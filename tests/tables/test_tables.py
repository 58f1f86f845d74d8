"""The strict CSV reader: what it accepts, what it refuses and in which words, and that both parsers
agree.
"""

import csv
import gzip
import json
import os
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fashion_nn import tables
from fashion_nn.errors import InputError
from fashion_nn.tables import stream as stream_module
from fashion_nn.tables.exact import Exact
from fashion_nn.tables.layout import Layout
from fashion_nn.tables.plain import Plain

HEADER = "label,pixel0,pixel1,pixel2,pixel3"
PLAIN = f"{HEADER}\n9,0,1,20,255\n0,12,0,0,7\n"
PIXELS = [[0, 1, 20, 255], [12, 0, 0, 7]]


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, labels: str = "optional") -> str:
    """The message that reading `path` ends with, the same from `read` and from `blocks`, without
    the path.
    """
    with pytest.raises(InputError) as caught:
        tables.read(path, labels=labels)
    with pytest.raises(InputError) as again:
        list(tables.blocks(path, labels=labels))
    message = str(caught.value)
    assert message == str(again.value)
    assert message.startswith(f"{path}: "), "names the file"
    assert message.isprintable() and message.isascii(), "one line, no foreign control characters"
    return message.removeprefix(str(path))


@pytest.fixture(params=[None, (7, 30), (64, 10)], ids=["usual", "tiny reads", "tiny pieces"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with the usual sizes, and with seams between reads, pieces and tables nearly
    everywhere.
    """
    if request.param:
        monkeypatch.setattr(stream_module, "_READ_BYTES", request.param[0])
        monkeypatch.setattr(stream_module, "_PIECE_BYTES", request.param[1])
        monkeypatch.setattr(tables, "_TABLE_BYTES", 8)
        monkeypatch.setattr(tables, "_GUESS_BYTES", 4)


# What is accepted


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r\n").rstrip("\n"),
        "\ufeff" + PLAIN,
        PLAIN + "\n\n  \n\r\n",
        PLAIN.replace(",", ", "),
        PLAIN.replace(",", "  , "),
        PLAIN.replace("255", "255.0").replace("20", "20."),
        PLAIN.replace("\n9,0,1,20,255", "\n9.0,0.0,1.0,20.0,255.0"),
        PLAIN.replace("255", "2.55e2").replace("20", "2E1"),
        PLAIN.replace("20", "+20").replace("12", "012"),
        PLAIN.replace("20", "0000000000000000000000020"),
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()),
        PLAIN.replace("20", '" 20 "'),
        PLAIN.replace("pixel3", "pixel4")
        .replace("pixel2", "pixel3")
        .replace("l1", "l2")
        .replace("l0", "l1"),
        PLAIN.replace("label", "Label "),
        PLAIN.replace("label", "class"),
        PLAIN.replace("label", "TARGET"),
        PLAIN.replace("pixel", "Pixel"),
        "pixel2,pixel0,label,pixel3,pixel1\n20,0,9,255,1\n0,12,0,7,0\n",
        "pixel3,pixel2,pixel1,pixel0,label\n255,20,1,0,9\n7,0,0,12,0\n",
    ],
)
@pytest.mark.usefixtures("pieces")
def test_the_same_table_in_many_spellings(tmp_path: Path, content: str) -> None:
    for path in (
        write(tmp_path, content),
        write(tmp_path, gzip.compress(content.encode()), "table.CSV.gz"),
    ):
        table = tables.read(path, labels="required")
        assert table.pixels.tolist() == PIXELS
        assert (
            table.pixels.dtype == np.uint8
            and table.pixels.flags.c_contiguous
            and table.pixels.base is None
        )
        assert table.labels.tolist() == [9, 0] and table.labels.dtype == np.int64
        assert table.ids is None and table.id_column is None
        assert table.image_shape == (2, 2)


@pytest.mark.parametrize("name", ["id", "Id", "ID", "ImageId", "imageid", "image_id", "IMAGE_ID"])
def test_ids_keep_the_name_of_their_column(tmp_path: Path, name: str) -> None:
    table = tables.read(write(tmp_path, f"pixel0,{name}\n5,1000000\n6,7\n7,999999999999999999\n"))
    assert table.id_column == name
    assert table.ids.tolist() == [1_000_000, 7, 10**18 - 1] and table.ids.dtype == np.int64
    assert table.pixels.tolist() == [[5], [6], [7]]
    assert table.labels is None
    assert table.image_shape == (1, 1)


def test_large_labels_and_ids_beside_pixels(tmp_path: Path) -> None:
    table = tables.read(write(tmp_path, "id,pixel0,label\n256,255,1234\n257,0,256\n00258,9,0\n"))
    assert table.ids.tolist() == [256, 257, 258]
    assert table.labels.tolist() == [1234, 256, 0]
    assert table.pixels.tolist() == [[255], [0], [9]]


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "x",
        "?",
        "-1",
        "0.5",
        "nan",
        "shoe; \u00e9",
        '"a, ""b"""',
        "1" * 50,
        "\x01",
        "9.0",
        "1_0",
    ],
)
@pytest.mark.parametrize("header", ["pixel0,label", "label,pixel0"])
@pytest.mark.usefixtures("pieces")
def test_ignored_labels_may_be_anything(tmp_path: Path, cell: str, header: str) -> None:
    rows = [header.replace("label", cell).replace("pixel0", str(value)) for value in (1, 2, 3)]
    path = write(tmp_path, "\n".join([header, *rows]))
    table = tables.read(path, labels="ignored")
    assert table.labels is None
    assert table.pixels.tolist() == [[1], [2], [3]]
    if cell in ("", " ", "0.5", "1" * 50, "\x01"):
        assert "data row 1 (line 2), column 'label'" in refusal(path)


def test_ignored_labels_may_be_of_any_encoding(tmp_path: Path) -> None:
    path = write(tmp_path, b"label,pixel0\n\xe9t\xe9,1\n\xff\xfe,2.0\n")
    assert tables.read(path, labels="ignored").pixels.tolist() == [[1], [2]]


# What is refused


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("", ["empty", "expected a header"]),
        ("\n" + PLAIN, ["line 1 is blank"]),
        (HEADER, ["no data row"]),
        (HEADER + "\n", ["no data row"]),
        (HEADER + "\n\n\n", ["no data row"]),
        ("9.5,0,1,-2,1e3\n", ["no header", "--label-column first"]),
        (PLAIN.replace("label", "weight"), ["column 1, 'weight', is unknown", "--label-column"]),
        (PLAIN.replace("pixel1", "pixel-1"), ["'pixel-1'", "unknown"]),
        (PLAIN.replace("pixel1", "pixel\u0661"), [r"'pixel\u0661'", "unknown"]),
        (
            PLAIN.replace("pixel1", "pixel2"),
            ["'pixel2' and 'pixel2' (numbers 3 and 4)", "duplicates"],
        ),
        (PLAIN.replace("pixel1", "Pixel2"), ["'Pixel2' and 'pixel2'", "duplicates"]),
        (PLAIN.replace("pixel1", "pixel02"), ["'pixel02' and 'pixel2'", "duplicates"]),
        (PLAIN.replace("pixel1", "class"), ["'label' and 'class'", "duplicates"]),
        ("id,ImageId,pixel0\n1,2,3\n", ["'id' and 'ImageId'", "duplicates"]),
        ("label,id\n1,2\n", ["no pixel columns"]),
        (PLAIN.replace("pixel1", "pixel4"), ["1 of 5 pixel columns are missing: pixel1"]),
        ("pixel2,pixel3,pixel4,pixel5\n1,2,3,4\n", ["1 of 5 pixel columns are missing: pixel1"]),
        (
            "pixel9999999\n1\n",
            ["9999998 of 9999999", "pixel1, pixel2, pixel3, pixel4, pixel5, ..."],
        ),
        ("pixel0,pixel1,pixel2\n1,2,3\n", ["3 pixel columns, pixel0 to pixel2", "square"]),
        (
            PLAIN.replace("9,0,1,20,255", "9,0,1,20"),
            ["data row 1 (line 2)", "got 4 cells", "expected 5"],
        ),
        (
            PLAIN.replace("0,12,0,0,7", "0,12,0,0,7,1"),
            ["data row 2 (line 3)", "got 6 cells", "expected 5"],
        ),
        (PLAIN.replace("0,12,0,0,7", "0,12,0,0,7,"), ["data row 2 (line 3)", "got 6 cells"]),
        # One cell too many in every row: pandas takes the first column as an index and shifts all
        # names.
        (
            f"{HEADER}\n9,0,1,20,255,3\n0,12,0,0,7,3\n",
            ["data row 1 (line 2)", "got 6 cells", "expected 5"],
        ),
        (PLAIN.replace("\n0", "\n\n0"), ["data row 2 (line 3)", "blank"]),
        (PLAIN.replace("\n0", "\n  \r\n0"), ["data row 2 (line 3)", "blank"]),
        (PLAIN.replace("\n9", "\n\n\n9"), ["data row 1 (line 2)", "blank"]),
        (PLAIN + "\n\n" + "1,2,3,4,5\n", ["data row 3 (line 4)", "blank"]),
        (PLAIN.replace("255", ""), ["data row 1 (line 2)", "column 'pixel3'", "an empty cell"]),
        (PLAIN.replace("255", "  "), ["data row 1 (line 2)", "column 'pixel3'", "an empty cell"]),
        (PLAIN.replace("20", '""'), ["data row 1 (line 2)", "column 'pixel2'", "an empty cell"]),
        (PLAIN + ",,,,\n", ["data row 3 (line 4)", "column 'label'", "an empty cell"]),
        (
            PLAIN.replace("\n9,", "\nshoe,"),
            ["data row 1 (line 2)", "column 'label'", "'shoe'", "a whole number"],
        ),
        (PLAIN.replace("\n9,", "\n1.5,"), ["column 'label'", "'1.5'"]),
        (
            PLAIN.replace("\n9,", "\n1000000000000000000,"),
            ["column 'label'", "'1000000000000000000'"],
        ),
        (
            "id,pixel0\n1,5\n2,6\n1,7\n",
            ["data row 3 (line 4)", "column 'id'", "1 occurs a second time"],
        ),
        (
            "id,pixel0\n1,5\n1.0,6\n",
            ["data row 2 (line 3)", "column 'id'", "1 occurs a second time"],
        ),
        ("ImageId,pixel0\n1,5\nx2,6\n", ["data row 2 (line 3)", "column 'ImageId'", "'x2'"]),
        ("id,pixel0\n1.5,5\n", ["column 'id'", "'1.5'"]),
        ("id,pixel0\n-3,5\n", ["column 'id'", "'-3'"]),
        (PLAIN.replace("\n0,12", '\n0,"12'), ["data row 2 (line 3)", "quotes"]),
        (PLAIN.replace("\n0,12", '\n0,"1"2'), ["data row 2 (line 3)", "quotes"]),
        (PLAIN.replace("\n0,12", '\n0,"12\n"'), ["data row 2 (line 3)", "quotes"]),
        (f'{HEADER},"pixel4\n9,0,1,20,255,3\n', ["line 1, the header", "quotes"]),
        (PLAIN.replace("\n", "\r"), ["carriage return"]),
        (PLAIN.replace("\n0", "\r0"), ["data row 1 (line 2)", "carriage return"]),
        (PLAIN.replace("20,", "20\r,"), ["data row 1 (line 2)", "carriage return"]),
        (PLAIN.replace("\n", "\r\r\n"), ["carriage return"]),
        (PLAIN.replace("20", "2\0"), ["data row 1 (line 2)", "NUL"]),
        ("\0" * 3000, ["binary"]),
        (PLAIN.replace("label", "l\0bel"), ["binary"]),
        (PLAIN.encode("utf-16"), ["UTF-16"]),
        (PLAIN.encode("utf-16-be"), ["UTF-16"]),
        (PLAIN.encode("utf-32"), ["UTF-32"]),
        (PLAIN.encode("utf-32-be"), ["UTF-32"]),
        (b"label\xff,pixel0\n1,2\n", ["line 1 is not UTF-8"]),
        (b"PK\3\4rest of a zip", ["zip archive"]),
        (bytes(range(1, 256)) * 20, ["expected"]),
    ],
)
@pytest.mark.usefixtures("pieces")
def test_refusals_name_the_place(tmp_path: Path, content: str | bytes, facts: list[str]) -> None:
    message = refusal(write(tmp_path, content))
    for fact in facts:
        assert fact in message


NOT_PIXELS = """
-1 256 260 299 300 999 1000 0256 99999999999999999999 1e9 1e99999 -1e0 0.5 254.9999999999 2.55 1e-1 1_0 0x1F 1f 0b1
0o7 1j nan NaN inf -inf Infinity None null True shoe . .. + - e5 1e 1e+ --1 1.2.3 12.0.0 1;2 1/2 1-2 12a a12 5% $5 '5'
"""
FOREIGN = [
    "\u0661",
    "1\u0661",
    "\uff11",
    "\u00b2",
    "\xa05",
    "\u20285",
    "5\t",
    "\t5",
    "\x0b5",
    "5\x0c",
    "1 2",
    "5\x1a",
]


@pytest.mark.parametrize("cell", [*NOT_PIXELS.split(), *FOREIGN, "0" * 70])
@pytest.mark.parametrize("row", [1, 30])
@pytest.mark.usefixtures("pieces")
def test_cells_that_are_no_pixel_are_refused(tmp_path: Path, cell: str, row: int) -> None:
    rows = [f"{index % 10},0,{index % 256},7,9" for index in range(1, 41)]
    rows[row - 1] = f"1,2,{cell},255,4"
    message = refusal(write(tmp_path, "\n".join([HEADER, *rows])))
    assert f"data row {row} (line {row + 1}), column 'pixel1'" in message
    assert f"got {cell!a}; expected a whole number, 0 to 255" in message


def test_a_missing_file_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path, fact in [
        (tmp_path / "none.csv", "No such file"),
        (tmp_path, "a folder"),
        (tmp_path / "pipe.csv", "not a regular file"),
        (Path("a\nb\0c"), "NUL byte"),
    ]:
        with pytest.raises(InputError, match=fact) as caught:
            tables.read(path)
        assert str(caught.value).isprintable()
        assert "expected the path of a CSV file" in str(caught.value)


def test_783_pixels(tmp_path: Path) -> None:
    names = [f"pixel{index}" for index in range(784)]
    row = ",".join(["0"] * 783)
    message = refusal(write(tmp_path, ",".join(names[:400] + names[401:]) + "\n" + row))
    assert "1 of 784 pixel columns are missing: pixel400" in message
    message = refusal(write(tmp_path, ",".join(names[:783]) + "\n" + row))
    assert "783 pixel columns, pixel0 to pixel782; expected a square number" in message
    message = refusal(write(tmp_path, ",".join(names[1:]) + "\n" + row))
    assert "783 pixel columns, pixel1 to pixel783; expected a square number" in message


def test_required_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "id,pixel0\n1,2\n")
    assert "there is no label column; expected one named label, class, target" in refusal(
        path, labels="required"
    )
    assert tables.read(path).labels is None


def test_foreign_text_is_cut_and_escaped(tmp_path: Path) -> None:
    evil = "\x1b[31m\u202e" + "A" * 300
    for content in (
        PLAIN.replace("20", evil),
        PLAIN.replace("label", evil),
        PLAIN.replace("\n9,", f"\n{evil},"),
    ):
        message = refusal(write(tmp_path, content))
        assert r"'\x1b[31m\u202eAAAA" in message and "A..." in message
        assert 40 < message.count("A") < 80
    with pytest.raises(InputError, match=r"a\\nb\.csv") as caught:
        tables.read(tmp_path / "a\nb.csv")
    assert str(caught.value).isprintable()


# Files and limits


def test_name_and_content_of_gzip_must_agree(tmp_path: Path) -> None:
    assert "content is gzip" in refusal(write(tmp_path, gzip.compress(PLAIN.encode())))
    assert "content is not gzip" in refusal(write(tmp_path, PLAIN, "table.csv.gz"))
    assert "the file is empty" in refusal(write(tmp_path, b"", "table.csv.gz"))
    assert "line 1 is blank" in refusal(write(tmp_path, gzip.compress(b""), "table.csv.gz"))


@pytest.mark.parametrize("fault", ["cut", "short", "flipped", "checksum", "tail"])
def test_damaged_gzip(tmp_path: Path, fault: str) -> None:
    random = np.random.default_rng(0).integers(0, 256, (20_000, 4))
    text = "pixel0,pixel1,pixel2,pixel3\n" + "\n".join(
        ",".join(map(str, row)) for row in random.tolist()
    )
    packed = gzip.compress(text.encode())
    half = len(packed) // 2
    damaged = {
        "cut": packed[:-3],
        "short": packed[:half],
        "flipped": (
            packed[:half]
            + bytes(byte ^ 255 for byte in packed[half : half + 9])
            + packed[half + 9 :]
        ),
        "checksum": packed[:-8] + b"abcd" + packed[-4:],
        "tail": packed + b"abcd",
    }[fault]
    assert "the gzip data is truncated or corrupt" in refusal(
        write(tmp_path, damaged, "table.csv.gz")
    )


@pytest.mark.parametrize(
    "text", [b"0\n" * (40 << 20), b"1\n" + b"\n" * (80 << 20)], ids=["rows", "blank lines"]
)
def test_gzip_bombs_are_stopped(tmp_path: Path, text: bytes) -> None:
    path = write(tmp_path, gzip.compress(b"pixel0\n" + text), "bomb.csv.gz")
    with pytest.raises(InputError, match="unpacks to more than 100 times its size"):
        for _ in tables.blocks(path):
            pass


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
@pytest.mark.parametrize("before", [b"", b"pixel0\n", b"pixel0\n1\n2\n"])
def test_a_line_of_absurd_length(tmp_path: Path, name: str, before: bytes) -> None:
    content = before + b"0," * (5 << 20)
    message = refusal(
        write(tmp_path, gzip.compress(content, 1) if name.endswith("gz") else content, name)
    )
    assert "longer than 4 MiB" in message
    assert ("after data row 2" if b"2" in before else "at the start") in message


def test_reading_stops_at_the_first_fault(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    path = write(tmp_path, "pixel0\nx\n" + "1\n" * (3 << 20))
    with pytest.raises(InputError):
        tables.read(path, progress=lambda done, total: calls.append((done, total)))
    assert len(calls) < 5, "some read ahead, not all"


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
def test_progress_runs_from_nothing_to_all(tmp_path: Path, name: str) -> None:
    text = b"pixel0\n" + b"123\n45\n" * (1 << 19)
    path = write(tmp_path, gzip.compress(text, 1) if name.endswith("gz") else text, name)
    size = path.stat().st_size
    for use in (tables.read, lambda path, progress: list(tables.blocks(path, progress=progress))):
        calls: list[tuple[int, int]] = []
        use(path, progress=lambda *call, calls=calls: calls.append(call))
        done = [call[0] for call in calls]
        assert done == sorted(done) and done[0] == 0 and done[-1] == size
        assert {call[1] for call in calls} == {size}
        assert len(calls) >= len(text) >> 20


# Blocks and memory


@pytest.mark.usefixtures("pieces")
def test_blocks_are_the_table_in_parts(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = random.integers(0, 256, (500, 6))
    rows[:, 5] = random.permutation(500)
    names = ["pixel2", "pixel0", "label", "pixel3", "pixel1", "Id"]
    path = write(tmp_path, "\n".join(",".join(map(str, row)) for row in [names, *rows.tolist()]))
    whole, parts = tables.read(path), list(tables.blocks(path))
    for table in (whole, *parts):
        assert table.id_column == "Id" and table.image_shape == (2, 2) and table.pixels.base is None
    np.testing.assert_array_equal(whole.pixels, rows[:, [1, 4, 0, 3]])
    np.testing.assert_array_equal(whole.labels, rows[:, 2])
    np.testing.assert_array_equal(whole.ids, rows[:, 5])
    for name in ("pixels", "labels", "ids"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)
        )
    fits_in_one = whole.pixels.nbytes <= tables._TABLE_BYTES
    assert len(parts) == 1 if fits_in_one else len(parts) > 100


def test_an_id_of_an_earlier_block_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_PIECE_BYTES", 100)
    monkeypatch.setattr(tables, "_TABLE_BYTES", 100)
    path = write(
        tmp_path, "id,pixel0\n" + "".join(f"{index},1\n" for index in range(1000)) + "17,2\n"
    )
    iterator = tables.blocks(path)
    assert len(next(iterator).pixels) < 200
    with pytest.raises(
        InputError, match=r"data row 1001 \(line 1002\), column 'id': 17 occurs a second time"
    ):
        for _ in iterator:
            pass


def test_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(2).integers(0, 256, (500, 784)).tolist()
    part = "".join(",".join(map(str, row)) + "\n" for row in random)
    path = write(tmp_path, ",".join(f"pixel{index}" for index in range(784)) + "\n" + part * 100)
    pixels = 50_000 * 784
    tracemalloc.start()
    try:
        table = tables.read(path)
        assert table.pixels.nbytes == pixels
        assert tracemalloc.get_traced_memory()[1] < 1.05 * pixels + (20 << 20)
        del table
        tracemalloc.reset_peak()
        assert sum(len(table.pixels) for table in tables.blocks(path)) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 2 * tables._TABLE_BYTES + (20 << 20)
    finally:
        tracemalloc.stop()


def test_an_abandoned_iterator_closes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_TABLE_BYTES", 1)
    monkeypatch.setattr(stream_module, "_PIECE_BYTES", 1)
    path = write(tmp_path, PLAIN)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        iterator = tables.blocks(path)
        assert len(next(iterator).pixels) == 1
        iterator.close()


def test_the_module_is_light() -> None:
    code = "import sys, fashion_nn.tables; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"pandas", "pyarrow", "tensorflow", "keras", "scipy", "sklearn"} & set(modules)


# The two parsers


ODD = [
    "",
    "256",
    "12.0",
    " 3",
    "3 ",
    '"7"',
    "007",
    "1.0.0",
    ".0",
    "0.0",
    "a",
    "\u0661",
    "\r",
    "\0",
    "\t",
]
CELLS = st.one_of(
    st.integers(0, 255).map(str),
    st.integers(0, 10**19).map(str),
    st.text('0123456789.eE+-_x "', max_size=6),
    st.sampled_from(ODD),
)
LINES = st.lists(CELLS, min_size=6, max_size=6).map(",".join)
PLAIN_LINES = st.lists(st.integers(0, 255).map(str), min_size=6, max_size=6).map(",".join)
NAMES = st.permutations(["label", "id", "pixel0", "pixel1", "pixel2", "pixel3"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Lines that are mostly plain, with nasty cells here and there, and some bytes changed at
    random.
    """
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    comma = draw(st.sampled_from([",", ",", ", ", ".0,"]))
    lines = draw(st.lists(st.one_of(PLAIN_LINES, PLAIN_LINES, LINES), min_size=1, max_size=5))
    text = bytearray("".join(line.replace(",", comma) + end for line in lines).encode())
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text) - 1))
        text[place : place + draw(st.integers(0, 2))] = bytes(
            [draw(st.sampled_from(b'0129,,\n\r". -e_\0\xff'))]
        )
    return bytes(text.rstrip(b"\n")) + b"\n"


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stream_module.Stream]:
    with stream_module.opened(write(tmp_path_factory.mktemp("stream"), "x"), None) as stream:
        yield stream


@settings(max_examples=600, deadline=None)
@given(names=NAMES, text=texts(), labels=st.sampled_from(["optional", "ignored"]))
def test_what_the_plain_parser_reads_the_exact_one_reads_too(stream, names, text, labels) -> None:
    layout = Layout.of_header(stream, ",".join(names).encode(), labels)
    plain = Plain(layout).parse(text, text.count(b"\n"))
    try:
        exact = Exact(stream, layout).parse(text, 1)
    except InputError:
        event("refused")
        assert plain is None
        return
    event("both read it" if plain else "only the exact one reads it")
    if plain:
        for ours, theirs in zip(plain, exact, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


@settings(max_examples=300, deadline=None)
@given(
    names=NAMES,
    rows=st.lists(st.lists(st.integers(0, 255), min_size=6, max_size=6), min_size=1, max_size=9),
    large=st.integers(0, 10**18 - 1),
    end=st.sampled_from(["\n", "\r\n"]),
    comma=st.sampled_from([",", ", ", ".0,"]),
)
def test_the_plain_parser_reads_plain_tables(stream, names, rows, large, end, comma) -> None:
    layout = Layout.of_header(stream, ",".join(names).encode(), "optional")
    rows[-1][names.index("id")] = large
    text = "".join(comma.join(map(str, row)) + end for row in rows).encode()
    piece = Plain(layout).parse(text, len(rows))
    assert piece is not None, "slow for no reason"
    columns = dict(zip(names, np.array(rows, np.int64).T, strict=True))
    np.testing.assert_array_equal(
        piece.pixels, np.stack([columns[f"pixel{index}"] for index in range(4)], axis=1)
    )
    np.testing.assert_array_equal(piece.labels, columns["label"])
    np.testing.assert_array_equal(piece.ids, columns["id"])


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("before", ["0", "255"])
def test_every_number_of_up_to_four_digits_at_every_place(stream, place: int, before: str) -> None:
    plain = Plain(Layout.of_header(stream, b"pixel0,pixel1,pixel2,pixel3", "optional"))
    line = ",".join([before] * place + ["{}"] + ["9"] * (3 - place)) + "\n"
    cells = [f"{number:0{width}}" for width in range(1, 5) for number in range(10**width)]
    good = [cell for cell in cells if len(cell) < 4 and int(cell) < 256]
    piece = plain.parse("".join(map(line.format, good)).encode(), len(good))
    assert piece.pixels[:, place].tolist() == list(map(int, good))
    for cell in set(cells) - set(good):
        assert plain.parse(line.format(cell).encode(), 1) is None, cell


# Files that other programs write


def test_files_from_pandas_and_numpy(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pixels = np.random.default_rng(3).integers(0, 256, (50, 16), np.uint8)
    names = [f"pixel{index}" for index in range(1, 17)]
    frame = pandas.DataFrame(pixels, columns=names).assign(label=np.arange(50) % 10)
    for table in (frame, frame.astype(float)):
        table.to_csv(tmp_path / "pandas.csv.gz", index=False)
        got = tables.read(tmp_path / "pandas.csv.gz")
        np.testing.assert_array_equal(got.pixels, pixels)
        np.testing.assert_array_equal(got.labels, np.arange(50) % 10)
    frame.to_csv(tmp_path / "indexed.csv")
    indexed = tables.read(tmp_path / "indexed.csv")
    np.testing.assert_array_equal(indexed.pixels, pixels)
    assert indexed.said.endswith("without the column ''")
    np.savetxt(tmp_path / "numpy.csv", pixels, delimiter=",", header=",".join(names), comments="")
    np.testing.assert_array_equal(tables.read(tmp_path / "numpy.csv").pixels, pixels)
    with open(tmp_path / "quoted.csv", "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *pixels.tolist()])
    np.testing.assert_array_equal(tables.read(tmp_path / "quoted.csv").pixels, pixels)


def test_real_images(real_data: Path, tmp_path: Path) -> None:
    with gzip.open(real_data / "fashion-mnist" / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)[:1000]
    names = [f"pixel{index}" for index in range(1, 785)]
    table = tables.read(
        write(tmp_path, "\n".join(",".join(map(str, row)) for row in [names, *pixels.tolist()]))
    )
    assert table.image_shape == (28, 28)
    np.testing.assert_array_equal(table.pixels, pixels)


def test_the_benchmark_runs(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    script = Path(__file__).parents[2] / "benchmarks" / "csv_reading.py"
    command = [
        sys.executable,
        script,
        "--rows",
        "300",
        "--repeats",
        "1",
        "--json",
        tmp_path / "figures.json",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads((tmp_path / "figures.json").read_text())
    assert result["rows"] == 300 and set(result["median"]) == {
        "pandas.read_csv",
        "fashion_nn.tables.read",
    }
    assert f"{result['ratio']['total_s']:.3f}" in done.stdout
