"""Canary, feeding, balance, order, leak, score, and the binomial tail behind them."""

import numpy as np
import pytest
from scipy import stats

from fashion_nn.grading.binomial import upper_bound, upper_tail
from fashion_nn.grading.checks import CHECKS, against, balance, canary, feeding, leak, order, score
from fashion_nn.grading.evidence import Evidence, HeldOut
from fashion_nn.grading.reference import Origin, Reference
from fashion_nn.grading.rows import Chosen, NearDuplicates


def evidence(labels=None, truth=None, **known):
    """What is known of a file with these labels, where no model and no data set is known."""
    rows = len(labels if truth is None else truth) if labels is not None or truth is not None else 1
    reference = Reference(
        test="test.csv",
        rows=rows,
        row_ids=[],
        file_ids=[],
        sample=None,
        origin=Origin(),
        probabilities=None,
        chosen=Chosen(),
        duplicates=None,
        truth=truth,
        sha256={},
    )
    found = Evidence("file.csv", reference)
    vars(found).update(labels=labels, **known)
    return found


@pytest.mark.parametrize("n", [1, 10, 359, 10_000])
@pytest.mark.parametrize("rate", [0.0, 0.002, 0.1, 0.5, 1.0])
def test_the_binomial_tail_is_scipys(n, rate):
    for count in {0, 1, n // 500, n // 10, n // 2, n}:
        assert upper_tail(count, n, rate) == pytest.approx(
            stats.binom.sf(count - 1, n, rate), rel=1e-12, abs=1e-300
        )


@pytest.mark.parametrize(("count", "n"), [(0, 100), (3, 2000), (50, 60)])
def test_the_upper_bound_is_clopper_and_pearsons(count, n):
    assert upper_bound(count, n) == pytest.approx(
        stats.beta.isf(1e-3, count + 1, n - count), rel=1e-12
    )


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
    assert canary.judge(labels, chosen, brightness_model).verdict == "PASS"
    assert canary.judge(np.roll(labels, 1), chosen, brightness_model).verdict == "FAIL"
    sorted_rows = images[np.argsort(images.mean(axis=(1, 2)))]
    chosen = Chosen()
    chosen.add(sorted_rows)
    labels = whole_batch_model(sorted_rows).argmax(axis=1)
    assert canary.judge(labels, chosen, whole_batch_model).verdict == "FAIL"
    assert canary.check(evidence(labels)).verdict == "not applicable"


def test_feeding_tells_which_way_is_better(images):
    def predict(given):
        return brightness_model(given).argmax(axis=1)

    truth = predict(images)
    wrongly_fed = HeldOut(images, truth, predict(255 - images))
    found = feeding.judge(wrongly_fed, {"inverted": predict})
    assert found.verdict == "FAIL" and "100.0% when inverted" in found.value
    rightly_fed = HeldOut(images, truth, truth)
    other = {"inverted": lambda given: predict(255 - given)}
    assert feeding.judge(rightly_fed, other).verdict == "PASS"
    rarest = np.full(1000, 1 - round(truth.mean()))
    constant = feeding.judge(HeldOut(images, truth, rarest), {})
    assert constant.verdict == "FAIL" and "by chance" in constant.value
    assert feeding.check(evidence(truth)).verdict == "not applicable"


def test_balance_warns_of_a_class_that_is_claimed_too_often():
    confusion = np.full((4, 4), 10) + np.diag([160, 160, 160, 160])
    rng = np.random.default_rng(0)
    assert balance.judge(rng.integers(0, 4, 5000), confusion, "test").verdict == "PASS"
    uneven = balance.judge(rng.choice(4, 5000, p=[0.4, 0.2, 0.2, 0.2]), confusion, "test")
    assert uneven.verdict == "WARN" and uneven.value.startswith("class 0")
    assert uneven.figures["true_shares"][0] > 0.4
    assert balance.check(evidence(np.zeros(9, int))).verdict == "not applicable"


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        (np.random.default_rng(0).integers(0, 10, 10_000), "PASS"),
        (np.sort(np.random.default_rng(0).integers(0, 10, 1000)), "WARN"),
        (np.repeat(np.random.default_rng(0).integers(0, 10, 500), 4), "WARN"),
        (
            np.concatenate([np.random.default_rng(0).integers(0, 10, 5000), np.zeros(20, int)]),
            "WARN",
        ),
        (np.tile(np.arange(10), 100), "WARN"),
        (np.zeros(100, int), "not applicable"),
        (np.arange(5), "not applicable"),
    ],
)
def test_order(labels, verdict):
    assert order.judge(labels).verdict == verdict


def test_leak_counts_near_duplicates(images):
    found_rows = NearDuplicates(images[:500])
    found_rows.add(images[400:700])
    found_rows.add(np.minimum(images[:100].astype(int) + 2, 255).astype(np.uint8))
    found = leak.judge(found_rows)
    assert found.verdict == "WARN"
    assert (found_rows.rows, found_rows.exact) == (400, 100) and found_rows.near >= 200
    alone = NearDuplicates(np.zeros((1, 8, 8), np.uint8))
    alone.add(np.full((3, 8, 8), 200, np.uint8))
    assert leak.judge(alone).verdict == "PASS"
    assert leak.check(evidence()).verdict == "not applicable"


def test_score_and_the_exact_paired_test():
    truth = np.arange(100) % 4
    ours, theirs = truth.copy(), truth.copy()
    ours[:10] = (truth[:10] + 1) % 4
    theirs[5:25] = (truth[5:25] + 1) % 4
    known = evidence(ours, truth, classes=4, other_labels=theirs)
    found = score.check(known)
    assert found.figures["accuracy"] == known.score.accuracy == 0.9
    low, high = found.figures["interval"]
    assert low < 0.9 < high
    compared = against.check(known)
    assert compared.figures["only_here"] == 15 and compared.figures["only_there"] == 5
    assert compared.figures["p"] == pytest.approx(stats.binomtest(5, 20, 0.5).pvalue)
    assert "this one is better" in compared.value
    assert score.check(evidence(ours)).verdict == "not applicable"
    assert against.check(evidence(ours, other_labels=theirs)) is None


def test_every_check_says_what_it_lacks_where_nothing_is_known():
    """All but that of the file, which is always there."""
    nothing = evidence()
    found = [check(nothing) for check in CHECKS[1:]]
    assert {each.verdict for each in found if each} == {"not applicable"}
    names = " ".join(each.name for each in found if each)
    assert names == "canary feeding sentinel balance order leak score"
