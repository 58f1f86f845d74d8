"""The grading room: what is known of a test table is gathered once; then any number of files can be graded."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import datasets, metrics, submission, tables
from fashion_nn.core import files
from fashion_nn.core.environment import describe_environment
from fashion_nn.core.files import FORMAT
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError
from fashion_nn.grading import predictions, sentinel
from fashion_nn.grading.check import Check, Verdict, not_applicable, worst
from fashion_nn.grading.checks.balance import check_balance, tolerance
from fashion_nn.grading.checks.canary import Chosen, check_canary
from fashion_nn.grading.checks.feeding import check_feeding
from fashion_nn.grading.checks.file import judge
from fashion_nn.grading.checks.leak import Twins, check_leak
from fashion_nn.grading.checks.order import check_order
from fashion_nn.grading.checks.score import check_score
from fashion_nn.grading.sentinel import Limits, Sentinel

if TYPE_CHECKING:
    from fashion_nn.inference import Predictor, Scale

_HELD_OUT_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks say of one file, and which files they looked at: sha256 and versions."""

    file: Path
    checks: tuple[Check, ...]
    sha256: dict[str, str]

    @property
    def verdict(self) -> Verdict:
        return worst(check.verdict for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        where = describe_environment()
        return {
            "format": FORMAT,
            "file": self.file.name,
            "verdict": self.verdict,
            "checks": [check.to_json() for check in self.checks],
            "sha256": self.sha256,
            "versions": {"python": where["python"], **where["versions"]},
        }

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, completely or not at all."""
        files.write_json(Path(path), self.to_json())


def checks_path(file: str | os.PathLike[str]) -> Path:
    """Where the checks of the prediction file `file` are written: beside it, `.checks.json` behind its name."""
    return Path(f"{os.fspath(file)}.checks.json")


@dataclass(frozen=True, slots=True)
class Known:
    """What the test images are: the data set's name, a sentinel for it, and labelled rows that nobody trains on.

    `splits` are the data that were named or are at hand; `mismatch` says why the images cannot be of them.
    """

    name: str | None
    classes: int | None
    sentinel: Sentinel | None
    splits: datasets.Splits | None
    mismatch: str | None

    @property
    def held_out(self) -> Split | None:
        if self.splits is None or not len(self.splits.valid):
            return None
        rows = self.splits.valid
        return rows.take(np.arange(0, len(rows), -(-len(rows) // _HELD_OUT_ROWS)))


class Room:
    """Grades files against one test table, which is read once."""

    def __init__(
        self,
        test: str | os.PathLike[str],
        *,
        sample: str | os.PathLike[str] | None = None,
        train: str | os.PathLike[str] | None = None,
        dataset: str | None = None,
        labels: str | os.PathLike[str] | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        seek_twins: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Read the test table.

        Args:
            sample: a competition's sample file.
            train, dataset: where the images come from: a training CSV, or a known data set or folder. Without either,
                images that look like Fashion-MNIST are taken for it.
            labels: the true labels: a table with a label column, the test table itself perhaps, or a prediction file.
            data_dir: where known data sets are looked for first.
            seek_twins: compare the test images with those of `train` or `dataset`; 10,000 take some twenty seconds.

        Raises:
            InputError: a file cannot be used.
        """
        self.test, self.sample, self.train = test, submission.read_sample(sample) if sample else None, train
        self._inputs = {"data": test, "sample": sample, "train": train, "labels": labels}
        blocks = tables.blocks(test, labels="ignored", progress=progress)
        block = next(blocks)
        self.image_shape = block.image_shape
        self.known = _recognise(_images(block), train, dataset, data_dir)
        self.chosen = Chosen()
        seek = seek_twins and (train or dataset) and self.known.splits
        self.twins = Twins(self.known.splits.original_train().images) if seek else None
        found, ids = [], []
        while block is not None:
            images = _images(block)
            self.chosen.add(images)
            if self.known.sentinel and self.known.sentinel.baseline.image_shape == self.image_shape:
                found.append(self.known.sentinel.baseline.probabilities(images))
            if self.twins:
                self.twins.add(images)
            ids.append(np.full(len(images), -1) if block.ids is None else block.ids)
            block = next(blocks, None)
        self.probabilities = np.concatenate(found) if found else None
        numbers = np.concatenate(ids)
        self.rows = len(numbers)
        self.row_ids, self.file_ids = self._ids(numbers, has_ids=bool((numbers >= 0).any()))
        self.truth = None if labels is None else self._truth(labels)

    def grade(
        self,
        file: str | os.PathLike[str],
        *,
        against: str | os.PathLike[str] | None = None,
        model: str | os.PathLike[str] | None = None,
        scale: "Scale" = "auto",
        expectation: submission.Layout | None = None,
    ) -> Report:
        """Run every check that applies to the prediction file `file`.

        Args:
            against: another prediction file, compared with the true labels.
            model: the model that made the file, fed by `scale`.
            expectation: `submission.expectation` of a file that `submission.write` wrote; a foreign one may have
                any layout.

        Raises:
            InputError: a file cannot be read.
        """
        found = predictions.read(file, rows=self.rows)
        labels = found.aligned_labels(self.row_ids)
        predictor = self._open(model, scale) if model else None
        classes = predictor.classes if predictor else self.classes(labels)
        header = self.sample.header if self.sample else "any"
        expected = expectation or submission.Layout(header, self.file_ids, self.rows, classes)
        held = self.known.held_out if predictor and not self.known.mismatch else None
        own = predictor.answer(held.images).labels if held and predictor.classes == self.known.classes else None
        held = held if own is not None else None
        other = None if against is None else predictions.read(against, rows=self.rows).aligned_labels(self.row_ids)
        if against is not None and other is None:
            raise InputError(
                f"{against}: holds no label for each of the {self.rows} test rows: nothing to compare with"
            )
        checks = [
            judge(found, expected),
            check_canary(labels, self.chosen, predictor and predictor.outputs),
            self._feeding(model, scale, predictor, held, own) if model else not_applicable("feeding", "no model"),
            self._sentinel(labels, own, held),
            self._balance(labels, own, held),
            not_applicable("order", "the labels cannot be read") if labels is None else check_order(labels),
            check_leak(self.twins),
            *check_score(labels, self.truth, classes, other),
        ]
        inputs = self._digests | ({"model": files.sha256(Path(model))} if model else {})
        return Report(Path(file), tuple(checks), inputs | {"output": files.sha256(Path(file))})

    def classes(self, labels: np.ndarray | None) -> int:
        """The number of classes; where nothing else tells, that of the labels given."""
        if self.known.classes:
            return self.known.classes
        known = [values.max() for values in (self.truth, labels) if values is not None]
        return max(int(known[0]) + 1, 2) if known else 10

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {name: files.sha256(Path(path)) for name, path in self._inputs.items() if path and Path(path).is_file()}

    def _open(self, model: str | os.PathLike[str], scale: "Scale") -> "Predictor":
        from fashion_nn import inference

        return inference.open_model(model, scale=scale)

    def _ids(self, numbers: np.ndarray, *, has_ids: bool) -> tuple[list[str], list[str]]:
        """The ids in the order of the test rows, and in the order that a file should have."""
        rows = [str(number) for number in (numbers if has_ids else np.arange(1, self.rows + 1)).tolist()]
        if self.sample is None:
            return rows, rows
        wanted = list(self.sample.ids)
        if len(wanted) != self.rows or (has_ids and set(wanted) != set(rows)):
            raise InputError(
                f"{self.test}: has {self.rows} rows, the sample {len(wanted)} ids"
                + (", or others than the table's" if has_ids else "")
                + ": not the same data"
            )
        return rows if has_ids else wanted, wanted

    def _truth(self, path: str | os.PathLike[str]) -> np.ndarray:
        try:
            truth = predictions.read(path, rows=self.rows).aligned_labels(self.row_ids)
        except InputError:
            truth = None
        if truth is None:
            truth = tables.read(path, labels="required").labels
        if truth is None or len(truth) != self.rows:
            raise InputError(
                f"{path}: holds {0 if truth is None else len(truth)} labels, the test table {self.rows} rows"
            )
        return truth

    def _sentinel(self, labels: np.ndarray | None, own: np.ndarray | None, held: Split | None) -> Check:
        if self.known.mismatch:
            return Check("sentinel", "FAIL", self.known.mismatch, "images and labels of one data set")
        if self.known.sentinel is None or self.probabilities is None:
            why = f"no sentinel for {self.known.name or 'these images'}: fit one with --train CSV"
            return not_applicable("sentinel", why)
        if labels is None:
            return not_applicable("sentinel", "the labels cannot be read, or are not as many as the rows")
        limits = self.known.sentinel.limits()
        if own is None or held is None:
            return sentinel.check_sentinel(labels, self.probabilities, limits)
        rates = sentinel.measure(own, self.known.sentinel.baseline.probabilities(held.images))
        found = sentinel.check_sentinel(labels, self.probabilities, sentinel.own_limits(rates))
        if found.verdict == "PASS" and sentinel.judge(rates, limits) != "PASS":
            value = f"{found.value}; its labels of held-out rows are as improbable: a weak model, or fed wrongly"
            return Check("sentinel", "WARN", value, _as_expected(limits), found.figures)
        return found

    def _balance(self, labels: np.ndarray | None, own: np.ndarray | None, held: Split | None) -> Check:
        if labels is None:
            return not_applicable("balance", "the labels cannot be read")
        if own is not None and held is not None:
            confusion = metrics.confusion(held.labels, own, self.known.classes or 2)
            return check_balance(labels, confusion, f"the model's confusion matrix of {len(own):,} held-out rows")
        if self.probabilities is None:
            return check_balance(labels, None, "")
        seen = np.diag(self.probabilities.sum(axis=0, dtype=np.float64).round().astype(np.int64))
        return check_balance(labels, seen, "what the sentinel sees in the images", tolerance=tolerance())

    def _feeding(
        self,
        model: str | os.PathLike[str],
        scale: "Scale",
        predictor: "Predictor",
        held: Split | None,
        own: np.ndarray | None,
    ) -> Check:
        others = {
            "transposed": lambda images: predictor.answer(images.transpose(0, 2, 1)).labels,
            "inverted": lambda images: predictor.answer(255 - images).labels,
        }
        if "int" not in predictor.feeding.dtype:
            other: Scale = "0-255" if predictor.feeding.divide else "0-1"
            name = "fed 0..255" if other == "0-255" else "divided by 255"
            others[name] = lambda images: self._open(model, other).answer(images).labels
        return check_feeding(held, own, others)


def _recognise(
    images: np.ndarray,
    train: str | os.PathLike[str] | None,
    dataset: str | None,
    data_dir: str | os.PathLike[str] | None,
) -> Known:
    looks = datasets.recognise(images).name
    named = dataset.replace("-", "_") if dataset else None
    if train or (dataset and (named not in datasets.names() or datasets.at_hand(named, data_dir=data_dir))):
        splits = datasets.load(train or dataset, data_dir=data_dir)
        mismatch = None
        if splits.image_shape != images.shape[1:]:
            mismatch = f"test images are {images.shape[1:]}, those of {splits.name} {splits.image_shape}"
        elif looks and splits.name in datasets.names() and looks != splits.name:
            mismatch = f"the test images look like {looks}, not {splits.name}"
        return Known(splits.name, splits.classes, None if mismatch else _sentinel_for(splits), splits, mismatch)
    name = named or looks
    if name is None:
        return Known(None, None, None, None, None)
    mismatch = f"the test images look like {looks}, not {name}" if looks and looks != name else None
    found = sentinel.shipped() if name == sentinel.SHIPPED and not mismatch else None
    splits = None if named else _at_hand(name, data_dir)
    return Known(name, len(datasets.DATASETS[name].class_names), found, splits, mismatch)


def _at_hand(name: str, data_dir: str | os.PathLike[str] | None) -> datasets.Splits | None:
    """The known data set, if it is on this machine and whole; nobody asked for it, so nothing is said if not."""
    try:
        return datasets.load(name, data_dir=data_dir) if datasets.at_hand(name, data_dir=data_dir) else None
    except InputError:
        return None


def _sentinel_for(splits: datasets.Splits) -> Sentinel:
    if splits.name == sentinel.SHIPPED:
        return sentinel.shipped()
    provenance = {"dataset": splits.name, "fingerprint": splits.fingerprint, "split": splits.split_id}
    return sentinel.fit(splits.train, splits.valid, splits.classes, provenance=provenance)


def _as_expected(limits: Limits) -> str:
    below, mean, surplus = limits.warn
    return f"at most {below:.2%}, at least {mean:.3f}, at most {surplus:.0%}, give or take chance: {limits.basis}"


def _images(block: tables.Table) -> np.ndarray:
    return block.pixels.reshape(-1, *block.image_shape)
