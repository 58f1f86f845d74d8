"""How good models are: evaluate, compare and describe runs and model files."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import datasets, runs
from fashion_nn.api.data import Data, loaded, of_run
from fashion_nn.api.models import Model, builder_of, model_file, run_of
from fashion_nn.core import scratch, writing
from fashion_nn.core.reading import read_bytes
from fashion_nn.core.representation import html_table
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

if TYPE_CHECKING:
    import keras
    import pandas  # type: ignore[import-untyped]

    from fashion_nn.datasets import Splits
    from fashion_nn.evaluation import Evaluation
    from fashion_nn.inference import Feeding
    from fashion_nn.inference.scaling import LabelledRows
    from fashion_nn.pages.leaderboard import Row
    from fashion_nn.zoo import OwnBuilder

Progress = Callable[[int, int], None]
MEND = 'give a data set, such as --dataset digits (in Python: data="digits")'


def evaluate(
    model: Model,
    data: Data | None = None,
    *,
    scale: str = "auto",
    calibrate: str | os.PathLike[str] | None = None,
    builder: "OwnBuilder | Callable[..., keras.Model] | None" = None,
    progress: Progress | None = None,
) -> "Evaluation":
    """Measure a model on the test images of a data set.

    The evaluation of a run is logged in its folder, which gets the first figures and two pictures.
    That of a model file leaves nothing.

    Args:
        model: a run, its folder, or a .keras or .h5 file, which may come from a stranger.
        data: what `load` returns, or what it takes. None: what the run was trained on.
        scale: what the model takes for pixels of 0 to 255; "auto" finds it by validation rows. The
            models of runs scale pixels themselves.
        calibrate: a file with labelled images, in any layout, by which the scale is found instead.
        builder: the function that built the model, for a run with layers of your own.
        progress: called as progress(done, total) during the search for near duplicates.

    Raises:
        InputError: the data have no test rows, or do not fit the model; the model cannot be opened.

    Example:
        found = fnn.evaluate("model.h5", "digits")
        found.scores.accuracy, found.pixels
    """
    from fashion_nn import evaluation, pages

    rows = labelled_rows(calibrate, data)
    with as_run(model, data, scale=scale, rows=rows) as opened:
        run = opened.run
        if opened.file is not None and opened.feeding is not None:
            found = evaluation.evaluate(run, opened.splits, progress)
            return replace(found, name=opened.file.name, feeding=opened.feeding)
        own = builder_of(builder)
        if own is None:
            runs.require_keras_only(run.model)
        found = evaluation.evaluate(run, opened.splits, progress, own=own, scale=scale, rows=rows)
        pages.write_card(run)
        return found


def labelled_rows(path: str | os.PathLike[str] | None, data: Data | None) -> "LabelledRows | None":
    """The labelled rows in a file, by which the scale of a model is found; None without one.

    Args:
        path: of the file.
        data: those of the model. If they are loaded, the file has the same labels, and is read in
            the same way where nothing was said about it.

    Raises:
        InputError: the file is not usable.
    """
    from fashion_nn import submission

    if path is None:
        return None
    labels = data.labels if isinstance(data, datasets.Splits) else None
    origin = data.origin if isinstance(data, datasets.Splits) else None
    options = origin.options if origin else datasets.FOUND_OUT
    return submission.read_calibration(path, labels=labels, options=options)


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """Several runs, the best on validation first.

    Attributes:
        rows: the figures of each.
    """

    rows: "Sequence[Row]"

    def __repr__(self) -> str:
        return f"Leaderboard({', '.join(row.run.name for row in self.rows)})"

    def _repr_html_(self) -> str:
        """The table that `fashion-nn compare` prints, for notebooks."""
        from fashion_nn.pages import leaderboard

        titles, cells = leaderboard.as_table(self.rows)
        return html_table("", cells, titles)

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each run, with the columns of `fashion-nn compare --csv`."""
        import pandas

        from fashion_nn.measures.columns import values

        return pandas.DataFrame([values(row) for row in self.rows])


def compare(*models: Model, data: Data | None = None) -> Leaderboard:
    """Compare runs and model files by accuracy, calibration and cost.

    Args:
        *models: runs, their folders, and .keras or .h5 files. None: all runs in models/.
        data: what the files are measured on, as `load` returns it or as what it takes.

    Raises:
        InputError: a run is not complete, a file cannot be opened, or there are no data for it.

    Example:
        fnn.compare(run, "other.h5", data="digits")
    """
    from fashion_nn import evaluation
    from fashion_nn.pages import leaderboard

    with ExitStack() as stack:
        found = []
        for model in models:
            if not _is_file(model):
                found.append(run_of(model))
                continue
            opened = stack.enter_context(as_run(model, data))
            evaluation.evaluate(opened.run, opened.splits)
            found.append(opened.run)
        return Leaderboard(leaderboard.rows(found or runs.find(runs.MODELS)))


def report(model: Model, data: Data | None = None, *, image: int = 0) -> Path:
    """Write an HTML page about a run, a search, or a model file, and return its path.

    Args:
        model: a run, the folder of a run or a search, or a .keras or .h5 file.
        data: what `load` returns, or what it takes. None: what the run was trained on.
        image: index of the test image whose way through the layers is shown.

    Returns:
        The page: in the folder of the run or the search; FILE.html beside a model file.

    Raises:
        InputError: the folder or file cannot be used, or the data do not fit.
    """
    from fashion_nn import evaluation, pages

    if not isinstance(model, Run) and runs.Search(Path(model)).exists:
        return pages.write_search_page(Path(model))
    with as_run(model, data) as opened:
        if opened.file is None:
            return pages.write_run_page(opened.run, opened.splits, image)
        page = opened.file.with_name(f"{opened.file.name}.html")
        writing.require_output(page)
        if opened.splits.test is not None:
            evaluation.evaluate(opened.run, opened.splits)
        written = pages.write_run_page(opened.run, opened.splits, image)
        content = read_bytes(written, expected="expected the page that was written")
        writing.write_atomic(page, content)
        return page


@dataclass(frozen=True, eq=False)
class Opened:
    """A model as a run, and the data that it is measured on.

    Attributes:
        file: the model file, if it is a bare one. The run is then in a temporary folder.
        feeding: how pixels are given to the model of the file.
    """

    run: Run
    splits: "Splits"
    file: Path | None = None
    feeding: "Feeding | None" = None


@contextmanager
def as_run(
    model: Model,
    data: Data | None = None,
    *,
    scale: str = "auto",
    rows: "LabelledRows | None" = None,
) -> Iterator[Opened]:
    """Yield a run with its data; a model file becomes a run in a temporary folder.

    Args:
        model: a run, its folder, or a .keras or .h5 file.
        data: None: what the run was trained on. A model file needs data.
        scale: of the pixels of a model file.
        rows: labelled rows by which that is found.

    Raises:
        InputError: the run or file cannot be opened, or there are no data for it.
    """
    from fashion_nn import wrapping

    if not _is_file(model):
        run = run_of(model)
        run.read_metrics()  # An incomplete run is refused before its data are loaded.
        yield Opened(run, of_run(run, data))
        return
    file = model_file(model)
    if data is None:
        raise InputError(f"{file}: is no run, so its data must be named: {MEND}")
    splits = loaded(data)
    with scratch.folder() as folder:
        run, feeding = wrapping.wrapped(file, splits, folder / file.stem, scale=scale, rows=rows)
        yield Opened(run, splits, file, feeding)


def _is_file(model: Model) -> bool:
    from fashion_nn import wrapping

    return not isinstance(model, Run) and wrapping.is_file(Path(model))
