"""Oracles are made again from what was recorded: wherever a search is cut, it goes on as if it had
not been.
"""

import hashlib
import json

import pytest

from fashion_nn import recipes
from fashion_nn.runs import TrialRecord
from fashion_nn.tuning import oracle as oracles
from fashion_nn.tuning import space
from fashion_nn.tuning.oracle import ALGORITHMS, Finished, Idle, Oracle, Proposal, events

EPOCHS = 9
# Few parameters, so that the surrogate begins after four trials; one is a range, one conditional.
ONLY = ("learning_rate", "optimizer", "momentum", "augment.flip")


def fresh(algorithm, seed=1):
    parameters = space.space(recipes.get("mlp"), only=ONLY, grid=algorithm == "grid")
    return Oracle(algorithm, parameters, "val_accuracy", EPOCHS, seed)


def chance(what):
    """A number in 0..1 from the content of `what` alone."""
    return (
        int.from_bytes(hashlib.sha256(json.dumps(what, sort_keys=True).encode()).digest()[:4])
        / 2**32
    )


def outcome(trial):
    """Status and score; one in six fails."""
    if chance([trial.order, "fails"]) < 1 / 6:
        return "failed", None
    return "completed", round(chance([trial.values, trial.to_json()["tuner"]]), 3)


def record_of(proposal, ended):
    """The record of a trial that was created after this number of trials had ended."""
    return TrialRecord(
        id=f"{proposal.order:04d}",
        order=proposal.order,
        created_after=ended,
        values=proposal.values,
        seed=0,
        epochs=EPOCHS,
        thresholds={},
        threads=1,
        status="running",
        score=None,
        started="2025-01-01T12:00:00+00:00",
        ended=None,
        ended_order=None,
        oracle_was_idle=False,
        history=[],
        hyperband=proposal.hyperband,
    )


class Simulation:
    """A search without trainings: trials end in an order that their numbers decide. `cuts` has its
    records after each event, as a kill would leave them.
    """

    def __init__(self, oracle, slots, trials, records=()):
        self.oracle, self.slots, self.trials = oracle, slots, trials
        self.records, self.cuts, self.vain = list(records), [], False

    def running(self):
        return [record for record in self.records if record.ended_order is None]

    def run(self, most_events=10**9):
        while most_events > 0:
            while (
                len(self.running()) < self.slots
                and len(self.records) < self.trials
                and not self.vain
            ):
                proposal = self.oracle.ask()
                if isinstance(proposal, Finished):
                    break
                if isinstance(proposal, Idle):
                    self.vain = True
                    break
                ended = len(self.records) - len(self.running())
                self.records.append(record_of(proposal, ended))
                self.cuts.append(list(self.records))
                most_events -= 1
            if not self.running():
                return self
            # The end of a trial depends on its number and, in a real search, on nothing that a kill
            # would change.
            record = min(self.running(), key=lambda r: r.order + 3 * chance(r.order))
            status, score = outcome(record)
            end = {
                "ended_order": len(self.records) - len(self.running()),
                "oracle_was_idle": self.vain,
            }
            self.records[record.order] = record.model_copy(
                update={"status": status, "score": score, **end}
            )
            self.vain = False
            self.cuts.append(list(self.records))
            most_events -= 1
            self.oracle.tell(record.order, score)
        return self


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_cut_after_any_event_the_values_are_the_same(algorithm, slots):
    trials = {"bayesian": 7, "hyperband": oracles.sweep(EPOCHS) + 3}.get(algorithm, 12)
    whole = Simulation(fresh(algorithm), slots, trials).run()
    assert len(whole.records) == trials
    # The surrogate takes its time; by induction the next events after each cut are enough.
    more = 2 if algorithm == "bayesian" else 10**9
    for cut in whole.cuts:
        again = fresh(algorithm)
        again.replay(list(events(cut)))
        continued = Simulation(again, slots, trials, cut).run(more)
        known = whole.records[: len(continued.records)]
        assert [(r.values, r.hyperband) for r in continued.records] == [
            (r.values, r.hyperband) for r in known
        ]


