"""The ledger: every claim has a verdict, and it follows from what is quoted."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from fashion_nn import ledger
from fashion_nn.errors import InputError
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.checks import texts
from fashion_nn.ledger.quotations import PrintedNumber


@pytest.fixture(scope="module")
def entries():
    return {entry.claim.id: entry for entry in ledger.judge(ledger.load())}


def judged(id, quoted):
    """The verdict on a claim that quotes something else."""
    (entry,) = ledger.judge([replace(claims.by_id(id), quoted=quoted)])
    return entry.finding.verdict


def test_every_claim_has_a_check_and_a_verdict(entries):
    assert set(entries) == {claim.id for claim in ledger.load()} == set(ledger.all_checks())
    for entry in entries.values():
        values = entry.to_json()
        assert values["verdict"] in ledger.VERDICTS
        measured = values["verdict"] not in {"not-reproducible", "waiting"}
        assert bool(values["evidence"]) >= measured, values["id"]
        assert "fashion-nn reproduce" not in values["evidence"], values["id"]


def test_what_has_no_figure_says_why(entries):
    found = [entry.to_json() for entry in entries.values()]
    without = [values for values in found if values["verdict"] in {"not-reproducible", "waiting"}]
    assert without
    assert [values["id"] for values in without if not values["why"]] == []


def test_no_claim_is_without_a_measured_value_unless_it_cannot_be_measured(entries):
    for entry in entries.values():
        if entry.finding.verdict in {"match", "match-rounding", "differs"}:
            assert entry.finding.measured is not None, entry.claim.id


EXACT = [
    claim.id
    for claim in ledger.load()
    if claim.report in {"001", "004"}
    and quotations.read(claim.quoted)
    and not re.search(r"[a-z]{6}|sigma|tanh|softmax|x1|z_2|b2|\[\[|s_i|E =|\^|of 0", claim.quoted)
]


def _changed(quoted):
    """The quotation with the last of its figures moved by a hundred units of its last digit."""
    found = list(quotations.NUMBER.finditer(quoted))[-1]
    decimals = len(found.group().partition(".")[2])
    value = float(found.group().replace(",", "")) + 100 * 10.0**-decimals
    return quoted[: found.start()] + f"{value:.{decimals}f}" + quoted[found.end() :]


@pytest.mark.parametrize("id", EXACT)
def test_changing_a_quoted_figure_changes_the_verdict(id, entries):
    before = entries[id].finding
    after = ledger.judge([replace(claims.by_id(id), quoted=_changed(claims.by_id(id).quoted))])[
        0
    ].finding
    if before.verdict in {"match", "match-rounding"}:
        assert after.verdict in {"differs", "waiting"}
    else:  # what differs for one reason may differ for another
        assert after.verdict == "differs"


def test_many_claims_are_held_to_their_figure():
    assert len(EXACT) > 85


@pytest.mark.parametrize(
    ("id", "quoted"),
    [
        ("001-005", "w12w31 + w22w32"),
        ("001-008", "0.8176"),
        ("001-023", "-0.09567 (label)"),
        ("001-024", "-0.09606 (label) / 0.09606 (value, printed beside wbar_11)"),
        ("001-035", "-0.9904"),
        ("001-037", "-1.499284"),
        ("001-044", "sigma(z)(1-sigma(z))"),
        ("001-059", "-0.0000271"),
        ("004-052", "(1 - tanh^2(z))"),
        ("004-050", "[[0,0],[0,0],[0,0]]"),
        (
            "000-021",
            (
                "Figures 4 and 5 show the training error and validation loss during the training"
                " with noise"
            ),
        ),
        ("003-031", "tables: Hidden Layers 2; text: 2 hidden layers and 5 neurons in each"),
        (
            "003-130",
            "10 percent validation set (MLP, CNN v1); later: .1 val data taken out of this round",
        ),
        ("003-134", "The size of the conv filter applied in the first layer is 3"),
        ("003-154", "The results seen in Figure 13"),
        ("003-179", "... * e^z/(1+e^z) * (1 - e^z/(1+e^z)) * w6 * x1"),
    ],
)
def test_what_differs_would_match_if_the_right_thing_were_printed(id, quoted, entries):
    assert entries[id].finding.verdict == "differs"
    assert judged(id, quoted) == "match"


def test_statistical_figures_are_held_too(entries):
    assert entries["003-004"].finding.verdict == "match"
    assert judged("003-004", "0.317 / 0.351") == "differs"
    assert (
        judged(
            "000-011",
            "By around 100 iterations, the training loss has already been reduced to near zero",
        )
        == "differs"
    )
    assert judged("000-015", "Each model was run 7 times each") == "differs"
    assert judged("003-117", "96.7") == "differs"
    assert judged("003-047", "(None, 256) 200961") == "differs"
    assert judged("003-107", "244,592") == "differs"


def test_a_statement_in_other_words_has_no_criterion():
    assert judged("003-041", "Sigmoid always converged quicker than Relu") == "waiting"


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("001-017", "multiplied by the bias"),
        ("001-024", "this is wbar_j2"),
        ("001-008", "0.9176 for 0.8176"),
        ("001-033", "the gradient in the line, -0.0784"),
        ("001-038", "the printed wbar_21, 0.02448"),
        ("001-040", "2.9499 for 2.9999"),
        ("001-041", "2.5 (the old b_2)"),
        ("001-059", "ybar there"),
        ("001-005", "w21 in place of w22"),
        ("002-005", "1/N is missing"),
        ("003-006", "exchanged"),
        ("003-022", "after 28, not 300"),
        ("003-020", "not 0.01 but 0.001"),
    ],
)
def test_slips_are_named(id, says, entries):
    assert says in str(entries[id].finding.slip)


def test_the_tolerance_is_the_rounding_of_what_is_printed():
    assert [PrintedNumber(0.15, 0.01).against(value) for value in (0.154, 0.157, 0.161)] == [
        "match",
        "match-rounding",
        "differs",
    ]
    assert PrintedNumber(2.0, 0.0).against(2.00001) == "differs"
    assert quotations.read("1,922,058 and -0.40 of w12, (0.8176)") == [
        PrintedNumber(1922058, 0),
        PrintedNumber(-0.4, 0.01),
        PrintedNumber(0.8176, 1e-4),
    ]
    assert quotations.read("0.2", digits=6) == [PrintedNumber(0.2, 1e-6)]


def test_a_score_of_a_fold_is_one_fraction():
    assert texts.fraction("0.85170374") == texts.Fraction(10223, 12003)
    assert texts.fraction("0.8551546") == texts.Fraction(10261, 11999)
    assert texts.fraction("0.85170000") is None
    assert judged("003-157", "0.85170000") == "differs"


REMOVED = {"003": {170}}
"""Numbers of claims that were withdrawn; they are never used again."""


def test_each_claim_is_counted_once_for_its_report(entries):
    counts = ledger.summary(list(entries.values()))
    assert sum(counts["all"].values()) == len(ledger.load())
    for report in ledger.reports():
        chosen = ledger.select([report])
        assert sum(counts[report].values()) == len(chosen)
        numbers = [int(claim.id.removeprefix(f"{report}-")) for claim in chosen]
        removed = REMOVED.get(report, set())
        assert numbers == sorted(set(range(1, len(chosen) + len(removed) + 1)) - removed)


def test_ten_slips_are_shown_of_claims_that_differ(entries):
    shown = ledger.slips(list(entries.values()))
    assert len(shown) == 10
    assert all(entry.finding.verdict == "differs" for entry in shown)


def test_each_claim_is_about_a_system_of_its_report():
    systems = claims.systems()
    for claim in ledger.load():
        first = re.match(r"S\d+-\d+", claim.system)[
            0
        ]  # a claim about several is of S003-5,9 or S003-1..4
        assert systems[first].report == claim.report


def test_checks_that_build_no_models_load_no_tensorflow():
    code = """
import sys
from fashion_nn import ledger
ledger.judge([claim for claim in ledger.load() if not ledger.builds_models([claim])])
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_layer_tables_build_models():
    assert ledger.builds_models(ledger.select(["001-001", "003-107"]))
    assert not ledger.builds_models(ledger.select(["001", "003-117"]))


def test_claims_are_chosen_by_id_report_or_system():
    assert [claim.id for claim in ledger.select(["004-002", "001-001"])] == ["001-001", "004-002"]
    assert {claim.report for claim in ledger.select(["report-004"])} == {"004"}
    assert {claim.system for claim in ledger.select(["S004-2"])} == {"S004-2"}
    assert ledger.select([]) == list(ledger.load())
    with pytest.raises(InputError, match="unknown claim or report '009'"):
        ledger.select(["009"])
