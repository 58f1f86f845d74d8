"""Verdicts, spreads over seeds, and outcomes of criteria, apart from any report."""

import json

import pytest

from fashion_nn.ledger import claims
from fashion_nn.ledger.findings import (
    MEANINGS,
    Check,
    Outcome,
    Slip,
    Spread,
    Verdict,
    adopted,
    joined,
    only_for,
    plain,
    worst,
)


def test_a_verdict_is_written_as_its_name():
    assert json.dumps({"verdict": Verdict.ROUNDING}) == '{"verdict": "match-rounding"}'
    assert f"{Verdict.NOT_REPRODUCIBLE}" == "not-reproducible"


def test_each_verdict_has_a_meaning():
    assert list(MEANINGS) == list(Verdict)


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
    slip = Slip("sign lost", shown=True)
    assert Outcome(True, 1, "criterion", "turns", slip=slip).finding("command").slip is None
    finding = Outcome(False, 1, "criterion", "turns", slip=slip).finding("command")
    assert (finding.verdict, finding.slip, finding.evidence) == ("differs", slip, "command")
    assert Outcome(None, 1, "criterion", "turns").finding().verdict == "not-told-apart"


def test_what_is_not_computed_is_called_a_guess():
    shown, guess = Slip("sign lost", shown=True), Slip("another run")
    assert (str(shown), str(guess)) == ("sign lost", "a guess: another run")
    assert str(joined([shown, None, guess])) == "a guess: sign lost; another run"
    assert joined([shown, shown]) == shown
    assert joined([None]) is None


def test_what_was_adopted_is_no_evidence():
    def judged(answer):
        check = Check(lambda _: Outcome(answer, 1, "criterion", "turns").finding())
        return adopted(check).judge(claims.by_id("001-008")).verdict

    assert (judged(True), judged(False)) == ("adopted", "differs")


@pytest.mark.parametrize(
    ("words", "verdict"), [("0.9176", "match"), (["0.9176", "more"], "waiting")]
)
def test_a_criterion_is_asked_only_for_the_words_that_it_was_written_for(words, verdict):
    judge = only_for(words, lambda _: Outcome(True, 1, "criterion", "turns").finding())
    assert judge(claims.by_id("001-008")).verdict == verdict
