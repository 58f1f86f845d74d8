"""The ways in which people write tables of images: each is read, and said in one line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from fashion_nn import tables
from fashion_nn.errors import InputError
from fashion_nn.tables import TableOptions

PIXELS = [[0, 1, 20, 255], [12, 0, 0, 7], [0, 2, 2, 9]]
LABELS = [9, 0, 3]
HEADER = "label,pixel0,pixel1,pixel2,pixel3"
ROWS = [[label, *pixels] for label, pixels in zip(LABELS, PIXELS, strict=True)]
WITH_HEADER = "CSV with a header, 4 pixels in pixel0 to pixel3, labels in 'label'"


def lines(*names: str, rows: list[list[object]] = ROWS, by: str = ",") -> str:
    return "".join(by.join(map(str, row)) + "\n" for row in ([list(names)] if names else []) + rows)


NAMES = HEADER.split(",")
ACCEPTED = {
    "clean": (lines(*NAMES), WITH_HEADER),
    "semicolons": (
        lines(*NAMES, by=";"),
        WITH_HEADER.replace("CSV", "CSV divided by semicolons,"),
    ),
    "tabs": (lines(*NAMES, by="\t"), WITH_HEADER.replace("CSV", "CSV divided by tabs,")),
    "a line for Excel": (
        "sep=;\n" + lines(*NAMES, by=";"),
        WITH_HEADER.replace("CSV", "CSV divided by semicolons,"),
    ),
    "the index of pandas": (
        lines("", *NAMES, rows=[[i, *row] for i, row in enumerate(ROWS)]),
        WITH_HEADER + ", without the column ''",
    ),
    "an index that was read and written": (
        lines("Unnamed: 0", *NAMES, rows=[[i, *row] for i, row in enumerate(ROWS)]),
        WITH_HEADER + ", without the column 'Unnamed: 0'",
    ),
    "a comma at the end of each line": (
        lines(*NAMES, "", rows=[[*row, ""] for row in ROWS]),
        WITH_HEADER + ", without the column ''",
    ),
    "Usage": (
        lines(*NAMES, "Usage", rows=[[*row, "Public"] for row in ROWS]),
        WITH_HEADER + ", without the column 'Usage'",
    ),
    "rows and columns": (
        lines("label", "1x1", "1x2", "2x1", "2x2"),
        "CSV with a header, 4 pixels in 1x1 to 2x2, labels in 'label'",
    ),
    "numbers as names": (
        lines("label", "0", "1", "2", "3"),
        "CSV with a header, 4 pixels in 0 to 3, labels in 'label'",
    ),
    "OpenML": (
        lines(
            "pixel1",
            "pixel2",
            "pixel3",
            "pixel4",
            "class",
            rows=[[*pixels, f"'{label}'"] for label, *pixels in ROWS],
        ),
        "CSV with a header, 4 pixels in pixel1 to pixel4, labels in 'class'",
    ),
    "decimal numbers": (
        lines(
            *NAMES,
            rows=[[f"{v:.1e}" for v in row] for row in ROWS[1:2]]
            + [[f"{v:.1f}" for v in row] for row in ROWS],
        ),
        WITH_HEADER,
    ),
    "fractions": (
        lines(*NAMES, rows=[[label, *(pixel / 255 for pixel in row)] for label, *row in ROWS]),
        WITH_HEADER + ", pixels from 0 to 1 taken times 255",
    ),
    "a byte order mark and CRLF": ("\ufeff" + lines(*NAMES).replace("\n", "\r\n"), WITH_HEADER),
}
for prefix in ("px", "p", "pixel_", "pixel.", "Pixel "):
    span = f"{prefix}0 to {prefix}3"
    ACCEPTED[f"names as {prefix}0"] = (
        lines("label", *(f"{prefix}{i}" for i in range(4))),
        f"CSV with a header, 4 pixels in {span}, labels in 'label'",
    )


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    content = text.encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
@pytest.mark.parametrize("way", ACCEPTED)
def test_each_way_of_writing_gives_the_same_rows(tmp_path: Path, way: str, name: str) -> None:
    text, said = ACCEPTED[way]
    table = tables.read(write(tmp_path, text, name), labels="required")
    rows = len(table.pixels)
    assert table.pixels.tolist()[rows - 3 :] == PIXELS
    assert [int(label) for label in table.labels][rows - 3 :] == LABELS
    assert table.said == said


def without_a_header(label_at: str, rows: int = 60) -> tuple[str, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (rows, 4, 4))
    images[:, [0, -1]] = 0
    labels = generator.integers(0, 10, rows)
    pixels = images.reshape(rows, -1)
    columns = {"first": [labels[:, None], pixels], "last": [pixels, labels[:, None]]}
    table = np.hstack(columns.get(label_at, [pixels]))
    return lines(rows=table.tolist()), pixels, labels


@pytest.mark.parametrize("label_at", ["first", "last"])
def test_labels_without_a_header_are_found(tmp_path: Path, label_at: str) -> None:
    text, pixels, labels = without_a_header(label_at)
    table = tables.read(write(tmp_path, text), labels="required")
    np.testing.assert_array_equal(table.pixels, pixels)
    np.testing.assert_array_equal(table.labels, labels)
    assert table.said == f"CSV without a header, 17 columns, labels in the {label_at}"


def test_a_table_sorted_by_class_is_sampled_everywhere(tmp_path: Path) -> None:
    pixels = np.zeros((60_000, 64), int)
    pixels[:, 20] = 200
    labels = np.repeat(np.arange(26), 60_000 // 26 + 1)[: len(pixels)]
    path = write(tmp_path, lines(rows=np.column_stack([labels, pixels]).tolist()))
    np.testing.assert_array_equal(tables.read(path, labels="required").labels, labels)


def test_a_test_table_without_a_header(tmp_path: Path) -> None:
    text, pixels, _ = without_a_header("nowhere")
    table = tables.read(write(tmp_path, text))
    np.testing.assert_array_equal(table.pixels, pixels)
    assert (table.labels, table.said) == (None, "CSV without a header, 16 columns")


def test_words_are_labels_and_ids(tmp_path: Path) -> None:
    rows = [["img_1.png", "cat", 5], ["img_2.png", "dog", 6], ["img_3.png", "cat", 255]]
    table = tables.read(write(tmp_path, lines("id", "label", "pixel0", rows=rows)))
    assert table.labels.tolist() == ["cat", "dog", "cat"]
    assert table.ids.tolist() == ["img_1.png", "img_2.png", "img_3.png"]
    assert table.pixels.tolist() == [[5], [6], [255]]


def test_words_are_ids_once_only(tmp_path: Path) -> None:
    rows = [["a", 5], ["b", 6], ["a", 7]]
    with pytest.raises(InputError, match="a occurs a second time"):
        tables.read(write(tmp_path, lines("id", "pixel0", rows=rows)))


def test_fractions_that_are_rounded_are_said(tmp_path: Path) -> None:
    text = lines("label", "pixel0", rows=[[1, 0.5], [0, 1]])
    table = tables.read(write(tmp_path, text))
    assert table.pixels.tolist() == [[128], [255]]
    assert table.labels.tolist() == [1, 0]
    assert table.said.endswith("pixels from 0 to 1 taken times 255 and rounded")


AMBIGUOUS = {
    "header or image": ("0,1,2,3\n9,9,9,9\n", "--header or --no-header"),
    "label first or last": ("7,2,3,4,5\n5,4,3,2,1\n", "--label-column first"),
    "no label column": ("pixel0,weight\n1,2\n", "--label-column"),
    "two delimiters": ("label,x;pixel0\n1,2;3\n", "--delimiter"),
    "no square": ("label,p0,p1\n1,2,3\n", "--image-size"),
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_what_is_open_is_refused_with_the_option_that_decides(tmp_path: Path, what: str) -> None:
    text, option = AMBIGUOUS[what]
    with pytest.raises(InputError) as caught:
        tables.read(write(tmp_path, text))
    assert option in str(caught.value)
    assert "\n" not in str(caught.value)


DECIDED = {
    "no header": ("0,1,2,3\n9,9,9,9\n", TableOptions(header=False), [[0, 1, 2, 3], [9] * 4]),
    "header": ("0,1,2,3\n9,9,9,9\n", TableOptions(header=True), [[9] * 4]),
    "label last": ("7,2,3,4,5\n", TableOptions(label_column="last"), [[7, 2, 3, 4]]),
    "label by name": ("p0,weight\n1,2\n", TableOptions(label_column="weight"), [[1]]),
    "image size": ("y,p0,p1\n1,2,3\n", TableOptions(image_size=(1, 2)), [[2, 3]]),
    "delimiter": ("y,p0\n1,2\n", TableOptions(delimiter=","), [[2]]),
}


@pytest.mark.parametrize("what", DECIDED)
def test_options_decide(tmp_path: Path, what: str) -> None:
    text, options, pixels = DECIDED[what]
    assert tables.read(write(tmp_path, text), options=options).pixels.tolist() == pixels
