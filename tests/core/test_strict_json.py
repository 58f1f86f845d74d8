"""JSON of other hands: what is refused, in one line and in linear time."""

import json
import time

import pytest

from fashion_nn.core.strict_json import JsonError, Limits, parse


@pytest.mark.parametrize(
    "text",
    ["{}", "[1, 2.5, null, true]", '{"a": {"b": ["ä", "\\ud83d\\ude00"]}}', "9223372036854775807"],
)
def test_what_is_within_the_limits_is_what_json_reads(text):
    assert parse(text) == parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON: "),
        ("{} {}", "not JSON: "),
        (b"\xef\xbb\xbf{}", "not JSON: "),
        (b"\xff\xfe{\0}\0", "not text in UTF-8"),
        ('{"a": 1, "\\u001b": 2, "\\u001b": 3}', r"the key '\x1b' stands twice in one object"),
        ('{"' + "k" * 1000 + '": 1, "' + "k" * 1000 + '": 1}', "kkk...' stands twice"),
        ("NaN", "NaN is not a number of JSON"),
        ("[-Infinity]", "-Infinity is not a number of JSON"),
        ("1e999", "a number is too large"),
        ("9223372036854775808", "does not fit into 64 bits"),
        ("-1" + "0" * 30, "does not fit into 64 bits"),
        ("1" * 5000, "does not fit into 64 bits"),
        ("1" * 1_000_000, "does not fit into 64 bits"),
        ("[" * 97 + "]" * 97, "nested deeper than 96"),
        ("[" * 100_000, "nested deeper than 96"),
        ('{"a":' * 100_000, "nested deeper than 96"),
        ("[" + "0," * 400_001 + "0]", "more than 400000 values"),
        ('"' + "a" * 65_537 + '"', "a text of 65537 characters"),
        ('{"' + "a" * 65_537 + '": 1}', "a text of 65537 characters"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('{"\\udc00": 1}', "half of a surrogate pair"),
    ],
)
def test_refused_in_one_line(content, said):
    with pytest.raises(JsonError) as caught:
        parse(content)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isascii() and str(caught.value).isprintable()


def test_limits_that_a_caller_widens():
    wide = Limits(constants=True, any_integer=True)
    assert parse("[Infinity, 1e999, 1" + "0" * 30 + "]", wide) == [float("inf")] * 2 + [10**30]
    with pytest.raises(JsonError, match="thousands of digits"):
        parse("1" * 5000, wide)


def test_twice_as_many_keys_take_twice_as_long():
    """Sixteen times the keys take far less than the 256 times as long of a quadratic search."""

    def seconds(keys: int) -> float:
        text = "{" + ",".join(f'"k{i}":0' for i in range(keys)) + f',"k{keys - 1}":1' + "}"
        began = time.process_time()
        with pytest.raises(JsonError, match="stands twice"):
            parse(text)
        return time.process_time() - began

    assert seconds(64_000) < 60 * max(seconds(4_000), 1e-3)
