"""Stored results are what a run gives, a protocol resumes after a kill, and trainings delivered as
files are read.
"""

import json

import numpy as np
import pytest

from fashion_nn import ledger
from fashion_nn.errors import InputError
from fashion_nn.ledger import claims, protocols
from fashion_nn.ledger.checks import cross_validation, texts
from fashion_nn.pages.histories import Histories


def same(stored, again):
    """Equal but for what single precision adds up over a training, on another kind of processor
    too.
    """
    if isinstance(stored, dict):
        return stored.keys() == again.keys() and all(
            same(stored[key], again[key]) for key in stored
        )
    if isinstance(stored, int | float) and not isinstance(stored, bool):
        return stored == pytest.approx(again, rel=1e-2, abs=1e-5)
    return stored == again


@pytest.mark.parametrize("name", ledger.PROTOCOLS)
def test_one_cheap_seed_gives_what_is_stored(name, request):
    protocol, found = ledger.PROTOCOLS[name], ledger.stored(name)
    if name not in {"playground", "boundaries"}:
        request.getfixturevalue("real_data")
    assert found.seeds == list(range(protocol.seeds))
    assert set(found.parts) == set(protocol.parts)
    assert all(len(records) == protocol.seeds for records in found.parts.values())
    (again,) = protocol.parts[protocol.cheap](range(1))
    assert same(found.parts[protocol.cheap][0], json.loads(json.dumps(again)))


class Killed(BaseException):
    pass


@pytest.fixture
def small(monkeypatch):
    """A protocol of three parts that counts its work and is killed once in the second."""
    done = []

    def part(name, seeds):
        if name == "b" and "b" not in done:
            done.append("b")
            raise Killed
        done.append(name)
        return [{"value": float(np.pi) * seed} for seed in seeds]

    parts = {name: lambda seeds, name=name: part(name, seeds) for name in "abc"}
    monkeypatch.setitem(
        protocols.PROTOCOLS, "small", protocols.Protocol("small", "a small one", 2, 7, parts, "a")
    )
    return done


def test_a_protocol_goes_on_where_it_was_killed(small, tmp_path):
    assert protocols.estimate(["small"], tmp_path) == 7
    with pytest.raises(Killed):
        protocols.run("small", folder=tmp_path)
    assert not (tmp_path / "small.json").exists()
    seen = []
    found = protocols.run(
        "small", folder=tmp_path, progress=lambda done, total: seen.append((done, total))
    )
    assert small == ["a", "b", "b", "c"]
    assert seen[-1] == (3, 3)
    assert list(found.parts) == ["a", "b", "c"]
    assert json.loads((tmp_path / "small.json").read_text()) == found.model_dump()
    assert [path.name for path in tmp_path.iterdir()] == ["small.json"]
    assert found.parts["a"] == [{"value": 0.0}, {"value": 3.141593}]


def test_other_seeds_or_parts_start_anew(small, tmp_path):
    (tmp_path / "small.partial.json").write_text(
        json.dumps({"protocol": "small", "seeds": [0], "parts": {"a": []}})
    )
    small.append("b")
    assert len(protocols.run("small", folder=tmp_path).parts["a"]) == 2


