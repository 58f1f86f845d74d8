"""The stored split: stratified, nested, and the same for ever."""

import hashlib
import itertools

import numpy as np
import pytest

from fashion_nn.datasets.splits import (
    Split,
    Splits,
    fingerprint,
    hold_out,
    shuffled_by_class,
    stratified_rows,
)
from fashion_nn.errors import InputError

LABELS = np.repeat([0, 1, 2, 3], [400, 50, 7, 2])


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.2, 0.5, 0.9, 0.999])
def test_takes_the_fraction_of_each_class_but_never_none_or_all(fraction):
    rows = stratified_rows(LABELS, fraction)
    assert np.all(np.diff(rows) > 0)
    for label in range(4):
        total = np.bincount(LABELS)[label]
        assert np.sum(LABELS[rows] == label) == min(max(round(fraction * total), 1), total - 1)


def test_smaller_fractions_are_nested_in_larger_ones():
    chosen = [
        set(stratified_rows(LABELS, fraction).tolist()) for fraction in (0, 0.05, 0.1, 0.3, 0.8)
    ]
    assert all(small < large for small, large in itertools.pairwise(chosen))


def test_depends_on_the_seed_and_on_nothing_else():
    np.testing.assert_array_equal(
        stratified_rows(LABELS, 0.3), stratified_rows(LABELS.astype(np.int32), 0.3, seed=0)
    )
    assert stratified_rows(LABELS, 0.3).tolist() != stratified_rows(LABELS, 0.3, seed=1).tolist()


def test_one_class_is_divided_the_same_whatever_the_others_are():
    alone = stratified_rows(np.repeat([0, 1], [400, 2]), 0.3)
    among = stratified_rows(LABELS, 0.3)
    assert alone[alone < 400].tolist() == among[among < 400].tolist()


def test_rows_are_pinned():
    # A stored split means that these never change, with any version of NumPy.
    assert stratified_rows(np.arange(60) % 3, 0.1).tolist() == [2, 9, 22, 31, 33, 44]


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_refuses_a_fraction_out_of_range(fraction):
    with pytest.raises(InputError, match="at least 0 and less than 1"):
        stratified_rows(LABELS, fraction)


def test_a_class_with_one_row_stays_in_training():
    labels = np.array([0, 0, 1, 2, 2])
    rows = stratified_rows(labels, 0.5)
    assert np.bincount(labels[rows], minlength=3).tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="each class has a single training row"):
        stratified_rows(np.arange(3), 0.5)
    assert len(stratified_rows(labels, 0)) == 0


def rows_of(n: int) -> Split:
    images = np.arange(n * 6, dtype=np.uint32).astype(np.uint8).reshape(n, 2, 3)
    return Split(images, np.arange(n, dtype=np.int64) % 3)


@pytest.mark.parametrize("fraction", [0, 0.25])
def test_holding_out_loses_nothing_and_can_be_undone(fraction):
    rows = rows_of(60)
    held = hold_out(rows.labels, fraction)
    splits = Splits(
        name="x",
        class_names=("a", "b", "c"),
        train=rows.take(~held),
        valid=rows.take(held),
        test=None,
        valid_indices=np.flatnonzero(held),
        split_seed=0,
        validation_fraction=fraction,
        fingerprint="f",
    )
    assert len(splits.valid) == 60 * fraction
    whole = splits.original_train()
    np.testing.assert_array_equal(whole.images, rows.images)
    np.testing.assert_array_equal(whole.labels, rows.labels)
    assert (splits.image_shape, splits.classes, splits.original_labels) == ((2, 3), 3, (0, 1, 2))
    expected = hashlib.sha256(splits.valid_indices.tobytes()).hexdigest()
    assert splits.split_id == expected[:12]


def test_fingerprint_sees_every_part_of_the_content():
    rows = rows_of(12)
    seen = {fingerprint(rows.images, rows.labels)}
    changed = rows.images.copy()
    changed[3, 1, 1] ^= 1
    seen.add(fingerprint(changed, rows.labels))
    seen.add(fingerprint(rows.images, rows.labels[::-1]))
    seen.add(fingerprint(rows.images.transpose(0, 2, 1), rows.labels))
    seen.add(fingerprint(rows.images.reshape(12, 3, 2), rows.labels))
    seen.add(fingerprint(rows.images[:11], rows.labels[:11]))
    assert len(seen) == 6


def test_fingerprint_does_not_see_how_the_content_is_stored():
    rows = rows_of(12)
    stored_otherwise = np.asfortranarray(rows.images)
    assert fingerprint(stored_otherwise, rows.labels.astype(np.uint8)) == fingerprint(
        rows.images, rows.labels
    )


def test_a_shuffled_class_holds_all_of_its_rows_in_an_order_of_its_own():
    shuffled = dict(shuffled_by_class(LABELS))
    assert list(shuffled) == [0, 1, 2, 3]
    for label, rows in shuffled.items():
        assert sorted(rows.tolist()) == np.flatnonzero(label == LABELS).tolist()
    assert shuffled[1].tolist() != sorted(shuffled[1].tolist())
    assert shuffled[2].tolist() != dict(shuffled_by_class(LABELS, seed=1))[2].tolist()
