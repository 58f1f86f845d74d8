"""A public board with pseudonyms, and the split of the test rows into a public and a private part.

A new score is shown only when it is a real step: when it beats the best one shown by more than the
standard error of the difference of the two. Otherwise many small tries would fit the public rows.
Source: Blum and Hardt (2015), "The Ladder: A Reliable Leaderboard for Machine Learning
Competitions".
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from fashion_nn import pages
from fashion_nn.core import writing
from fashion_nn.core.stored import Stored, read_stored
from fashion_nn.core.writing import FORMAT
from fashion_nn.errors import InputError
from fashion_nn.grading.course import plausibility
from fashion_nn.grading.evidence import Score
from fashion_nn.grading.report import HandIn

BOARD = "board.json"
PAGE = "board.html"
_OF_TRUTH = ("score", plausibility.NAME)
"""Checks whose answers come from the true labels of all rows."""
_FIRST = (
    *("amber", "brave", "calm", "clever", "cosy", "deft", "eager", "early", "fair", "gentle"),
    *("glad", "golden", "jolly", "keen", "kind", "lively", "lucky", "merry", "mild", "neat"),
    *("noble", "patient", "proud", "quick", "quiet", "rapid", "shy", "silver", "swift", "warm"),
)
_SECOND = (
    *("badger", "beaver", "bison", "cat", "crane", "deer", "dove", "eagle", "falcon", "ferret"),
    *("finch", "fox", "gull", "hare", "heron", "ibex", "jay", "lark", "lynx", "marten"),
    *("mole", "newt", "otter", "owl", "panda", "raven", "seal", "stork", "swan", "wren"),
)


@dataclass(frozen=True, slots=True)
class Split:
    """How the test rows are split: `percent` of them are public, drawn by `seed`.

    shows_private: whether students see what comes from the other rows, too.
    """

    percent: int
    seed: int
    shows_private: bool = False

    def public(self, rows: int) -> np.ndarray:
        """Whether each of the rows is public, bool (rows,)."""
        # Raw output of PCG64, which NumPy keeps stable.
        order = np.argsort(np.random.PCG64(self.seed).random_raw(rows), kind="stable")
        chosen = np.zeros(rows, bool)
        chosen[order[: max(1, rows * self.percent // 100)]] = True
        return chosen

    def scores(self, hand_in: HandIn, truth: np.ndarray | None) -> tuple[float, float] | None:
        """The accuracy on the public and on the private rows; None if it is not known."""
        if hand_in.score is None or hand_in.labels is None or truth is None:
            return None
        right = hand_in.labels == truth
        public = self.public(len(right))
        return float(right[public].mean()), float(right[~public].mean())

    def as_shown(self, hand_in: HandIn, truth: np.ndarray | None) -> HandIn:
        """The hand-in as its student sees it: without what comes from the private rows."""
        report = hand_in.report
        labels = hand_in.labels
        if report is None or labels is None or hand_in.score is None or truth is None:
            return hand_in
        public = self.public(len(truth))
        classes = len(hand_in.score.recall)
        shown = replace(
            report,
            score=Score.of(labels[public], truth[public], classes),
            checks=tuple(check for check in report.checks if check.name not in _OF_TRUTH),
        )
        return replace(hand_in, report=shown)


class Shown(Stored):
    """One student on the board.

    Attributes:
        pseudonym: that is shown.
        right: which public rows are right in the best hand-in shown, packed bits in base64.
        accuracy: on the public rows, of that hand-in.
        tries: number of different hand-ins.
        last: the sha256 of the last one.
    """

    pseudonym: str
    right: str
    accuracy: Annotated[float, Field(ge=0, le=1)]
    tries: int
    last: str


class Board(Stored):
    """The board as it is stored, by the names under which hand-ins are written."""

    format: int = FORMAT
    percent: int
    seed: int
    students: dict[str, Shown] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One line of the board."""

    pseudonym: str
    accuracy: float
    tries: int


@dataclass(frozen=True, slots=True)
class BoardPage:
    """What the template `board.html` shows."""

    title: str
    lines: tuple[BoardLine, ...]
    rows: int


def update(
    out: Path, split: Split, hand_ins: Sequence[HandIn], names: Sequence[str], truth: np.ndarray
) -> Board:
    """Add the hand-ins of a class to the board in `out`, and write its page.

    Raises:
        InputError: the board is damaged, or was begun with another split.
    """
    path = out / BOARD
    board = Board(percent=split.percent, seed=split.seed)
    if path.is_file():
        board = read_stored(path, Board, expected="expected a board", mend="remove it")
        if (board.percent, board.seed) != (split.percent, split.seed):
            raise InputError(
                f"{path}: was begun with --split {board.percent} --seed {board.seed}: use these, or"
                " choose another --out"
            )
    public = split.public(len(truth))
    students = dict(board.students)
    for hand_in, name in zip(hand_ins, names, strict=True):
        if hand_in.labels is not None and hand_in.score:
            right = (hand_in.labels == truth)[public]
            students[name] = _stepped(students.get(name), right, hand_in.sha256, students)
    board = board.model_copy(update={"students": students})
    writing.write_json(path, board.model_dump(mode="json"))
    lines = sorted(
        (BoardLine(each.pseudonym, each.accuracy, each.tries) for each in students.values()),
        key=lambda line: (-line.accuracy, line.pseudonym),
    )
    page = BoardPage("Board", tuple(lines), int(public.sum()))
    writing.write_atomic(out / PAGE, pages.render("board.html", page))
    return board


def is_step(right: np.ndarray, before: np.ndarray) -> bool:
    """Whether `right` beats `before` by more than the standard error of their difference; both
    bool (n,).
    """
    difference = right.astype(float) - before
    return bool(difference.mean() > difference.std() / np.sqrt(len(right)))


def _stepped(
    shown: Shown | None, right: np.ndarray, sha256: str, others: dict[str, Shown]
) -> Shown:
    packed = base64.b64encode(np.packbits(right).tobytes()).decode()
    accuracy = float(right.mean())
    if shown is None:
        pseudonym = _pseudonym({each.pseudonym for each in others.values()})
        return Shown(pseudonym=pseudonym, right=packed, accuracy=accuracy, tries=1, last=sha256)
    if shown.last == sha256:
        return shown
    tried = {"tries": shown.tries + 1, "last": sha256}
    stored = np.frombuffer(base64.b64decode(shown.right), np.uint8)
    before = np.unpackbits(stored, count=len(right)).astype(bool)
    if is_step(right, before):
        tried |= {"right": packed, "accuracy": accuracy}
    return shown.model_copy(update=tried)


def _pseudonym(taken: set[str]) -> str:
    """A new one, by chance: nothing in it tells the name."""
    number = 0
    while True:
        name = f"{secrets.choice(_FIRST)} {secrets.choice(_SECOND)}"
        number += 1
        if number > len(_FIRST) * len(_SECOND):
            name += f" {number}"
        if name not in taken:
            return name