def test_an_unknown_protocol_and_a_broken_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="protocol 'x': expected one of"):
        protocols.run("x")
    (tmp_path / "small.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        protocols.stored("small", tmp_path)


def test_the_protocols_behind_claims_are_found():
    assert ledger.protocols_behind(ledger.select(["001"])) == []
    assert ledger.protocols_behind(ledger.select(["004", "000-011"])) == [
        "bad-initialisation",
        "squared-error",
    ]
    assert ledger.protocols_behind(ledger.select(["003-001"])) == ["playground"]


def test_without_results_a_claim_waits(monkeypatch):
    monkeypatch.setattr(protocols, "stored", lambda name, *folder: None)
    monkeypatch.setattr(protocols, "trainings", lambda name: None)
    monkeypatch.setattr(cross_validation, "measured", dict)
    for entry in ledger.judge(
        ledger.select(["000-011", "002-012", "003-001", "003-006", "003-152", "003-157"])
    ):
        assert entry.finding.verdict == "waiting"
        assert "needs" in entry.finding.why


def _history(losses, accuracies):
    rows = zip(losses, accuracies, strict=True)
    return [
        {
            "epoch": number,
            "loss": loss,
            "train_accuracy": accuracy,
            "valid_accuracy": accuracy,
            "valid_loss": loss,
        }
        for number, (loss, accuracy) in enumerate(rows, start=1)
    ]


@pytest.fixture
def dcn(monkeypatch):
    """Curves of the four configurations that the report's words describe, three seeds each."""
    curves = {
        "tanh-xavier-adagrad": ([0.3, 0.03, 0.02], [0.97, 0.985, 0.99]),
        "relu-xavier-adam": ([0.3, 0.08, 0.075], [0.96, 0.975, 0.983]),
        "sigmoid-he-sgd": ([0.35, 0.09, 0.07], [0.95, 0.97, 0.982]),
        "leaky-relu-he-adam": ([1.6, 0.9, 0.3], [0.80, 0.92, 0.97]),
    }
    found = {
        "command": "fashion-nn compare",
        "configurations": {},
        "dataset": {"name": "mnist"},
    }
    for name, (losses, accuracies) in curves.items():
        runs = [
            {
                "seed": seed,
                "history": _history(losses, accuracies),
                "kept_epoch": 1,
                "test_accuracy": accuracies[-1] + 1e-4 * seed,
                "test_loss": losses[-1] + 1e-4 * seed,
            }
            for seed in range(3)
        ]
        found["configurations"][f"dcn-{name}"] = {"runs": runs}
    monkeypatch.setattr(
        protocols,
        "trainings",
        lambda name: Histories.model_validate(found) if name == "dcn" else None,
    )
    return found


def test_the_ranking_of_the_convolutional_network_is_read_from_its_file(dcn):
    verdicts = {
        entry.claim.id: entry.finding.verdict for entry in ledger.judge(ledger.select(["002"]))
    }
    for number in (35, 36, 37, 40, 41, 42, 49, 50):
        assert verdicts[f"002-0{number}"] == "match", number
    best = dcn["configurations"]["dcn-leaky-relu-he-adam"]["runs"]
    for run in best:
        run |= {"test_accuracy": 0.999, "test_loss": 0.001}
    again = {
        entry.claim.id: entry.finding.verdict
        for entry in ledger.judge(ledger.select(["002-035", "002-040", "002-045"]))
    }
    assert set(again.values()) == {"differs"}


def test_one_seed_of_the_convolutional_network_is_no_evidence(dcn):
    for configuration in dcn["configurations"].values():
        del configuration["runs"][2:]
    for entry in ledger.judge(ledger.select(["002-026", "002-035", "002-041"])):
        assert entry.finding.verdict == "waiting"
        assert "needs 3 seeds" in entry.finding.why


def test_three_accuracies_need_three_configurations(dcn):
    """97.84, 98.37 and 99.05 are printed without their names."""
    ends = {
        "tanh-xavier-adagrad": 0.9905,
        "relu-xavier-adam": 0.9837,
        "leaky-relu-he-adam": 0.9784,
        "sigmoid-he-sgd": 0.933,
    }
    for name, end in ends.items():
        for seed, one in enumerate(dcn["configurations"][f"dcn-{name}"]["runs"]):
            one["test_accuracy"] = end + 1e-4 * seed

    def verdict():
        return ledger.judge(ledger.select(["002-028"]))[0].finding.verdict

    assert verdict() == "match"
    for seed, one in enumerate(dcn["configurations"]["dcn-leaky-relu-he-adam"]["runs"]):
        one["test_accuracy"] = 0.9905 + 1e-4 * seed
    assert verdict() == "differs"


def test_fold_scores_are_compared_once_they_are_there(monkeypatch):
    def folds(accuracy, seconds):
        accuracies = [accuracy + 1e-4 * fold for fold in range(5)]
        return {"folds": {"accuracy": accuracies, "fit_seconds": [seconds] * 5}}

    points = [
        {"components": size, **folds(0.4 + 0.07 * number, 5.0)}
        for number, size in enumerate((2, 5, 10, 25, 50, 100))
    ]
    points[-2:] = [
        {"components": 50, **folds(0.83, 10.0)},
        {"components": 100, **folds(0.842, 20.0)},
    ]
    points.append({"components": None, **folds(0.8517, 60.0)})
    studies = {"pca-logreg": points[:-1], "logreg": points[-1:]}
    found = {name: {"cross_validation": {"points": part}} for name, part in studies.items()}
    monkeypatch.setattr(cross_validation, "measured", lambda: found)
    chosen = ledger.select(["003-151", "003-155"])
    assert [entry.finding.verdict for entry in ledger.judge(chosen)] == ["match"] * 2

    def fold():
        return ledger.judge([claims.by_id("003-157")])[0].finding.verdict

    assert fold() == "not-reproducible"  # the printed folds are of another file
    monkeypatch.setattr(texts, "fold_sizes", lambda: [12_000] * 5)
    assert fold() == "match"
    points[-1]["folds"]["accuracy"] = [0.80] * 5
    assert fold() == "differs"


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ([0.8725, 0.874, 0.8755], "match"),
        ([0.9, 0.9001, 0.9002], "differs"),
        ([0.86, 0.9, 0.94], "match"),
    ],
)
def test_over_seeds_the_scatter_widens_the_band(monkeypatch, accuracies, verdict):
    runs = [
        {"seed": i, "history": _history([0.4], [each]), "kept_epoch": 1}
        for i, each in enumerate(accuracies)
    ]
    stored = {
        "configurations": {"mlp": {"runs": runs}},
        "dataset": {"name": "fashion_mnist"},
        "command": "fashion-nn compare",
    }
    monkeypatch.setattr(
        protocols,
        "trainings",
        lambda name: Histories.model_validate(stored) if name == "mlp" else None,
    )
    (entry,) = ledger.judge(ledger.select(["003-117"]))  # 87.4
    assert entry.finding.verdict == verdict
    assert entry.finding.measured["n"] == 3
    assert entry.finding.measured["mean"] == pytest.approx(100 * sum(accuracies) / 3, abs=1e-3)
