"""Prediction files: write one for a table of test images, and check one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn.api.models import Model, model_file
from fashion_nn.datasets import FOUND_OUT, ReadOptions
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import HandIn, Report
    from fashion_nn.submission import Predictions

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Submission:
    """A prediction file that was written.

    Attributes:
        file: its path.
        predictions: what is in it.
    """

    file: Path
    predictions: "Predictions"

    def __repr__(self) -> str:
        n = len(self.predictions.labels)
        return f"Submission({self.file}: {n:,} predictions; {self.predictions.feeding})"

    @property
    def warnings(self) -> list[str]:
        """What whoever hands the file in should know: a sentence each, none if all looks well."""
        from fashion_nn import submission

        return submission.warnings(self.predictions)


def submit(
    model: Model,
    test: AnyPath,
    out: AnyPath,
    *,
    format: str = "kaggle",
    sample: AnyPath | None = None,
    scale: str = "auto",
    calibrate: AnyPath | None = None,
    options: ReadOptions = FOUND_OUT,
) -> Submission:
    """Write a prediction file for test images. Their labels are not looked at.

    Args:
        model: a run, its folder, or a .keras or .h5 file, which may come from a stranger.
        test: the images, in any layout that `fashion_nn.load` reads; of several parts, the
            test rows.
        out: the file to write.
        format: of the file, "kaggle" or "plain"; see `fashion_nn.submission.FORMATS`.
        sample: a sample file of a competition, whose header and ids are used.
        scale: what the model takes for pixels of 0 to 255; "auto" finds out.
        calibrate: a file with labelled images, in any layout, by which the scale is found.
        options: how the files are read, where they leave it open; see `fashion_nn.load`.

    Raises:
        InputError: a file is not usable, or they do not fit each other.

    Example:
        fnn.grade(fnn.submit(run, "test.csv", "predictions.csv").file, "test.csv")
    """
    from fashion_nn import inference, submission

    file = model_file(model)
    if format not in submission.FORMATS:
        raise InputError(f"format {format!r}: expected one of {', '.join(submission.FORMATS)}")
    given = [path for path in (test, file, sample, calibrate) if path is not None]
    submission.require_output(Path(out), *map(Path, given))
    wanted = None if sample is None else submission.read_sample(sample)
    labels = submission.labels_of(file)
    rows = None
    if calibrate is not None:
        rows = submission.read_calibration(calibrate, test, labels=labels, options=options)
    blocks = submission.ImageTable(test, options).blocks()
    with inference.open_fast(file, scale=scale) as predictor:
        found = submission.predict_blocks(predictor, blocks, rows=rows, originals=labels)
    submission.write(found, Path(out), format=format, sample=wanted)
    return Submission(Path(out), found)


def grade(
    file: AnyPath,
    test: AnyPath,
    *,
    against: AnyPath | None = None,
    out: AnyPath | None = None,
    **sources: Any,
) -> "Report | list[HandIn]":
    """Check a prediction file, or a folder of hand-ins, even if the labels are not known.

    The checks of a file are written to FILE.checks.json. `fashion-nn grade` also writes the class
    list and the pages of a folder.

    Args:
        file: a prediction file, or a folder of models and prediction files.
        test: the images that were predicted, in any layout.
        against: another prediction file to compare with; needs `labels`.
        out: the folder for what is written about a folder of hand-ins [default: DIR-grades].
        **sources: what tells more about the test images: `sample`, `train`, `dataset`, `labels`,
            `data_dir` and `options`; see `fashion_nn.grading.Sources`.

    Returns:
        The report on the file; for a folder, a list with each hand-in.

    Raises:
        InputError: a file cannot be used, or an argument does not fit the others.
    """
    from fashion_nn import grading

    path = Path(file)
    known = grading.Sources.__dataclass_fields__
    for name in sources:
        if name not in known:
            raise InputError(f"grade: unknown argument {name!a}: expected {', '.join(known)}")
    if not path.exists():
        expected = "expected a prediction file or a folder of hand-ins"
        raise InputError(f"{path}: no such file or folder: {expected}")
    reference = grading.read_reference(test, grading.Sources(**sources))
    if path.is_dir():
        class_list = path.with_name(f"{path.resolve().name}-grades") if out is None else Path(out)
        return list(grading.grade_class(path, reference, class_list).hand_ins)
    report = grading.grade(path, reference, against=against)
    report.write(grading.checks_path(path))
    return report