def small(algorithm):
    """An oracle of a space of eight settings."""
    parameters = space.space(
        recipes.get("mlp"), only=["nesterov", "augment.shift_pixels"], grid=algorithm == "grid"
    )
    return Oracle(algorithm, parameters, "val_accuracy", 3, seed=4)


@pytest.mark.parametrize("algorithm", ["random", "hyperband", "grid"])
def test_a_search_that_ends_by_itself_is_the_same_after_any_cut(algorithm):
    """Duplicates run out, and a parallel search is told to wait."""
    most = 15
    whole = Simulation(small(algorithm), 3, most).run()
    assert len(whole.records) < most
    for cut in whole.cuts:
        again = small(algorithm)
        again.replay(list(events(cut)))
        continued = Simulation(again, 3, most, cut).run()
        assert [r.values for r in continued.records] == [r.values for r in whole.records]


def test_a_bayesian_search_of_a_small_space_is_the_same_after_any_cut():
    """It ends where nothing is left to try; by induction two events after each cut are enough."""
    whole = Simulation(small("bayesian"), 3, 15).run()
    tried = [json.dumps(record.values, sort_keys=True) for record in whole.records]
    assert len(set(tried)) == len(tried) < 15
    for cut in whole.cuts:
        again = small("bayesian")
        again.replay(list(events(cut)))
        continued = Simulation(again, 3, 15, cut).run(2)
        assert len(continued.records) >= len(cut)
        known = whole.records[: len(continued.records)]
        assert [r.values for r in continued.records] == [r.values for r in known]


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband"])
def test_the_seed_decides_and_zero_is_one_too(algorithm):
    first = [fresh(algorithm, seed=0).ask().values for _ in range(2)]
    assert first[0] == first[1] != fresh(algorithm, seed=1).ask().values


def test_hyperband_goes_on_with_the_best_of_a_round_and_knows_whom_it_may_still_want():
    oracle = fresh("hyperband")
    scores, told, wanted = {}, [], set()
    for _ in range(oracles.sweep(EPOCHS)):
        proposal = oracle.ask()
        place = proposal.hyperband
        if place.start_from is not None:
            assert place.start_from in wanted
            assert place.initial_epoch < place.epochs <= EPOCHS
            assert told[int(place.start_from)].values == proposal.values
        told.append(proposal)
        scores[proposal.order] = chance(proposal.values)
        oracle.tell(proposal.order, scores[proposal.order])
        wanted = oracle.may_be_promoted()
    assert max(proposal.hyperband.epochs for proposal in told) == EPOCHS
    brackets = [proposal.hyperband.bracket for proposal in told]
    assert brackets == sorted(brackets, reverse=True) and brackets[-1] == 0
    assert oracle.ask().hyperband.bracket == max(brackets), "a sweep is over, the next begins"
    first = [proposal for proposal in told if proposal.hyperband.bracket == max(brackets)]
    promoted = [int(p.hyperband.start_from) for p in first if p.hyperband.round == 1]
    beginners = [p.order for p in first if p.hyperband.round == 0]
    assert sorted(promoted, key=scores.get) == sorted(beginners, key=scores.get)[-len(promoted) :]


def test_failures_teach_the_surrogate_to_keep_away():
    oracle = fresh("bayesian")
    for _ in range(4):
        proposal = oracle.ask()
        oracle.tell(proposal.order, 0.5 + 0.1 * proposal.order)
    failed = oracle.ask()
    oracle.tell(failed.order, None)
    assert oracle._tuner.scores()[failed.order] == 0.5


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_many_failures_do_not_end_a_search(algorithm):
    oracle = fresh(algorithm)
    for _ in range(8):
        proposal = oracle.ask()
        oracle.tell(proposal.order, None)
    assert isinstance(oracle.ask(), Proposal)


def test_an_oracle_without_a_proposal_says_whether_to_wait():
    """Of eight settings all are proposed; then it is idle while one of them runs, and finished
    after that.
    """
    oracle = small("grid")
    orders = []
    while isinstance(answer := oracle.ask(), Proposal):
        orders.append(answer.order)
        if len(orders) > 1:
            oracle.tell(answer.order, 0.5)
    assert len(orders) == 8 and answer == Idle()
    oracle.tell(orders[0], 0.5)
    assert oracle.ask() == Finished()
