"""The stored trainings of report 002's four configurations are those of today's recipes, and come
out again.
"""

import pytest

from fashion_nn import datasets, ledger, recipes, training, zoo

RECORD = ledger.trainings("dcn")
NAMES = [name for name in recipes.RECIPES if name.startswith("dcn")]


def test_all_four_are_there_with_every_epoch():
    assert sorted(RECORD.configurations) == sorted(NAMES)
    parameters = zoo.parameters(zoo.build("dcn")).total
    for name in NAMES:
        recipe = recipes.get(name)
        first, *others = RECORD.configurations[name].runs
        assert first.seed == recipe.seed and recipe.seed not in {run.seed for run in others}
        for run in (first, *others):
            assert run.parameters == parameters and run.test_n == 10_000
            assert [row.epoch for row in run.history] == list(range(1, recipe.epochs + 1))
            kept = max(run.history, key=lambda row: row.valid_accuracy)
            assert run.kept_epoch == kept.epoch
            assert not run.commit.endswith("+"), "trained from changed files"


@pytest.mark.slow
def test_a_first_epoch_comes_out_again(real_data, tmp_path):
    name = "dcn-tanh-xavier-adagrad"
    splits = datasets.load("mnist", data_dir=real_data)
    assert splits.fingerprint == RECORD.dataset.fingerprint
    run = training.run(
        recipes.override(recipes.get(name), ["epochs=1"]), splits, tmp_path / "run"
    ).run
    (found,) = run.read_history()
    stored = RECORD.configurations[name].runs[0].history[0]
    # Another processor sums in another order; 844 steps let that grow.
    assert found["val_accuracy"] == pytest.approx(stored.valid_accuracy, abs=0.01)
    assert found["loss"] == pytest.approx(stored.loss, rel=0.1)
