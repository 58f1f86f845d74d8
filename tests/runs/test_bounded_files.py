"""A file of a run folder that claims too much, or holds what no run writes, is refused."""

import io
import re

import numpy as np
import pytest

from fashion_nn.errors import InputError
from fashion_nn.runs.answers import TestPredictions, read_npz, to_npz
from fashion_nn.runs.folder import Run

GOOD = {
    "labels": np.array([0, 1, 2]),
    "predicted": np.array([0, 1, 1]),
    "confidence": np.array([0.5, 1.0000001, 0.9], np.float32),
    "of_truth": np.array([0.5, 1.0, 0.0], np.float32),
}


def test_answers_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "test-predictions.npz"
    path.write_bytes(to_npz(TestPredictions(**GOOD, fingerprint="rows"), "model"))
    found, model = read_npz(path)
    assert (found.fingerprint, model) == ("rows", "model")
    for name, values in GOOD.items():
        np.testing.assert_array_equal(getattr(found, name), values)
        assert getattr(found, name).dtype == values.dtype


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": np.array([0, 1])}, "lists of different lengths"),
        ({"labels": np.array([0, 1, 10**9])}, "labels are not all from 0 to 9999"),
        ({"predicted": np.array([0, -1, 1])}, "predicted are not all from 0 to 9999"),
        ({"confidence": np.array([0.5, np.nan, 0.9], np.float32)}, "confidence are not all"),
        ({"of_truth": np.array([0.5, 2.0, 0.9], np.float32)}, "of_truth are not all from 0 to 1"),
        ({"labels": np.array(["a", "b", "c"])}, "labels: holds values of type <U1"),
        ({"labels": np.array([None] * 3)}, "are a pickle and are never opened"),
        ({"labels": np.zeros(80 << 20, np.uint8)}, "expected at most 67,108,864"),
    ],
)
def test_answers_of_another_hand_are_refused(tmp_path, changes, said):
    content = io.BytesIO()
    arrays = GOOD | changes
    np.savez_compressed(content, model_sha256="m", fingerprint="r", **arrays)
    path = tmp_path / "test-predictions.npz"
    path.write_bytes(content.getvalue())
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        read_npz(path)
    assert str(caught.value).endswith("remove it and evaluate again")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,loss\n" + "1,2\n" * 1_000_001, "more than 2,000,000 cells or lines"),
        ("\n" * 2_000_001, "more than 2,000,000 cells or lines"),
        ("epoch,loss\n1,2,3\n", "a row has more cells than the header"),
        ("epoch,loss\n1e400,2\n", "an epoch is out of range"),
        ("epoch,loss\nnan,2\n", "an epoch is out of range"),
        ("epoch,loss\none,2\n", "could not convert string to float"),
        ('epoch,loss\n"1,2\n', "is not CSV"),
    ],
)
def test_a_history_of_another_hand_is_refused(tmp_path, text, said):
    run = Run(tmp_path)
    run.history.write_text(text)
    with pytest.raises(InputError, match=said):
        run.read_history()
