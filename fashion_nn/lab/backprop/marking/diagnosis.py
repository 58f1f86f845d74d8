"""Find the error behind a wrong term: hypotheses are recomputed and compared with the answer.

`find` asks the explanations in `LIKELY`, and then those in `UNLIKELY`, which fit by chance more
easily. It gives all findings that explain the answer equally well, because the next terms may tell
them apart. A further explanation is a function and a line there.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.case import (
    Candidate,
    Case,
    Explanation,
    Finding,
    best,
    findings,
)
from fashion_nn.lab.backprop.marking.copying import miscopied
from fashion_nn.lab.backprop.marking.errors import COMMON, UPDATES, ErrorKind
from fashion_nn.lab.backprop.marking.numbers import (
    SURE_MISPRINT,
    misplaced,
    misprint,
    rounded_on_the_way,
    rounded_result,
    rounded_to_nothing,
)
from fashion_nn.lab.backprop.marking.precision import ENOUGH, digits
from fashion_nn.lab.backprop.marking.rare_errors import RARE, RARE_IN_HIDDEN
from fashion_nn.lab.backprop.sheet import Sheet, Term


def find(case: Case) -> list[Finding]:
    """What explains the first wrong entry, the likeliest first; nothing if it is wrong only because
    of rounding on the way to it.
    """
    found = _all(case, LIKELY)
    if found or case.near[case.entry]:
        return found
    unknown = Finding(None, "no known error explains it", case.term, case.wrong)
    return _all(case, UNLIKELY) or [unknown]


def _all(case: Case, explanations: Iterable[Explanation]) -> list[Finding]:
    return best([finding for explain in explanations for finding in explain(case)])


def misshapen(case: Case) -> Finding:
    """The error behind an answer of another shape than the term's."""
    right = case.sheets[0].compute(case.term)
    answer = case.answer
    shapes = f"{_times(answer.shape)} in place of {_times(right.shape)}"
    if answer.shape == right.shape[::-1]:
        for value in (right, case.right[case.term]):
            if (digits(answer.T, value) >= ENOUGH).all():
                return Finding(
                    "transposed or wrong weight", f"transposed: {shapes}", case.term, case.wrong
                )
    return Finding("wrong shape", shapes, case.term, case.wrong)


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "one number"


# --- Candidates


def _here(case: Case, kinds: Iterable[ErrorKind]) -> Iterator[Candidate]:
    """Errors made in the term of the case."""
    for kind in kinds:
        for sheet in case.sheets:
            for detail, value in kind.hypotheses(sheet, case.term):
                yield Candidate(kind.name, detail, case.term, value, sheet)


def _sign_lost_too(case: Case) -> Iterator[Candidate]:
    for candidate in _here(case, COMMON):
        yield replace(candidate, cause=f"{candidate.cause}, sign lost", value=-candidate.value)


def _not_updated(case: Case) -> Iterator[Candidate]:
    if case.term.key in UPDATES:
        old = case.right.parameter(case.term)
        if (abs(case.answer - old) <= 1e-12)[case.wrong].all():
            detail = "not updated: the value before the step"
            yield Candidate("wrong step", detail, case.term, old, case.sheets[0])


def _miscopied(case: Case) -> Iterator[Candidate]:
    for sheet in case.sheets:
        for copied in miscopied(sheet, case.term, case.entry):
            yield Candidate(
                copied.cause,
                copied.detail,
                case.term,
                copied.value,
                sheet,
                exercise=copied.exercise,
            )


def _earlier(case: Case, kinds: Iterable[ErrorKind]) -> Iterator[Candidate]:
    """Errors made in a hidden term, with the hidden terms after it computed from what the error
    gives.
    """
    sheet = case.sheets[0]
    for made_in in case.hidden:
        for kind in kinds:
            for detail, value in kind.hypotheses(sheet, made_in):
                if value.shape == sheet[made_in].shape:
                    carried = _carried(case, made_in, value)
                    yield Candidate(kind.name, detail, made_in, carried, sheet, {made_in: value})


def _carried(case: Case, made_in: Term, value: Array) -> Array:
    after = case.sheets[0].copy()
    after[made_in] = value
    for term in reversed(case.hidden[: case.hidden.index(made_in)]):
        after[term] = after.compute(term)
    return after.compute(case.term)


def _throughout(case: Case) -> Iterator[Candidate]:
    """The same error in every hidden term of a key, such as a transposed weight in each net."""
    by_key: dict[str, list[Term]] = {}
    for term in reversed(case.hidden):
        by_key.setdefault(term.key, []).append(term)
    base = case.sheets[0]
    for kind in COMMON:
        for terms in by_key.values():
            if len(terms) == 1:
                continue
            for detail in _unnumbered(kind, base, terms[0]):
                sheet = base.copy()
                for term in reversed(case.hidden):
                    sheet[term] = sheet.compute(term)
                    if term in terms:
                        sheet[term] = _unnumbered(kind, sheet, term).get(detail, sheet[term])
                made = {term: sheet[term] for term in terms}
                text = f"{detail}, in every layer"
                value = sheet.compute(case.term)
                yield Candidate(kind.name, text, terms[0], value, base, made)


def _unnumbered(kind: ErrorKind, sheet: Sheet, term: Term) -> dict[str, Array]:
    """The hypotheses by their detail without the number of the layer."""
    return {re.sub(r"\[\d+\]", "", detail): value for detail, value in kind.hypotheses(sheet, term)}


# --- Explanations


def _hidden_error_to_nine_digits(case: Case) -> list[Finding]:
    """An error in a hidden term has to explain a long answer to nine digits: rounding cannot."""
    return findings(case, _earlier(case, COMMON), case.fit_to(9)) if case.is_long else []


LIKELY: Sequence[Explanation] = (
    lambda case: findings(case, _not_updated(case)),
    # An answer with two digits right is rounded before it is anything else.
    lambda case: rounded_result(case, least=2),
    lambda case: findings(case, _here(case, COMMON)),
    _hidden_error_to_nine_digits,
    lambda case: misprint(case, least=SURE_MISPRINT),
    lambda case: findings(case, _miscopied(case)),
)
UNLIKELY: Sequence[Explanation] = (
    lambda case: rounded_result(case, least=1),
    rounded_on_the_way,
    lambda case: findings(case, _here(case, COMMON), case.nearly_fit),
    misprint,
    lambda case: findings(case, _earlier(case, COMMON)),
    lambda case: findings(case, _throughout(case)),
    lambda case: findings(case, _sign_lost_too(case)),
    lambda case: findings(case, _here(case, RARE)),
    lambda case: findings(case, _earlier(case, RARE_IN_HIDDEN)),
    misplaced,
    lambda case: findings(case, _here(case, COMMON), case.fit_to(2)),
    rounded_to_nothing,
)
