"""What a check is, and what it finds: a computed verdict, the measured value, and the command that
shows it.

A check turns a claim into a `Finding`. Checks of statements in words are written as a criterion,
which is fixed before anything is measured and gives an `Outcome`; the functions of `checks` add the
source of the measurement and the evidence. To add a kind of verdict, add a member to `Verdict` and
say there whether a claim with it holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self

from fashion_nn.ledger.claims import Claim
from fashion_nn.measures import mean_sd


class Verdict(StrEnum):
    """The verdicts in the order of the pages' columns; of the first three, the later says more
    against a claim.
    """

    MATCH = "match"
    ROUNDING = "match-rounding"
    DIFFERS = "differs"
    NOT_REPRODUCIBLE = "not-reproducible"
    WAITING = "waiting"

    @property
    def holds(self) -> bool:
        """Whether a claim with this verdict holds."""
        return self in (Verdict.MATCH, Verdict.ROUNDING)


VERDICTS = tuple(Verdict)


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


Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
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
class Finding:
    """What a check finds.

    Attributes:
        verdict: whether the claim holds.
        measured: our value, as JSON has it.
        why: the criterion or the reason in words; for `differs`, what is right.
        slip: what went wrong in the report, if a hypothesis was tried and gives the printed figure.
        evidence: the command that shows it; empty for the ledger's own command.
    """

    verdict: Verdict
    measured: Json
    why: str = ""
    slip: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a criterion says about a statement.

    Attributes:
        holds: whether the statement meets the criterion.
        measured: the value that decides.
        why: the criterion, in words.
        slip: what went wrong in the report, if the statement does not hold.
    """

    holds: bool
    measured: Measured
    why: str
    slip: str = ""

    def finding(self, evidence: str = "") -> Finding:
        """The finding on a statement with this outcome."""
        verdict = Verdict.MATCH if self.holds else Verdict.DIFFERS
        slip = "" if self.holds else self.slip
        return Finding(verdict, plain(self.measured), self.why, slip, evidence)


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


def waiting(why: str, measured: Measured = None, evidence: str = "") -> Finding:
    """A claim whose measurement or criterion is not there yet."""
    return Finding(Verdict.WAITING, plain(measured), why, evidence=evidence)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Of `match`, `match-rounding` and `differs` the one that says most against the claim."""
    return max(verdicts, key=VERDICTS.index)
