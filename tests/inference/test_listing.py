"""What the confined process says of an HDF5 file that nobody builds."""

import io
import json

import h5py
import numpy as np
import pytest

from fashion_nn.inference.child import hdf5, listing
from fashion_nn.inference.child.listing import ListedFile
from fashion_nn.inference.shared.refusal import Refusal


def written(fill):
    """The bytes of an HDF5 file into which `fill` has written."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return bytearray(content.getvalue())


def look(content):
    listed = ListedFile()
    return listed, json.loads(listed.look(content).payload)


def weights(file):
    file["layers/dense/vars/0"] = np.ones((4, 3), np.float32)
    file["layers/dense/vars/1"] = np.arange(3, dtype=np.float64)
    file.attrs["keras_version"] = "2.4.0"


def test_arrays_are_listed_and_small_ones_read():
    listed, found = look(written(weights))
    assert found["arrays"] == [
        ["layers/dense/vars/0", [4, 3], "float32", 48],
        ["layers/dense/vars/1", [3], "float64", 24],
    ]
    assert found["attributes"] == ["keras_version"] and found["faults"] == []
    assert listed.text(b"", "keras_version").payload == b"2.4.0"
    assert listed.text(b"", "model_config").header == {"there": False}
    assert json.loads(listed.numbers(b"", ["layers/dense/vars/1"]).payload) == [[0, 1, 2]]
    with pytest.raises(Refusal, match="no array"):
        listed.numbers(b"", ["layers/dense"])


def test_every_fault_is_collected_and_the_rest_is_listed():
    def fill(file):
        weights(file)
        file["layers/soft"] = h5py.SoftLink("/layers/dense")
        file["layers/other"] = h5py.ExternalLink("/etc/passwd", "/")
        file["layers/words"] = "text"

    _, found = look(written(fill))
    assert len(found["faults"]) == 3 and len(found["arrays"]) == 2
    assert sum("is a link to elsewhere" in fault for fault in found["faults"]) == 2
    with pytest.raises(Refusal):
        hdf5.Store(written(fill))


def test_a_file_that_is_all_faults_is_given_up():
    def fill(file):
        for number in range(hdf5.MAX_FAULTS + 1):
            file[f"link{number}"] = h5py.SoftLink("/nothing")

    with pytest.raises(Refusal, match="is a link to elsewhere"):
        look(written(fill))


def test_an_answer_is_bounded(monkeypatch):
    monkeypatch.setattr(listing, "MAX_LISTED_BYTES", 60)
    _, found = look(written(weights))
    assert len(found["arrays"]) == 1 and found["left_out"] == 1
    monkeypatch.setattr(listing, "MAX_SHOWN_NUMBERS", 2)
    listed, _ = look(written(weights))
    with pytest.raises(Refusal, match="more than 2 numbers"):
        listed.numbers(b"", ["layers/dense/vars/1"])


def test_a_name_that_is_too_long_is_left_out():
    _, found = look(written(lambda file: file.create_dataset("x" * 400, data=1.0)))
    assert found["arrays"] == [] and found["left_out"] == 1
