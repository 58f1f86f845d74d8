"""Files with recurrent layers, attention, wrappers, operations and odd arrangements of pixels give
the answers that the Keras gave which wrote them; see `layer_files.py`.
"""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from in_process import Opened
from layer_files import images

from fashion_nn.inference.shared.refusal import Refusal

FILES = Path(__file__).with_name("files")
ARCHIVES = sorted(FILES.glob("layers-*.tar.xz"))
# Half precision is rounded otherwise by Keras 2.
TOLERANCE = {"half": 3e-3}


# Wrappers of convolutions take seconds: one file of each generation is opened among the quick
# tests.
LONG = {("layers-2", "wrapped.keras"), ("layers-3", "wrapped.h5")}


def names(archive):
    with tarfile.open(archive) as packed:
        found = [name for name in packed.getnames() if not name.endswith(".json")]
    for name in found:
        is_long = (archive.name[:8], name) in LONG
        yield pytest.param(archive.name, name, marks=[pytest.mark.slow] * is_long)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    def unpack(archive):
        folder = tmp_path_factory.getbasetemp() / "layers" / archive
        if not folder.exists():
            with tarfile.open(FILES / archive) as packed:
                packed.extractall(folder, filter="data")
        return folder, json.loads((folder / "expected.json").read_text())

    return unpack


def test_both_generations_of_keras_are_there():
    assert [archive.name[7] for archive in ARCHIVES] == ["2", "3"]


@pytest.mark.parametrize(
    ("archive", "name"), [pair for archive in ARCHIVES for pair in names(archive)]
)
def test_its_answers_are_those_it_gave(unpacked, archive, name):
    folder, answers = unpacked(archive)
    if archive.startswith("layers-2") and name.startswith("attention."):
        with pytest.raises(Refusal, match="attends to steps of a mask"):
            Opened(folder / name, "0-1")
        return
    expected = np.array(answers[name])
    found = Opened(folder / name, "0-1")(images())
    labels = expected.argmax(axis=1)
    if expected.shape[1] == 1:  # two classes
        threshold = 0 if "logit" in name else 0.5
        labels = (expected[:, 0] > threshold).astype(int)
        found_values = found[:, 1:]
    else:
        found_values = found
    tolerance = TOLERANCE.get(name.partition(".")[0], 1e-5) * np.abs(expected).max()
    np.testing.assert_allclose(found_values, expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(found.argmax(axis=1), labels)
