"""The decision: what the first layers say, then labelled rows, then the answers themselves."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn import datasets
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.datasets import weak_classifier
from fashion_nn.errors import InputError
from fashion_nn.inference.scaling import answers, labelled, numbers
from fashion_nn.inference.scaling.labelled import LabelledRows
from fashion_nn.inference.scaling.numbers import Numbers
from fashion_nn.inference.scaling.ranking import Ask, Ranking, evenly
from fashion_nn.inference.shared.refusal import NotFinite
from fashion_nn.inference.shared.scale import (
    SCALES,
    ZERO_TO_255,
    Figures,
    Scale,
    candidates,
)

if TYPE_CHECKING:
    from fashion_nn.inference.engines.predictor import Predictor

_RARE = ("inverted-0-255", "inverted--1-1", "inverted-standardised")
_CACHED = 64
_ENOUGH_GUESSES = 50
_ENOUGH_ANSWERS = 50
"""Number of images from which on answers may speak against the usual scale."""
_FEWEST = 2
"""Number of images that can be compared with each other."""
_cache: dict[str, "Decision"] = {}


@dataclass(frozen=True, slots=True)
class Decision:
    """On which scale a model is fed, and why.

    Attributes:
        evidence: what decided, in words.
        runner_up: the scale that fits next best; None where no other was in question.
        is_certain: whether the evidence decides.
    """

    scale: Scale
    evidence: str
    runner_up: Scale | None = None
    is_certain: bool = True

    def warning(self) -> str | None:
        """What to say where the evidence does not decide, in one line."""
        if self.is_certain:
            return None
        names = f"--scale {self.scale.name}"
        if self.runner_up:
            names += f" or --scale {self.runner_up.name}"
        return (
            f"it is not certain on which scale the model takes pixels: {names} fit best; name the"
            f" right one (of {', '.join(SCALES[1:])}), or give labelled rows with --calibrate FILE"
        )

    def to_json(self) -> JsonObject:
        return {
            "scale": self.scale.name,
            "factor": self.scale.factor,
            "offset": self.scale.offset,
            "evidence": self.evidence,
            "runner_up": self.runner_up.name if self.runner_up else None,
            "certain": self.is_certain,
        }


def decide(
    predictor: "Predictor", images: np.ndarray, rows: LabelledRows | None = None
) -> Decision:
    """Find the scale on which `predictor` takes pixels.

    Args:
        predictor: any model.
        images: uint8 (n, h, w), n at least 1: those that it shall predict, or the first of them.
        rows: labelled rows of the same kind. None: those of the known data set that the images
            look like, if it is on this machine.

    Raises:
        InputError: the model cannot be run, or has no class for one of the labels.
    """
    if rows is not None and rows.labels.max() >= predictor.classes:
        raise InputError(
            f"the {rows.source} have the label {rows.labels.max()}, but the model has"
            f" {predictor.classes} classes, which are numbered from 0"
        )
    if _is_own(predictor):
        return Decision(ZERO_TO_255, f"the model takes {predictor.feeding.dtype}")
    chosen = images[evenly(len(images), answers.ROWS)]
    key = _key(predictor, chosen, rows)
    if key not in _cache:
        if len(_cache) >= _CACHED:
            _cache.clear()
        _cache[key] = _decided(predictor, chosen, rows)
    return _cache[key]


def figures(images: np.ndarray) -> Figures:
    """Those of the known data set that `images` look like, else their own."""
    name = datasets.recognise(images).name
    if name is None:
        return Figures.of(images)
    known = datasets.DATASETS[name]
    return Figures(known.mean, known.deviation)


def _is_own(predictor: "Predictor") -> bool:
    """Whether it is the model of a run of this package, all of which take raw pixels as uint8."""
    beside = Path(predictor.path).with_name("run.json")
    return predictor.feeding.dtype == "uint8" and beside.is_file()


def _key(predictor: "Predictor", images: np.ndarray, rows: LabelledRows | None) -> str:
    arrays = [images] if rows is None else [images, rows.images, rows.labels]
    digest = hashlib.sha256(predictor.sha256.encode())
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def rows_at_hand(images: np.ndarray, classes: int) -> LabelledRows | None:
    """The validation rows of the known data set that `images` look like, if it is on this machine.

    Args:
        images: uint8 (n, h, w).
        classes: the number that the data set must have.
    """
    name = datasets.recognise(images).name
    if name is None or datasets.DATASETS[name].classes != classes:
        return None
    with suppress(InputError):  # nobody asked for it, so a damaged one is as good as none
        if datasets.at_hand(name):
            rows = datasets.load(name).valid
            return LabelledRows(rows.images, rows.labels, f"validation rows of {name}")
    return None


def _decided(predictor: "Predictor", images: np.ndarray, rows: LabelledRows | None) -> Decision:
    scales = [scale for scale in candidates(figures(images)) if predictor.can_be_fed(scale)]
    said = numbers.read(predictor, images, scales)
    is_said = said.found and len(said.scales) == 1
    if said.are_exact and is_said:
        return _of_numbers(said)
    if not predictor.is_trained:
        why = said.found or "its biases are as before a training"
        return Decision(said.scales[0], why, said.runner_up)
    known = rows or rows_at_hand(images, predictor.classes)
    known = known or _guessed(images, predictor.classes)
    if known:
        tried = said.scales if said.are_exact else scales
        ranking = labelled.compare(tried, _asking(predictor), known, _preferred(said))
        return _of_ranking(ranking) if ranking else _of_chance(said, known)
    if is_said or len(images) < _FEWEST:
        return _of_numbers(said)
    return _by_answers(predictor, said, images)


def _of_chance(said: Numbers, known: LabelledRows) -> Decision:
    """What is left where no scale gives more right answers to the rows than chance."""
    if said.found:
        return _of_numbers(said)
    why = f"on no scale are more of the {known.source} right than by chance"
    return Decision(said.scales[0], why, said.runner_up, False)


def _guessed(images: np.ndarray, classes: int) -> LabelledRows | None:
    """`images` with the labels that a weak classifier of their data set gives them.

    None for images that look like no data set for which one comes with the package, and for few.
    """
    name = datasets.recognise(images).name
    weak = weak_classifier.shipped(name) if name else None
    if weak is None or weak.classes != classes or len(images) < _ENOUGH_GUESSES:
        return None
    labels = weak.probabilities(images).argmax(axis=1)
    return LabelledRows(images, labels, f"labels of a weak classifier of {name}")


def _preferred(said: Numbers) -> Sequence[Scale]:
    """Of the scales that the first layers do not exclude, those that are not rare."""
    return [scale for scale in said.scales if scale.name not in _RARE] or said.scales


def _by_answers(predictor: "Predictor", said: Numbers, images: np.ndarray) -> Decision:
    ask = _asking(predictor)
    usual = None if said.are_exact else said.scales[0]
    if usual and len(images) < _ENOUGH_ANSWERS:
        why = said.found or f"the usual scale: {len(images)} rows are too few to compare answers"
        return Decision(usual, why, said.runner_up, answers.is_plausible(ask(usual, images)))
    given = {scale: ask(scale, images) for scale in said.scales}
    ranking = answers.ranked(given, images, _preferred(said), usual)
    if said.found and ranking.is_certain and ranking.scales[0] == usual:
        return _of_numbers(said)
    return _of_ranking(ranking)


def _of_numbers(said: Numbers) -> Decision:
    """What the first layers say; of several scales the usual one."""
    if said.found:
        return Decision(said.scales[0], said.found, said.runner_up)
    why = "too few rows to compare the answers"
    return Decision(said.scales[0], why, said.runner_up, False)


def _of_ranking(ranking: Ranking) -> Decision:
    runner_up = ranking.scales[1] if len(ranking.scales) > 1 else None
    return Decision(ranking.scales[0], ranking.found, runner_up, ranking.is_certain)


def _asking(predictor: "Predictor") -> Ask:
    def ask(scale: Scale, images: np.ndarray) -> np.ndarray:
        with predictor.fed(scale):
            try:
                return predictor.answer(images).probabilities
            except NotFinite:  # as good as no answer
                return np.full((len(images), predictor.classes), 1 / predictor.classes, np.float32)

    return ask
