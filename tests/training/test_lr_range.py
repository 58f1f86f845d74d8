"""The learning rate range test, and the weights of the classes."""

import math
from dataclasses import replace

import numpy as np
import own_models
import pytest

from fashion_nn import datasets, measures, recipes, training
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError
from fashion_nn.training import OwnRecipe
from fashion_nn.training.losses import class_weights
from fashion_nn.training.lr_range import range_test
from fashion_nn.zoo import own


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def work(*settings):
    builder = own.of_function(own_models.build)
    recipe = recipes.override(recipes.for_own_code("net", builder.name), settings)
    return OwnRecipe(recipe, builder)


def test_the_loss_falls_and_then_rises(digits):
    found = range_test(work(), digits, low=1e-5, high=10, steps=60)
    best = found.losses.index(min(found.losses))
    assert found.lowest == found.rates[best]
    falls = -np.diff(found.losses[: best + 1])
    near = found.rates[max(falls.argmax() - 1, 0)], found.rates[falls.argmax() + 2]
    assert near[0] * 0.95 <= found.recommended <= near[1] * 1.05
    assert 1e-4 < found.recommended < 0.1
    assert found.losses[0] > min(found.losses) < found.losses[-1]
    assert all(map(math.isfinite, found.losses))
    ratios = np.diff(np.log(found.rates))
    np.testing.assert_allclose(ratios, ratios[0])


def test_a_range_that_is_none_or_begins_too_high_is_refused(digits):
    with pytest.raises(InputError, match=r"--low 1 --high 0.1: expected two rates"):
        range_test(work(), digits, low=1, high=0.1)
    with pytest.raises(InputError, match="the loss rises from the first steps on"):
        range_test(work(), digits, low=1e3, high=1e6, steps=30)


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.repeat(np.arange(4), [5, 17, 1, 40])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    found = class_weights("balanced", labels, 4)
    np.testing.assert_allclose(list(found.values()), expected)
    assert class_weights("balanced", np.array([0, 0, 2]), 3)[1] == 0
    assert class_weights(None, labels, 4) is None


def test_balanced_weights_find_the_rare_class(tmp_path, digits):
    labels = digits.train.labels
    rare = np.flatnonzero(labels == 8)[:6]
    kept = np.sort(np.concatenate([np.flatnonzero(labels == 1), rare]))
    train = Split(digits.train.images[kept], (labels[kept] == 8).astype(np.int64))
    rows = np.flatnonzero(np.isin(digits.valid.labels, (1, 8)))
    of_valid = (digits.valid.labels[rows] == 8).astype(np.int64)
    valid = Split(digits.valid.images[rows], of_valid)
    splits = replace(digits, train=train, valid=valid, test=None, class_names=("1", "8"))
    found = {}
    for weight in ("none", "balanced"):
        job = work(f"class_weight={weight}", "epochs=4", "checkpoint_monitor=val_loss")
        scores = training.run(job, splits, tmp_path / weight).metrics.valid
        found[weight] = measures.balanced_accuracy(scores.per_class)
    assert found["balanced"] > found["none"] + 0.1
