"""Canary, feeding, balance, order, leak, score, and the binomial tail behind them."""

import numpy as np
import pytest
from scipy import stats

from fashion_nn.datasets import Split
from fashion_nn.grading.binomial import upper_bound, upper_tail
from fashion_nn.grading.checks.balance import check_balance
from fashion_nn.grading.checks.canary import Chosen, check_canary
from fashion_nn.grading.checks.feeding import check_feeding
from fashion_nn.grading.checks.leak import Twins, check_leak
from fashion_nn.grading.checks.order import check_order
from fashion_nn.grading.checks.score import check_score


@pytest.mark.parametrize("n", [1, 10, 359, 10_000])
@pytest.mark.parametrize("rate", [0.0, 0.002, 0.1, 0.5, 1.0])
def test_the_binomial_tail_is_scipys(n, rate):
    for count in {0, 1, n // 500, n // 10, n // 2, n}:
        assert upper_tail(count, n, rate) == pytest.approx(stats.binom.sf(count - 1, n, rate), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("count", "n"), [(0, 100), (3, 2000), (50, 60)])
def test_the_upper_bound_is_clopper_and_pearsons(count, n):
    assert upper_bound(count, n) == pytest.approx(stats.beta.isf(1e-3, count + 1, n - count), rel=1e-5)


def brightness_model(images, *, batch_size=1000):
    """Two classes by mean brightness."""
    share = images.mean(axis=(1, 2)) / 255
    return np.stack([1 - share, share], axis=1).astype(np.float32)


def whole_batch_model(images, *, batch_size=1000):
    """As above, but centred on the batch, as a batch normalisation left in training mode does."""
    parts = []
    for i in range(0, len(images), batch_size):
        mean = images[i : i + batch_size].mean(axis=(1, 2)) / 255
        parts.append(0.5 + mean - mean.mean())
    share = np.concatenate(parts)
    return np.stack([1 - share, share], axis=1).astype(np.float32)


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return (rng.random((1000, 1, 1)) * rng.integers(0, 256, (1000, 8, 8))).astype(np.uint8)


def test_the_canary_does_not_depend_on_blocks(images):
    whole, parts = Chosen(), Chosen()
    whole.add(images)
    for start in range(0, 1000, 300):
        parts.add(images[start : start + 300])
    assert sorted(whole.rows) == sorted(parts.rows) and len(whole.rows) == 256
    assert np.array_equal(images[whole.rows], whole.images)


def test_the_canary_finds_predictions_that_depend_on_the_batch(images):
    chosen = Chosen()
    chosen.add(images)
    labels = brightness_model(images).argmax(axis=1)
    assert check_canary(labels, chosen, brightness_model).verdict == "PASS"
    assert check_canary(np.roll(labels, 1), chosen, brightness_model).verdict == "FAIL"
    sorted_rows = images[np.argsort(images.mean(axis=(1, 2)))]
    chosen = Chosen()
    chosen.add(sorted_rows)
    labels = whole_batch_model(sorted_rows).argmax(axis=1)
    assert check_canary(labels, chosen, whole_batch_model).verdict == "FAIL"
    assert check_canary(labels, chosen, None).verdict == "not applicable"


def test_feeding_tells_which_way_is_better(images):
    def predict(given):
        return brightness_model(given).argmax(axis=1)

    held = Split(images, predict(images))
    found = check_feeding(held, predict(255 - images), {"inverted": predict})
    assert found.verdict == "FAIL" and "100.0% when inverted" in found.value
    assert check_feeding(held, predict(images), {"inverted": lambda i: predict(255 - i)}).verdict == "PASS"
    constant = check_feeding(held, np.full(1000, held.labels.max()) * 0 + (1 - round(held.labels.mean())), {})
    assert constant.verdict == "FAIL" and "by chance" in constant.value
    assert check_feeding(None, None, {}).verdict == "not applicable"


def test_balance_warns_of_a_class_that_is_claimed_too_often():
    confusion = np.full((4, 4), 10) + np.diag([160, 160, 160, 160])
    rng = np.random.default_rng(0)
    assert check_balance(rng.integers(0, 4, 5000), confusion, "test").verdict == "PASS"
    uneven = check_balance(rng.choice(4, 5000, p=[0.4, 0.2, 0.2, 0.2]), confusion, "test")
    assert uneven.verdict == "WARN" and uneven.value.startswith("class 0")
    assert uneven.figures["true_shares"][0] > 0.4
    assert check_balance(np.zeros(9, int), None, "").verdict == "not applicable"


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        (np.random.default_rng(0).integers(0, 10, 10_000), "PASS"),
        (np.sort(np.random.default_rng(0).integers(0, 10, 1000)), "WARN"),
        (np.repeat(np.random.default_rng(0).integers(0, 10, 500), 4), "WARN"),
        (np.concatenate([np.random.default_rng(0).integers(0, 10, 5000), np.zeros(20, int)]), "WARN"),
        (np.tile(np.arange(10), 100), "WARN"),
        (np.zeros(100, int), "not applicable"),
        (np.arange(5), "not applicable"),
    ],
)
def test_order(labels, verdict):
    assert check_order(labels).verdict == verdict


def test_leak_counts_twins(images):
    twins = Twins(images[:500])
    twins.add(images[400:700])
    twins.add(np.minimum(images[:100].astype(int) + 2, 255).astype(np.uint8))
    found = check_leak(twins)
    assert found.verdict == "WARN"
    assert (twins.rows, twins.exact) == (400, 100) and twins.near >= 200
    alone = Twins(np.zeros((1, 8, 8), np.uint8))
    alone.add(np.full((3, 8, 8), 200, np.uint8))
    assert check_leak(alone).verdict == "PASS"
    assert check_leak(None).verdict == "not applicable"


def test_score_and_the_exact_paired_test():
    truth = np.arange(100) % 4
    ours, theirs = truth.copy(), truth.copy()
    ours[:10] = (truth[:10] + 1) % 4
    theirs[5:25] = (truth[5:25] + 1) % 4
    score, against = check_score(ours, truth, 4, theirs)
    assert score.figures["accuracy"] == 0.9
    low, high = score.figures["interval"]
    assert low < 0.9 < high
    assert against.figures["only_here"] == 15 and against.figures["only_there"] == 5
    assert against.figures["p"] == pytest.approx(stats.binomtest(5, 20, 0.5).pvalue)
    assert "this one is better" in against.value
    assert check_score(ours, None, 4)[0].verdict == "not applicable"
