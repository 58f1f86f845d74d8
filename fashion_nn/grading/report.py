"""What all checks say of one hand-in, and where that is written."""

import os
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn.core import writing
from fashion_nn.core.environment import versions
from fashion_nn.core.representation import html_table
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.core.text import printable
from fashion_nn.core.writing import FORMAT
from fashion_nn.grading import predictions
from fashion_nn.grading.check import Check, Verdict, worst
from fashion_nn.grading.checks import CHECKS
from fashion_nn.grading.checks import file as file_check
from fashion_nn.grading.evidence import Evidence, Score
from fashion_nn.grading.reference import Reference
from fashion_nn.submission import Layout

if TYPE_CHECKING:
    import numpy as np

    from fashion_nn.inference import Predictor


@dataclass(frozen=True, slots=True)
class Confinement:
    """The confinement layers of the process that ran the model: those that held, and those that
    this system does not offer.
    """

    held: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks say of one prediction file.

    score: how good it is, if the true labels are known.
    sha256: of the files that the checks looked at, by what they are.
    confinement: of the process that ran the model; None without a model.
    """

    file: Path
    checks: tuple[Check, ...]
    score: Score | None
    sha256: Mapping[str, str]
    confinement: "Confinement | None" = None

    def __repr__(self) -> str:
        counts = Counter(check.verdict for check in self.checks)
        shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return f"Report({printable(self.file.name)}: {self.verdict}; checks: {shown})"

    def _repr_html_(self) -> str:
        """A table of the checks, for notebooks."""
        rows = [(each.verdict, each.name, each.value, each.expected) for each in self.checks]
        return html_table(repr(self), rows, ("verdict", "check", "found", "expected"))

    @property
    def verdict(self) -> Verdict:
        """The gravest of the checks' verdicts."""
        return worst(check.verdict for check in self.checks)

    def with_verdict(self, verdict: Verdict) -> list[Check]:
        """The checks that have this verdict."""
        return [check for check in self.checks if check.verdict == verdict]

    def to_json(self) -> JsonObject:
        return {
            "format": FORMAT,
            "file": printable(self.file.name),
            "verdict": self.verdict,
            "checks": [check.to_json() for check in self.checks],
            "sha256": dict(self.sha256),
            **({"confinement": asdict(self.confinement)} if self.confinement else {}),
            "versions": {"python": platform.python_version(), **versions()},
        }

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, completely or not at all."""
        writing.write_json(Path(path), self.to_json())


@dataclass(frozen=True, slots=True, eq=False)
class HandIn:
    """What one student of a class has handed in.

    student: the name, as printable text.
    id: the number or name by which a learning system knows the student; may be empty.
    name: of the file, as printable text; empty if nothing was handed in.
    kind: "model", "predictions" or "none".
    report: what the checks say of it; None if it could not be graded, and then `error` says why.
    late: whether the learning system marked it as late.
    note: what the file was read as.
    labels: the predicted labels in the order of the test rows, int64 (n,); None if unreadable.
    weights, sorted_weights: see `course.result.Result`.
    """

    student: str
    id: str
    name: str
    kind: str
    report: Report | None
    error: str = ""
    late: bool = False
    note: str = ""
    labels: "np.ndarray | None" = None
    weights: str = ""
    sorted_weights: str = ""

    @property
    def verdict(self) -> str:
        """The report's; ERROR if the file could not be graded; empty if nothing was handed in."""
        if self.kind == "none":
            return ""
        return self.report.verdict if self.report else "ERROR"

    @property
    def status(self) -> str:
        """What became of it: "graded", "error" or "nothing handed in"."""
        if self.kind == "none":
            return "nothing handed in"
        return "graded" if self.report else "error"

    @property
    def score(self) -> Score | None:
        """How good it is; None if that is not known."""
        return self.report.score if self.report else None

    @property
    def sha256(self) -> str:
        """Of the file; empty if it could not be read."""
        digests = self.report.sha256 if self.report else {}
        return digests.get("model", digests.get("output", ""))

    def row(self) -> dict[str, object]:
        """Its row in the class list. Accuracies are empty where the true labels are not known."""
        failed = self.report.with_verdict("FAIL") if self.report else []
        warned = self.report.with_verdict("WARN") if self.report else []
        return {
            "student": self.student,
            "id": self.id,
            "hand_in": self.name,
            "kind": self.kind,
            "status": self.status,
            "late": "late" if self.late else "",
            "verdict": self.verdict,
            "accuracy": self.score.accuracy if self.score else "",
            "low": self.score.interval[0] if self.score else "",
            "high": self.score.interval[1] if self.score else "",
            "failed": " ".join(check.name for check in failed),
            "warned": " ".join(check.name for check in warned),
            "remark": self.error or self._remark(),
            "sha256": self.sha256,
        }

    def _remark(self) -> str:
        checks = self.report.checks if self.report else ()
        bad = [check for check in checks if check.verdict in ("FAIL", "WARN")]
        said = [f"{check.name}: {check.value}" for check in bad]
        return "; ".join([*([self.note] if self.note else []), *said])


def grade(
    file: str | os.PathLike[str],
    reference: Reference,
    *,
    model: "Predictor | None" = None,
    against: str | os.PathLike[str] | None = None,
    layout: Layout | None = None,
) -> Report:
    """Run every check that applies to the prediction file `file`.

    Args:
        reference: the test table, see `read_reference`.
        model: the model that made the file, see `inference.run_by_keras`. It stays open.
        against: another prediction file, compared by the true labels.
        layout: `submission.expectation` of a file that `submission.write` wrote. Without it, and
            without a sample, a file may have any layout.

    Raises:
        InputError: a file cannot be read, or the model cannot be run.
    """
    evidence = Evidence(file, reference, model=model, against=against, layout=layout)
    checks = run_checks(evidence)
    digests = dict(reference.sha256)
    if model:
        digests["model"] = model.sha256
    digests["output"] = evidence.predictions.sha256
    return Report(Path(file), checks, evidence.score, digests, confinement_of(model))


def run_checks(evidence: Evidence) -> tuple[Check, ...]:
    """What each check that applies says of the evidence.

    Raises:
        InputError: a file cannot be read, or the model cannot be run.
    """
    found = [check(evidence) for check in CHECKS]
    return tuple(check for check in found if check)


def confinement_of(model: "Predictor | None") -> Confinement | None:
    """The confinement layers of the process of `model`; None if no such process runs it."""
    from fashion_nn.inference import ConfinedPredictor

    if not isinstance(model, ConfinedPredictor):
        return None
    return Confinement(model.confinement, model.missing_confinement)


def check_file(path: str | os.PathLike[str], layout: Layout) -> Check:
    """Read the prediction file at `path` and compare it with what it must hold.

    Raises:
        InputError: the file cannot be read.
    """
    return file_check.judge(predictions.read(path, rows=layout.rows), layout)


def checks_path(file: str | os.PathLike[str]) -> Path:
    """Where the checks of the prediction file `file` are written: FILE.checks.json beside it."""
    return Path(f"{os.fspath(file)}.checks.json")
