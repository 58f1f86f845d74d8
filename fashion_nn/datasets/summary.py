"""What is in a data set, and whether it is what it claims to be."""

import os
from pathlib import Path

import numpy as np

from fashion_nn.datasets.catalogue import DATASETS, by_fingerprint, by_folder, known, require
from fashion_nn.datasets.loading import stem
from fashion_nn.datasets.recognition import recognise
from fashion_nn.datasets.splits import Split, Splits


def describe(
    splits: Splits, name_or_path: str | os.PathLike[str], *, expect: str | None = None
) -> dict[str, object]:
    """Describe a data set as JSON.

    Args:
        name_or_path: where it came from.
        expect: the data set that the images should look like.

    Returns:
        Among others: `labels`, those of the source, one a class; `read_as`, what its files were
        taken for; `pixels`, statistics of the original training rows on a scale of 0 to 1;
        `official`, the known data set with exactly these training rows, in any file; `recognised`,
        the data set that the images look like; `warnings`, a line if that is not the data set that
        `expect`, the name, or the name of the file or folder says.

    Raises:
        InputError: `expect` is not a known data set.
    """
    others = disagreements(splits, name_or_path, expect)
    parts = {"train": splits.train, "valid": splits.valid}
    if splits.test is not None:
        parts["test"] = splits.test
    train = splits.original_train()
    seen = recognise(train.images)
    official = by_fingerprint(splits.fingerprint)
    return {
        "name": splits.name,
        "classes": list(splits.class_names),
        "labels": list(splits.original_labels),
        "read_as": splits.said,
        "image_shape": list(splits.image_shape),
        "counts": {part: len(rows) for part, rows in parts.items()},
        "class_counts": {part: rows.class_counts(splits.classes) for part, rows in parts.items()},
        "pixels": pixel_statistics(train),
        "fingerprint": splits.fingerprint,
        "split": {
            "id": splits.split_id,
            "seed": splits.split_seed,
            "validation_fraction": splits.validation_fraction,
        },
        "official": official.name if official else None,
        "recognised": {"name": seen.name, "score": round(seen.score, 4)},
        "warnings": [*splits.warnings, *others],
    }


def pixel_statistics(rows: Split) -> dict[str, float]:
    """Mean, standard deviation and share of zeros of all pixels, from 0 to 1, from exact counts."""
    counts = np.bincount(rows.images.ravel(), minlength=256)
    levels = np.arange(256) / 255
    mean = counts @ levels / counts.sum()
    deviation = np.sqrt(counts @ (levels - mean) ** 2 / counts.sum())
    return {"mean": float(mean), "sd": float(deviation), "zeros": float(counts[0] / counts.sum())}


def _claimed(name_or_path: str | os.PathLike[str], expect: str | None) -> str | None:
    if expect is not None:
        return require(expect).name
    record = known(name_or_path) or by_folder(stem(Path(name_or_path)))
    return record.name if record else None


def disagreements(
    splits: Splits, name_or_path: str | os.PathLike[str], expect: str | None = None
) -> list[str]:
    """A line if the images do not look like the data set that `expect`, the name, or the name of
    the file or folder says; else none.

    Raises:
        InputError: `expect` is not a known data set.
    """
    claimed = _claimed(name_or_path, expect)
    seen = recognise(splits.original_train().images)
    if claimed is None or seen.name == claimed:
        return []
    title = DATASETS[claimed].title
    if seen.name:
        return [
            f"this looks like {DATASETS[seen.name].title}, not {title} ({seen.score:.0%} of the"
            " images fit)"
        ]
    return [f"this does not look like {title}, nor like any other known data set"]
