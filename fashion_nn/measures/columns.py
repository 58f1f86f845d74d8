"""The table of the figures of a run: which there are, what they are called, how and where each is
shown.

`SCORES` are the figures of one set of predictions; cards, pages and the command line show them.
`COLUMNS` are those of a run; the leaderboard shows them as text, Markdown, CSV and HTML. A new
figure is one entry here, beside the code that measures it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fashion_nn.core.text import duration
from fashion_nn.measures.scores import balanced_accuracy

if TYPE_CHECKING:
    from fashion_nn.runs import Metrics, RecipeRecord, Record, Run, TestPredictions

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Score:
    """A figure of a set of predictions.

    key: its name in metrics.json, and that of the attribute.
    title: its short name, for the head of a column.
    full_title: its name in a sentence.
    unit: empty for a pure number.
    more_is_better: whether a larger value is better.
    """

    key: str
    title: str
    full_title: str
    unit: str = ""
    more_is_better: bool = False

    def of(self, scores: Any) -> float | None:
        """The value in `scores`; None where it was not measured."""
        value: float | None = getattr(scores, self.key)
        return value

    @property
    def title_with_unit(self) -> str:
        return f"{self.full_title} ({self.unit})" if self.unit else self.full_title


ACCURACY = Score("accuracy", "accuracy", "accuracy", more_is_better=True)
PROBABILISTIC = (
    Score("log_loss", "log loss", "log loss", unit="nats"),
    Score("brier", "Brier score", "Brier score"),
    Score("calibration_error", "calibration error", "expected calibration error"),
)
"""The figures of the probabilities; a fitted temperature changes them and no other."""
SCORES = (ACCURACY, *PROBABILISTIC)


def sentence(scores: Any, figures: Sequence[Score] = PROBABILISTIC) -> str:
    """The figures as part of a sentence, such as `log loss 0.3127, Brier score 0.1403`."""
    return ", ".join(f"{figure.full_title} {figure.of(scores):.4f}" for figure in figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What is known of a complete run.

    epochs: number of epochs in its history.
    answers: its answers to the single test images, None where they are not stored.
    tied: letters that it shares with the runs that are not told apart from it, see `tied_groups`;
        None where there is nothing to compare it with.
    """

    run: "Run"
    record: "Record"
    metrics: "Metrics"
    epochs: int
    model_bytes: int
    answers: "TestPredictions | None" = None
    tied: str | None = None

    @property
    def dataset(self) -> str:
        return self.record.dataset.name

    @property
    def answers_id(self) -> str | None:
        """16 hex digits of the test rows whose single answers are stored."""
        return self.answers.fingerprint[:16] if self.answers else None

    @property
    def settings(self) -> str:
        """8 hex digits of the recipe without its seed: runs that share them differ by their seed
        alone.
        """
        return _settings(self.record.recipe)


