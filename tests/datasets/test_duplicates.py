"""Duplicates: every count against brute force on small data, and pinned on the real data."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from fashion_nn.datasets import Split, load
from fashion_nn.datasets.duplicates import NONE_NEAR, check, near_train, nearest
from fashion_nn.errors import InputError


def brute_nearest(queries, references, limit):
    within = references is None
    a = queries.reshape(len(queries), -1).astype(float)
    squared = cdist(
        a, a if within else references.reshape(len(references), -1).astype(float), "sqeuclidean"
    )
    if within:
        np.fill_diagonal(squared, np.inf)
    index, best = squared.argmin(axis=1), squared.min(axis=1)
    found = best <= limit
    return np.where(found, index, -1), np.where(
        found, np.where(found, best, 0).astype(np.int64), NONE_NEAR
    )


def images_with_near_duplicates(
    seed: int, rows: int, shape: tuple[int, int], values: int
) -> np.ndarray:
    """Random images, a fifth of them noisy or exact copies of others."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, values, (rows, *shape)) * (255 // (values - 1))
    copies = generator.choice(rows, rows // 5, replace=False)
    noise = generator.integers(-3, 4, (len(copies), *shape)) * (
        generator.random((len(copies), 1, 1)) < 0.5
    )
    images[copies] = np.clip(images[generator.choice(rows, len(copies))] + noise, 0, 255)
    return images.astype(np.uint8)


CASES = {
    # Several blocks each way, and many ties: 4 pixels of few values.
    "many ties": {"rows": (5000, 2500), "shape": (2, 2), "values": 6, "limit": 3000},
    "many blocks": {"rows": (4500, 2200), "shape": (4, 4), "values": 256, "limit": 20_000},
    # The largest products that float32 has to hold exactly: 1,024 pixels, all 0 or 255.
    "largest products": {"rows": (300, 200), "shape": (32, 32), "values": 2, "limit": 40_000_000},
    "float64": {"rows": (300, 200), "shape": (33, 33), "values": 2, "limit": 40_000_000},
    "only equal": {"rows": (400, 300), "shape": (3, 3), "values": 3, "limit": 0},
    "one row each": {"rows": (1, 1), "shape": (3, 3), "values": 3, "limit": 10**6},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_nearest_is_that_of_brute_force(case):
    train, test = (
        images_with_near_duplicates(seed, n, case["shape"], case["values"])
        for seed, n in enumerate(case["rows"])
    )
    test[: len(test) // 10] = train[: len(test) // 10]
    for queries, references in ((train, None), (test, None), (test, train)):
        index, squared = nearest(queries, references, limit=case["limit"])
        expected_index, expected_squared = brute_nearest(queries, references, case["limit"])
        np.testing.assert_array_equal(squared, expected_squared)
        np.testing.assert_array_equal(index, expected_index)


def test_equal_images_all_alike_are_no_trouble():
    index, squared = nearest(np.zeros((5000, 2, 2), dtype=np.uint8), limit=0)
    assert not squared.any()
    assert index[0] == 1
    assert not index[1:].any()


def planted() -> tuple[Split, Split]:
    """Training rows 0-2 equal (labels 0, 0, 1), 3 alone, 4 near 5; test row 0 equals them, 1 near
    3, 2 near 4.
    """
    generator = np.random.default_rng(5)
    base = generator.integers(0, 250, (4, 10, 10), dtype=np.uint8)
    train = base[[0, 0, 0, 1, 2, 2]].copy()
    train[5] += 5  # everywhere: distance 5/255 = 0.0196
    test = base[[0, 1, 2, 3, 3]].copy()
    test[1, 0, 0] += 5  # one pixel of a hundred: 0.00196
    test[2, :5] += 4  # half: 0.0111 from row 4, 0.0149 from row 5
    return Split(train, np.array([0, 0, 1, 1, 2, 0])), Split(test, np.array([1, 1, 0, 2, 2]))


def test_counts_of_planted_near_duplicates():
    found = check(planted(), thresholds=(0, 0.002, 0.012, 0.02))
    assert found["images"] == {"train": 6, "test": 5}
    assert found["exact"] == {"train/train": 3, "test/test": 1, "train/test": 3}
    assert found["exact_same_label"] == {"train/train": 1, "test/test": 1, "train/test": 1}
    assert found["near"] == {
        "0.0": {
            "test_images": 1,
            "same_label": 0,
        },  # the first of three equal images counts, its label is another
        "0.002": {"test_images": 2, "same_label": 1},
        "0.012": {"test_images": 3, "same_label": 1},
        "0.02": {"test_images": 3, "same_label": 1},
    }
    assert found["near_train"]["0.012"] == {"images": 3, "same_label": 2}
    assert found["near_train"]["0.02"] == {"images": 5, "same_label": 2}
    assert found["near_test"]["0.02"] == {"images": 2, "same_label": 2}
    assert found["closest"]["train/test"][0] == {"rows": [0, 0], "labels": [0, 1], "distance": 0.0}
    assert found["closest"]["train/test"][1]["rows"] == [3, 1]
    assert found["closest"]["test/test"] == [{"rows": [3, 4], "labels": [2, 2], "distance": 0.0}]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("threshold", "side", "difference"), [(0.03, 20, 153), (0.05, 4, 51), (0.06, 10, 153)]
)
def test_a_distance_of_exactly_the_threshold_is_within(threshold, side, difference):
    # One pixel differs by d: the distance is d / 255 / side.
    zeros = np.zeros((2, side, side), dtype=np.uint8)
    test = zeros.copy()
    test[:, 0, 0] = difference, difference + 1
    labels = np.zeros(2, dtype=np.int64)
    found = check((Split(zeros, labels), Split(test, labels)), thresholds=(threshold,))
    assert found["near"] == {str(threshold): {"test_images": 1, "same_label": 1}}


def test_without_test_rows_only_training_rows_are_compared():
    found = check((planted()[0], None))
    assert found["exact"] == {"train/train": 3}
    assert "near" not in found
    assert "near_test" not in found


def test_validation_rows_count_as_training_rows():
    splits = load("digits")
    whole = Split(splits.original_train().images, splits.original_train().labels)
    assert (
        check(splits)
        == check((whole, splits.test))
        == check(load("digits", validation_fraction=0.4))
    )


def test_progress_ends_at_its_total():
    calls = []
    check(planted(), progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (16, 16)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


@pytest.mark.parametrize("thresholds", [(), (-0.1,), (0.03, 2)])
def test_refuses_thresholds_out_of_range(thresholds):
    with pytest.raises(InputError, match="each from 0 to 1"):
        check(planted(), thresholds=thresholds)


def test_refuses_images_of_two_sizes():
    train, _ = planted()
    with pytest.raises(InputError, match="must be alike"):
        check((train, Split(train.images[:, :5], train.labels)))


REAL = {
    "fashion_mnist": {
        "exact": (0, 0, 0),
        "near": ((12, 12), (49, 49), (182, 182)),
        "near_train": ((72, 72), (309, 309), (1103, 1095)),
        "near_test": ((2, 2), (14, 14), (53, 53)),
    },
    "mnist": {
        "exact": (0, 0, 0),
        "near": ((1, 1), (195, 195), (518, 518)),
        "near_train": ((4, 4), (1236, 1236), (3066, 3066)),
        "near_test": ((0, 0), (53, 53), (241, 241)),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_counts_of_the_real_data(real_data, name):
    found = check(load(name, data_dir=real_data))
    counts = {
        key: tuple(tuple(row.values()) for row in found[key].values())
        for key in REAL[name]
        if key != "exact"
    }
    assert counts | {"exact": tuple(found["exact"].values())} == REAL[name]


def test_a_data_set_without_test_rows_has_nothing_to_compare(tmp_path):
    table = tmp_path / "x.csv"
    table.write_text("label,pixel0\n" + "0,1\n1,2\n" * 20)
    with pytest.raises(InputError, match="x has no test rows to compare with the training rows"):
        near_train(load(table), 0.03)
