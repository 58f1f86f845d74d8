"""What a check is, and what it finds: a computed verdict, the measured value, and the command that
shows it.

A check turns a claim into a `Finding`. A statement in words is held to a `Criterion` (see
`criteria`), which gives an `Outcome`; the functions of `checks` add the source of the measurement
and the evidence. To add a kind of verdict, add a member to `Verdict` and say there whether a claim
with it holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Self

from fashion_nn.core.strict_json import Json
from fashion_nn.ledger.claims import Claim
from fashion_nn.measures import mean_sd


class Verdict(StrEnum):
    """The verdicts in the order of the pages' columns; of the first three, the later says more
    against a claim.
    """

    MATCH = "match"
    ROUNDING = "match-rounding"
    DIFFERS = "differs"
    NOT_TOLD_APART = "not-told-apart"
    ADOPTED = "adopted"
    NOTHING_PRINTED = "nothing-printed"
    NOT_REPRODUCIBLE = "not-reproducible"
    WAITING = "waiting"

    @property
    def holds(self) -> bool:
        """Whether a claim with this verdict holds."""
        return self in (Verdict.MATCH, Verdict.ROUNDING)


VERDICTS = tuple(Verdict)
MEANINGS: Mapping[Verdict, str] = {
    Verdict.MATCH: "the claim holds",
    Verdict.ROUNDING: "it holds but for the last printed digit",
    Verdict.DIFFERS: "it does not hold",
    Verdict.NOT_TOLD_APART: "the seeds scatter more than what is compared differs",
    Verdict.ADOPTED: "our experiment was made from the sentence, so agreement says nothing",
    Verdict.NOTHING_PRINTED: "we have a value, and the report prints none",
    Verdict.NOT_REPRODUCIBLE: "it cannot be measured, for the reason given",
    Verdict.WAITING: "a measurement is missing, which is named",
}


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (with n - 1; 0 for n = 1) of n numbers.

    The mean is rounded to six significant digits and the deviation to three.
    """

    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        mean, sd = mean_sd(values)
        return cls(float(f"{mean:.6g}"), float(f"{sd:.3g}"), len(values))


Measured = (
    Spread | None | bool | int | float | str | Sequence["Measured"] | Mapping[str, "Measured"]
)
"""A measured value: a number, words, a spread over seeds, or a list or mapping of these."""


def plain(measured: Measured) -> Json:
    """The measured value as JSON has it; a spread becomes {"mean", "sd", "n"}."""
    if isinstance(measured, Spread):
        return asdict(measured)
    if isinstance(measured, Mapping):
        return {key: plain(value) for key, value in measured.items()}
    if isinstance(measured, Sequence) and not isinstance(measured, str):
        return [plain(value) for value in measured]
    return measured


@dataclass(frozen=True)
class Slip:
    """An explanation of what went wrong in a report.

    Attributes:
        words: the explanation.
        shown: whether it was computed, and gives what is printed; otherwise it is a guess.
        gives: the number that the explanation gives, if it is about one number.
    """

    words: str
    shown: bool = False
    gives: float | None = None

    def __str__(self) -> str:
        return self.words if self.shown else f"a guess: {self.words}"


def joined(slips: Iterable[Slip | None]) -> Slip | None:
    """Several explanations as one, which is a guess if one of them is; None for none."""
    found = list(dict.fromkeys(slip for slip in slips if slip is not None))
    if len(found) < 2:
        return found[0] if found else None
    words = "; ".join(slip.words for slip in found)
    return Slip(words, all(slip.shown for slip in found))


@dataclass(frozen=True)
class Finding:
    """What a check finds.

    Attributes:
        verdict: whether the claim holds.
        measured: our value, as JSON has it.
        why: the reason in words; for `differs`, what is right.
        slip: what went wrong in the report.
        evidence: the command that measures, or where else it can be seen; empty if nothing is
            measured.
        criterion: what the claim is held to.
        turns: the result at which the verdict turns.
        n: number of values that are compared; 0 if nothing is.
        seeds: number of trainings of each network with another seed; 0 if nothing is trained.
    """

    verdict: Verdict
    measured: Json
    why: str = ""
    slip: Slip | None = None
    evidence: str = ""
    criterion: str = ""
    turns: str = ""
    n: int = 0
    seeds: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a criterion says about a statement.

    Attributes:
        answer: whether the statement meets the criterion; None if the measurement does not tell.
        measured: the value that decides.
        criterion: the criterion, in words.
        turns: the result at which the verdict turns.
        why: more about the measured value, in words.
        slip: what went wrong in the report, if the statement does not hold.
        n: number of values that are compared.
        seeds: number of seeds; 0 if nothing is trained.
    """

    answer: bool | None
    measured: Measured
    criterion: str
    turns: str
    why: str = ""
    slip: Slip | None = None
    n: int = 1
    seeds: int = 0

    @property
    def holds(self) -> bool:
        """Whether the statement meets the criterion."""
        return self.answer is True

    @property
    def verdict(self) -> Verdict:
        if self.answer is None:
            return Verdict.NOT_TOLD_APART
        return Verdict.MATCH if self.answer else Verdict.DIFFERS

    def finding(self, evidence: str = "") -> Finding:
        """The finding on a statement with this outcome."""
        return Finding(
            self.verdict,
            plain(self.measured),
            self.why,
            self.slip if self.answer is False else None,
            evidence,
            self.criterion,
            self.turns,
            self.n,
            self.seeds,
        )


Judge = Callable[[Claim], Finding]


@dataclass(frozen=True)
class Check:
    """How a claim is judged, and what that takes.

    Attributes:
        judge: gives the finding on a claim.
        protocol: the protocol whose stored results it reads; None if it reads none.
        builds_models: whether it builds models of the zoo, which takes TensorFlow.
    """

    judge: Judge
    protocol: str | None = None
    builds_models: bool = False


def only_for(words: str | Iterable[str], judge: Judge) -> Judge:
    """Judge a claim only if it quotes all of `words`: those for which the criterion was written."""
    needed = (words,) if isinstance(words, str) else tuple(words)

    def judge_if_quoted(claim: Claim) -> Finding:
        missing = [part for part in needed if part not in claim.quoted]
        if missing:
            return waiting(f"no criterion for this wording: expected {missing[0]!r} in it")
        return judge(claim)

    return judge_if_quoted


def not_reproducible(why: str, measured: Measured = None, evidence: str = "") -> Finding:
    """A claim that cannot be measured again, for a reason in words."""
    return Finding(Verdict.NOT_REPRODUCIBLE, plain(measured), why, evidence=evidence)


def nothing_printed(measured: Measured, evidence: str) -> Finding:
    """A value of ours where the report prints none."""
    why = "the report prints no figure here; this is ours"
    return Finding(Verdict.NOTHING_PRINTED, plain(measured), why, evidence=evidence)


def adopted(check: Check) -> Check:
    """A claim from which our own experiment was made: that it agrees is no evidence."""

    def judge(claim: Claim) -> Finding:
        finding = check.judge(claim)
        if not finding.verdict.holds:
            return finding
        why = "our experiment was made from this sentence"
        why = f"{why}; {finding.why}" if finding.why else why
        return replace(finding, verdict=Verdict.ADOPTED, why=why)

    return replace(check, judge=judge)


def waiting(why: str, measured: Measured = None, evidence: str = "") -> Finding:
    """A claim whose measurement or criterion is not there yet."""
    return Finding(Verdict.WAITING, plain(measured), why, evidence=evidence)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Of `match`, `match-rounding` and `differs` the one that says most against the claim."""
    return max(verdicts, key=VERDICTS.index)
