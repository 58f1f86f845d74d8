"""Names that may become part of a path have a pattern."""

import pytest

from fashion_nn.core.names import required_name, required_title, title

GOOD = ["mlp", "cnn-v2", "a", "7", "größe_2", "v1.2+x", "a" * 100, "console", "nullify"]
BAD = ["", ".", "..", "../../../x", "/abs", "a/b", "a\\b", "a" * 101, "ä" * 101, "a.", ".a", "-a"]
BAD += ["a b", "a\n", "\x1b[2J", "a\0", "\u202ea", "con", "NUL.txt", "com1", "lpt9.x", "\udcff"]


@pytest.mark.parametrize("text", GOOD)
def test_a_name_is_kept(text):
    assert required_name(text) == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match="expected a name of at most 100 letters"):
        required_name(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a\\b", "a\n", "\x1b", "\udcff", "a" * 101])
def test_a_title_is_one_line_without_separators(text):
    with pytest.raises(ValueError, match="that can be printed"):
        required_title(text)
    if text not in (".", ".."):
        assert required_title(title(text)) == title(text)


def test_the_name_of_a_file_may_be_a_title():
    assert required_title("my data (1)") == title("my data (1)") == "my data (1)"
