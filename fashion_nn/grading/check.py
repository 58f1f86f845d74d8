"""What a check says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["PASS", "WARN", "FAIL", "not applicable"]
_BY_WEIGHT: tuple[Verdict, ...] = ("not applicable", "PASS", "WARN", "FAIL")


@dataclass(frozen=True, slots=True)
class Check:
    """One check's verdict, with what was found and what a correct file shows.

    `figures` are the numbers behind `value`, for programs.
    """

    name: str
    verdict: Verdict
    value: str
    expected: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        content = {"name": self.name, "verdict": self.verdict, "value": self.value, "expected": self.expected}
        return content | ({"figures": dict(self.figures)} if self.figures else {})


def not_applicable(name: str, why: str, expected: str = "-") -> Check:
    return Check(name, "not applicable", why, expected)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of `verdicts`; "not applicable" when there is none."""
    return max(verdicts, key=_BY_WEIGHT.index, default="not applicable")
