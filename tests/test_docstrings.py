"""The examples in docstrings give what they show."""

import doctest
import importlib
from pathlib import Path

import pytest

import fashion_nn

PACKAGE = Path(fashion_nn.__file__).parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_give_what_they_show(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_a_wrong_example_would_be_seen():
    def wrong():
        """
        >>> 1 + 1
        3
        """

    (example,) = doctest.DocTestFinder().find(wrong, "wrong")
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda text: None).failed == 1
