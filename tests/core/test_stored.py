"""Reading JSON files of the package: each fault is one line, and unknown keys survive."""

import json

import pytest

from fashion_nn.core.stored import Stored, read_stored
from fashion_nn.errors import InputError


class Inner(Stored):
    rows: int


class Example(Stored):
    name: str
    inner: Inner
    share: float | None = None
    counts: dict[str, int] | None = None


def read(path, *, versioned=False):
    return read_stored(
        path, Example, expected="expected an example", mend="make it again", versioned=versioned
    )


def test_unknown_keys_survive_and_keys_that_were_not_there_stay_away(tmp_path):
    path = tmp_path / "example.json"
    content = {
        "name": "digits",
        "inner": {"rows": 3, "columns": [1, 2]},
        "format": 1,
        "later": {"a": None, "b": float("inf")},
    }
    path.write_text(json.dumps(content))
    found = read(path, versioned=True)
    assert found.inner.rows == 3 and found.share is None
    assert found.to_json() == content


def test_a_byte_order_mark_is_no_part_of_the_content(tmp_path):
    path = tmp_path / "example.json"
    path.write_text('{"name": "digits", "inner": {"rows": 3}}', encoding="utf-8-sig")
    assert read(path).inner.rows == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot be read \(No such file or directory\): expected an example"),
        (b"\xff", "not text in UTF-8: expected an example"),
        (b'{"name": "dig', r"damaged \(.*\): make it again"),
        (
            b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}",
            r"damaged \(nested deeper than 96\): make it again",
        ),
        (
            b'{"name": "a", "inner": {"rows": 1}, "counts": {"\\u001b[2J": "x"}}',
            r"damaged \(counts\.\\x1b\[2J: .*",
        ),
        (b"[1]", r"damaged \(expected a JSON object\): make it again"),
        (b"[" * 200_000, r"damaged \(.*\): make it again"),
        (
            b'{"name": "digits", "inner": {}}',
            r"damaged \(inner\.rows: Field required\): make it again",
        ),
        (b'{"name": 1, "inner": {"rows": 1}}', r"damaged \(name: .*\): make it again"),
    ],
)
def test_each_fault_is_one_line(tmp_path, content, message):
    path = tmp_path / "example.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"example\.json: {message}$") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_another_format_is_refused_where_the_file_must_state_one(tmp_path):
    path = tmp_path / "example.json"
    path.write_text('{"name": "digits", "inner": {"rows": 3}, "format": 2}')
    assert read(path).name == "digits"
    with pytest.raises(InputError, match="format 2, expected 1: another version wrote it"):
        read(path, versioned=True)


def test_an_object_cannot_be_changed():
    example = Example(name="digits", inner=Inner(rows=1))
    with pytest.raises(ValueError, match="frozen"):
        example.name = "letters"
