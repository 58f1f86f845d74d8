"""Small CSV files of other hands: the cells, or one line, within bounds."""

import pytest

from fashion_nn.core.csv_rows import CsvError, parse


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a,b\r\n1,2\n", [["a", "b"], ["1", "2"]]),
        (b'\xef\xbb\xbfa\n"1,\n2"', [["a"], ["1,\n2"]]),
        (b"\n\n1\r2", [[], [], ["1"], ["2"]]),
    ],
)
def test_the_cells_of_each_line(content, expected):
    assert parse(content, most=10) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\0b", "NUL bytes"),
        (b"a\xff", "not text in UTF-8"),
        (b"a,\xed\xa0\x80\n", "not text in UTF-8"),
        (b'"a"b\n', "is not CSV"),
        (b'"' + b"a" * 200_000 + b'"', "is not CSV"),
        (b"\n" * 11, "more than 10 cells or lines"),
        (b"\r" * 11, "more than 10 cells or lines"),
        (b"," * 11, "more than 10 cells or lines"),
        (b"," * 100_000_000, "more than 10 cells or lines"),
    ],
)
def test_refused_in_one_line(content, said):
    with pytest.raises(CsvError, match=said) as caught:
        parse(content, most=10)
    assert str(caught.value).isprintable()
