"""Verdicts, spreads over seeds, and outcomes of criteria, apart from any report."""

import json

import pytest

from fashion_nn.ledger import claims
from fashion_nn.ledger.findings import Outcome, Spread, Verdict, only_for, plain, worst


def test_a_verdict_is_written_as_its_name():
    assert json.dumps({"verdict": Verdict.ROUNDING}) == '{"verdict": "match-rounding"}'
    assert f"{Verdict.NOT_REPRODUCIBLE}" == "not-reproducible"


def test_only_matches_hold():
    assert [verdict for verdict in Verdict if verdict.holds] == ["match", "match-rounding"]


def test_the_worst_verdict_says_most_against_the_claim():
    assert worst([Verdict.MATCH, Verdict.DIFFERS, Verdict.ROUNDING]) == "differs"
    assert worst([Verdict.ROUNDING, Verdict.MATCH]) == "match-rounding"


def test_a_spread_is_rounded_and_has_the_deviation_of_a_sample():
    assert Spread.of([1.0, 2.0, 4.0]) == Spread(2.33333, 1.53, 3)
    assert Spread.of([0.5]) == Spread(0.5, 0.0, 1)


def test_a_measured_value_becomes_plain():
    measured = {"loss": Spread(1.0, 0.5, 2), "ends": (1, 2), "never": None, "words": "none"}
    assert plain(measured) == {
        "loss": {"mean": 1.0, "sd": 0.5, "n": 2},
        "ends": [1, 2],
        "never": None,
        "words": "none",
    }


def test_a_slip_belongs_to_a_statement_that_does_not_hold():
    assert Outcome(True, 1, "why", "slip").finding("command").slip == ""
    finding = Outcome(False, 1, "why", "slip").finding("command")
    assert (finding.verdict, finding.slip, finding.evidence) == ("differs", "slip", "command")


@pytest.mark.parametrize(
    ("words", "verdict"), [("0.9176", "match"), (["0.9176", "more"], "waiting")]
)
def test_a_criterion_is_asked_only_for_the_words_that_it_was_written_for(words, verdict):
    judge = only_for(words, lambda _: Outcome(True, 1, "why").finding())
    assert judge(claims.by_id("001-008")).verdict == verdict
