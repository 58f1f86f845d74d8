"""A short run of `fuzzing.py`, which is started by hand for long ones; and that it would see a
defect.
"""

import sys

import fuzzing
import hostile
import pytest

from fashion_nn import inference
from fashion_nn.errors import InputError
from fashion_nn.inference.allowlist import model_config

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="forks, with Linux' resource limits"
)


@pytest.mark.parametrize(("kind", "inputs"), [("config", 500), ("archive", 300), ("hdf5", 100)])
def test_only_answers_and_refusals(kind, inputs, tmp_path, monkeypatch):
    hostile.plant(tmp_path, tmp_path / "marker")
    monkeypatch.chdir(tmp_path)
    verdicts = fuzzing.fuzz(kind, inputs, 0, tmp_path / "marker")
    assert verdicts["past"] == inputs
    assert verdicts["passed"] > 0.05 * inputs, "the inputs are too broken to tell anything"
    assert verdicts["passed"] < 0.9 * inputs, "the inputs are hardly changed"
    assert not any(said.startswith("crash") for said in verdicts)


def test_a_b_tree_without_end():
    """Found by the fuzzing: where this file's B-trees are measured, HDF5 1.14 goes round for
    ever.
    """
    forked = fuzzing.Forked()
    try:
        assert forked((fuzzing.FILES / "endless-tree.h5").read_bytes()) == "passed"
    finally:
        forked.close()


@pytest.mark.slow
def test_a_heap_without_end():
    """Found by the fuzzing: HDF5 1.14 goes round for ever in this file's texts, until the child's
    time is over.
    """
    with pytest.raises(InputError, match="it used more processor time than it is given"):
        inference.open_model(fuzzing.FILES / "endless-heap.h5")


def test_a_defect_would_be_seen(monkeypatch):
    def broken(document):
        raise KeyError(document["class_name"])

    monkeypatch.setattr(model_config, "read", broken)
    with pytest.raises(fuzzing.Defect, match="KeyError"):
        fuzzing.fuzz("config", 10, 0)


def test_a_line_that_is_none_would_be_seen(monkeypatch):
    def broken(document):
        raise fuzzing.Refusal("two\nlines \x1b[31m" + "a" * 1000)

    monkeypatch.setattr(fuzzing, "input_error", lambda path, refusal: f"{path}: {refusal}")
    monkeypatch.setattr(model_config, "read", broken)
    with pytest.raises(fuzzing.Defect, match="not one line"):
        fuzzing.fuzz("config", 10, 0)
