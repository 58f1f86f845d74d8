"""`describe`: what is counted, and a data set which is not what it claims to be is called out."""

import json

import numpy as np
import pytest
from idx_files import write_folder

from fashion_nn.datasets import DATASETS, Split, describe, load
from fashion_nn.datasets.summary import pixel_statistics
from fashion_nn.errors import InputError


def info(place, *, expect=None, **how):
    return describe(load(place, **how), place, expect=expect)


def test_counts_and_identity_of_digits():
    found, splits = info("digits"), load("digits")
    assert found["name"] == found["official"] == found["recognised"]["name"] == "digits"
    assert found["counts"] == {
        "train": len(splits.train),
        "valid": len(splits.valid),
        "test": len(splits.test),
    }
    assert found["class_counts"]["test"] == np.bincount(splits.test.labels).tolist()
    assert (found["fingerprint"], found["split"]["id"]) == (splits.fingerprint, splits.split_id)
    assert found["warnings"] == []
    assert json.loads(json.dumps(found)) == found


def test_pixel_statistics_are_exact():
    images = np.random.default_rng(0).integers(0, 256, (50, 9, 9), dtype=np.uint8)
    images[:, :3] = 0
    scaled = images / 255
    found = pixel_statistics(Split(images, np.zeros(50, dtype=np.int64)))
    expected = {"mean": scaled.mean(), "sd": scaled.std(), "zeros": (images == 0).mean()}
    assert found == pytest.approx(expected, rel=1e-12)


def test_statistics_are_of_all_training_rows():
    assert (
        info("digits", validation_fraction=0.5)["pixels"]
        == info("digits", validation_fraction=0)["pixels"]
    )


def test_a_folder_without_test_rows(tmp_path):
    found = info(write_folder(tmp_path / "x", parts=("train",)))
    assert found["counts"] == {"train": 27, "valid": 3}
    assert set(found["class_counts"]) == {"train", "valid"}
    assert (found["official"], found["recognised"]["name"], found["warnings"]) == (None, None, [])


@pytest.mark.parametrize("claim", ["expect", "folder name"])
def test_a_false_claim_is_called_out(tmp_path, claim):
    folder = write_folder(tmp_path / ("x" if claim == "expect" else "fashion-mnist"))
    found = info(folder, expect="fashion-mnist" if claim == "expect" else None)
    assert found["warnings"] == [
        "this does not look like Fashion-MNIST, nor like any other known data set"
    ]


def test_expect_must_be_a_known_name(tmp_path):
    with pytest.raises(InputError, match="'cifar' is not a known data set"):
        info(write_folder(tmp_path / "x"), expect="cifar")


def test_mnist_by_the_name_of_fashion_mnist(real_data, tmp_path):
    (tmp_path / "fashion-mnist").symlink_to(real_data / "mnist")
    for found in (
        info(tmp_path / "fashion-mnist"),
        info(real_data / "mnist", expect="fashion_mnist"),
    ):
        assert found["warnings"] == [
            "this looks like MNIST, not Fashion-MNIST (100% of the images fit)"
        ]
        assert (found["name"], found["official"]) == ("mnist", "mnist")
    assert info(real_data / "mnist")["warnings"] == []


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_the_real_data_is_what_it_claims_to_be(real_data, name):
    found = info(name, data_dir=real_data)
    assert found["official"] == found["recognised"]["name"] == name
    assert found["warnings"] == []
    published = {"fashion_mnist": (0.2860, 0.3530), "mnist": (0.1307, 0.3081)}[name]
    assert (found["pixels"]["mean"], found["pixels"]["sd"]) == pytest.approx(published, abs=5e-5)
    assert (
        found["class_counts"]["test"]
        == np.bincount(load(name, data_dir=real_data).test.labels).tolist()
    )
    assert found["classes"] == list(DATASETS[name].class_names)
