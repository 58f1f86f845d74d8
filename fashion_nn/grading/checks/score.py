"""How good are the labels? This needs the true ones."""

from fashion_nn.core.strict_json import Json
from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence, Score


def check(evidence: Evidence) -> Check:
    """The accuracy of the labels. It says how good a file is, not whether it is sound.

    So it never fails.
    """
    if evidence.truth is None:
        return not_applicable("score", "no true labels given")
    if evidence.score is None:
        return not_applicable("score", "the labels cannot be read")
    return judge(evidence.score)


def judge(score: Score) -> Check:
    """`score` as a check."""
    low, high = score.interval
    shares = ", ".join(
        f"{k}: {share:.1%}" for k, share in enumerate(score.recall) if share is not None
    )
    value = (
        f"accuracy {score.accuracy:.4f} (95 % interval {low:.4f} to {high:.4f}, n={score.n:,});"
        f" recall {shares}"
    )
    figures: dict[str, Json] = {
        "n": score.n,
        "correct": score.correct,
        "accuracy": score.accuracy,
        "interval": list(score.interval),
        "recall": list(score.recall),
    }
    return Check("score", "PASS", value, "the more the better", figures)