Getter = Callable[[RunFigures], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a figure is shown to people.

    text: from the value of the column to what is shown; values that were not measured never reach
        it.
    place: figures stand in the order of the columns, but those with a larger number come later.
    """

    title: str
    text: Callable[[Any], Cell] = lambda value: value
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A figure of a run.

    key: the head of its column in the CSV.
    value: what stands there; None, an empty cell, where it was not measured.
    more_is_better: None where neither is.
    is_cost: whether it says what the model costs, rather than how good it is.
    people: the value that `table` and `page` show, if it is another than that of the CSV.
    table: how it is shown in the table of text and Markdown; None: not at all.
    page: the same of the HTML page.
    """

    key: str
    value: Getter
    more_is_better: bool | None = None
    is_cost: bool = False
    people: Getter | None = None
    table: Shown | None = None
    page: Shown | None = None

    def shown(self, how: Shown, row: RunFigures) -> Cell:
        """What is shown to people; None where it was not measured."""
        value = (self.people or self.value)(row)
        return None if value is None else how.text(value)


def values(row: RunFigures) -> dict[str, Cell]:
    """The values of all columns by their keys."""
    return {column.key: column.value(row) for column in COLUMNS}


def table_columns() -> list[tuple[Column, Shown]]:
    """The columns of the table of text and Markdown, in their order."""
    shown = [(column, column.table) for column in COLUMNS if column.table]
    return sorted(shown, key=lambda each: each[1].place)


def on_page(row: RunFigures) -> list[tuple[str, Cell]]:
    """Titles and texts of the figures on the HTML page: how good the run is, then what it costs."""
    shown = [(column, column.page) for column in COLUMNS if column.page]
    shown.sort(key=lambda each: (each[0].is_cost, each[1].place))
    texts = [(how.title, column.shown(how, row)) for column, how in shown]
    return [(title, text) for title, text in texts if text is not None]


def percent(share: float, digits: int = 2) -> str:
    """A share as text in per cent, with the sign."""
    return f"{100 * share:.{digits}f}\u00a0%"


def _at(path: str) -> Getter:
    """The attribute of a run's figures at a dotted path; None where the path ends early."""

    def get(row: RunFigures) -> Any:
        found: Any = row
        for name in path.split("."):
            if found is None:
                return None
            found = getattr(found, name)
        return found

    return get


def _bound(path: str, end: int) -> Getter:
    """One end of an interval, rounded to four digits."""
    get = _at(path)

    def bound(row: RunFigures) -> float | None:
        interval = get(row)
        return None if interval is None else round(interval[end], 4)

    return bound


def _settings(recipe: "RecipeRecord") -> str:
    kept = {key: value for key, value in recipe.to_json().items() if key not in ("seed", "sources")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]


def _train_seconds(row: RunFigures) -> float:
    seconds = row.record.train_seconds
    return round(seconds, 1) if seconds < 10 else round(seconds)


def _balanced_accuracy(row: RunFigures) -> float | None:
    """The mean recall of the classes; in older metrics.json files too, from their figures of each
    class.
    """
    test = row.metrics.test
    return balanced_accuracy(test.per_class) if test else None


def _milliseconds(row: RunFigures) -> float | None:
    """Time to predict one image."""
    took = row.metrics.prediction
    return 1000 * took.seconds / took.images if took else None


COLUMNS = (
    Column(key="run", value=_at("run.name"), table=Shown(title="run")),
    Column(key="recipe", value=_at("record.recipe.name")),
    Column(key="settings", value=_at("settings")),
    Column(key="seed", value=_at("record.recipe.seed")),
    Column(key="dataset", value=_at("dataset"), table=Shown(title="dataset")),
    Column(
        key="parameters",
        value=_at("record.parameters"),
        more_is_better=False,
        is_cost=True,
        table=Shown(title="parameters"),
        page=Shown(title="parameters", text=lambda number: f"{number:,}"),
    ),
    Column(
        key="multiply_adds",
        value=_at("metrics.multiply_adds"),
        more_is_better=False,
        is_cost=True,
        table=Shown(title="M multiply-adds", text=lambda number: f"{number / 1e6:,.2f}"),
        page=Shown(title="multiply-adds", text=lambda number: f"{number / 1e6:,.2f} M"),
    ),
    Column(key="epochs", value=_at("epochs"), more_is_better=False, is_cost=True),
    Column(
        key="train_seconds",
        value=_train_seconds,
        more_is_better=False,
        is_cost=True,
        table=Shown(title="train s"),
        page=Shown(title="training", text=lambda seconds: duration(seconds, digits=".3g")),
    ),
    Column(
        key="predict_seconds",
        value=_at("metrics.prediction.seconds"),
        more_is_better=False,
        is_cost=True,
        people=_milliseconds,
        table=Shown(title="ms an image", text=lambda each: f"{each:.3f}"),
        page=Shown(title="prediction", text=lambda each: f"{each:.3g} ms"),
    ),
    Column(key="predict_n", value=_at("metrics.prediction.images")),
    Column(
        key="model_bytes",
        value=_at("model_bytes"),
        more_is_better=False,
        is_cost=True,
        table=Shown(title="MB", text=lambda size: f"{size / 1e6:.2f}"),
        page=Shown(title="file", text=lambda size: f"{size / 1e6:.2f} MB"),
    ),
    Column(
        key="valid_accuracy",
        value=_at("metrics.valid.accuracy"),
        more_is_better=True,
        table=Shown(title="validation %"),
        page=Shown(title="validation", text=percent),
    ),
    Column(key="valid_low", value=_bound("metrics.valid.interval", 0)),
    Column(key="valid_high", value=_bound("metrics.valid.interval", 1)),
    Column(key="valid_n", value=_at("metrics.valid.n")),
    # The page draws the test accuracy with its interval.
    Column(
        key="test_accuracy",
        value=_at("metrics.test.accuracy"),
        more_is_better=True,
        table=Shown(title="test %"),
    ),
    Column(key="test_low", value=_bound("metrics.test.interval", 0)),
    Column(key="test_high", value=_bound("metrics.test.interval", 1)),
    Column(key="test_n", value=_at("metrics.test.n")),
    Column(key="test_balanced_accuracy", value=_balanced_accuracy, more_is_better=True),
    Column(key="test_log_loss", value=_at("metrics.test.log_loss"), more_is_better=False),
    Column(
        key="test_calibration_error",
        value=_at("metrics.test.calibration_error"),
        more_is_better=False,
        table=Shown(title="calibration error %", text=lambda share: f"{100 * share:.1f}", place=1),
        page=Shown(title="calibration error", text=lambda share: percent(share, 1), place=1),
    ),
    Column(
        key="clean_accuracy",
        value=_at("metrics.test.without_near_duplicates.accuracy"),
        more_is_better=True,
        table=Shown(title="without near duplicates %", text=lambda share: f"{100 * share:.2f}"),
        page=Shown(title="without near duplicates", text=percent),
    ),
    Column(key="clean_n", value=_at("metrics.test.without_near_duplicates.n")),
    Column(key="answers", value=_at("answers_id")),
    Column(key="tied", value=_at("tied"), table=Shown(title="tied", place=2)),
)
