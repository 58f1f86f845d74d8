"""Whether mirrored images are used: by the data set where it is known, else by a measurement."""

import numpy as np
import pytest

from fashion_nn import datasets, recipes, runs, training
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.training import mirroring

RNG = np.random.default_rng(0)


def blobs(n, column, *, sides):
    """Images with a bright square of noise left and right: `column` says where, 0 or 1."""
    images = RNG.integers(0, 60, (n, 12, 12)).astype(np.uint8)
    left = np.where(RNG.random(n) < 0.5, column, 1 - column) if sides == "either" else column
    for image, place in zip(images, np.broadcast_to(left, n), strict=True):
        image[4:8, 1 + 6 * place : 5 + 6 * place] = 200
        image[4, 1 + 6 * place] = 0  # a corner that says which side is outside
    return images


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def test_a_left_and_a_right_are_told_apart_without_mirrored_images():
    """The mirror image of each class is the other class."""
    images = np.concatenate([blobs(60, 0, sides="one"), blobs(60, 1, sides="one")])
    labels = np.repeat([0, 1], 60)
    found = mirroring.measure(Split(images, labels))
    assert not found.used
    assert found.why.startswith(
        "of 120 training rows the nearest neighbour is right for 120, for 0"
    )


def test_mirrored_images_help_where_few_images_are_seen_from_either_side():
    """Each shape was seen from one side, and is asked for from the other."""
    shapes = RNG.integers(0, 256, (40, 12, 12)).astype(np.uint8)
    images = np.concatenate([shapes, shapes[:, :, ::-1]])
    found = mirroring.measure(Split(np.ascontiguousarray(images), np.tile(np.arange(40), 2)))
    assert found.used
    assert "right for 2, for 80 if they are mirrored" in found.why


def test_letters_that_are_mirror_images_of_each_other_decide_against_it():
    """Most classes are symmetric, so most mirrored rows are right; but of two, each is the other's
    mirror image.
    """
    symmetric = RNG.integers(0, 256, (8, 12, 6)).astype(np.uint8)
    shapes = np.concatenate([symmetric, symmetric[:, :, ::-1]], axis=2)
    left = RNG.integers(0, 256, (1, 12, 12)).astype(np.uint8)
    classes = np.concatenate([shapes, left, left[:, :, ::-1]])
    images = np.repeat(classes, 30, axis=0) // 2 + RNG.integers(0, 99, (300, 12, 12))
    found = mirroring.measure(Split(images.astype(np.uint8), np.repeat(np.arange(10), 30)))
    assert "right for 300, for 240 if they are mirrored" in found.why
    assert not found.used


def test_a_known_data_set_decides_without_a_measurement(digits, monkeypatch):
    monkeypatch.setattr(mirroring, "measure", None)
    found = mirroring.decide(digits)
    assert not found.used
    assert found.why.endswith("is not one of the same class")


@pytest.mark.parametrize(
    ("name", "used"), [("mnist", False), ("fashion_mnist", True), ("digits", False)]
)
def test_clothes_are_mirrored_and_digits_are_not(name, used):
    assert datasets.DATASETS[name].mirror_keeps_class is used


def test_on_real_digits_the_measurement_says_what_is_known(real_data):
    for name, used in (("mnist", False), ("fashion_mnist", True)):
        splits = datasets.load(name, data_dir=real_data)
        rows = splits.train.take(np.arange(1000))
        found = mirroring.measure(rows, splits.valid.take(np.arange(1000)))
        assert found.used is used
        assert found.why.startswith("of 1,000 validation rows")


def test_only_what_is_left_open_is_decided(digits):
    flips = Recipe(name="r", model="mlp", augment={"flip": True}, average_mirror="auto")
    recipe, decision = mirroring.resolved(flips, digits)
    assert (recipe.augment.flip, recipe.average_mirror) == (True, False)
    assert decision is not None
    assert mirroring.resolved(recipe, digits) == (recipe, None)


def test_the_decision_is_in_the_record_and_holds_for_a_resume(digits, tmp_path):
    settings = ["epochs=1", "batch_size=256", "augment.flip=auto", "average_mirror=auto"]
    recipe = recipes.override(recipes.get("mlp"), settings)
    done = training.run(recipe, digits, tmp_path / "run").run
    record = done.read_record()
    assert record.mirroring == runs.MirroringRecord(used=False, why=mirroring.decide(digits).why)
    stored = recipes.from_json(record.recipe.to_json())
    assert (stored.augment.flip, stored.average_mirror) == (False, False)
    assert training.run(recipe, digits, done.folder, resume=True).run.read_record() == record
    mirrored = recipes.override(recipe, ["augment.flip=true"])
    with pytest.raises(InputError, match="holds a run with other settings: augment="):
        training.run(mirrored, digits, done.folder, resume=True)


def test_what_the_data_decided_is_no_departure_from_the_published_recipe():
    sprint = recipes.get("sprint").to_json()
    sprint["augment"] = {**sprint["augment"], "flip": False}
    assert recipes.departures(sprint) == {}
    assert recipes.departures({**sprint, "batch_size": 1}).keys() == {"batch_size"}
