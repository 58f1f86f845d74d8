"""fashion-nn data: list, fetch, info, check, export."""

from pathlib import Path
from typing import Annotated

import typer

from fashion_nn import datasets
from fashion_nn.cli.options import (
    AsJson,
    DataDir,
    Source,
    TestCsv,
    announce_download,
    group,
    load_splits,
    option,
    render_json,
)

app = group("The data sets: list, fetch, describe, check for duplicates, export as CSV.")
*_FIRST, _LAST = datasets.names()
Name = Annotated[str, typer.Argument(help=f"A data set's name: {', '.join(_FIRST)} or {_LAST}.")]


@app.command("list")
def list_() -> None:
    """Known data sets."""
    from fashion_nn import console

    rows = [(name, known.title, len(known.class_names), known.licence) for name, known in datasets.DATASETS.items()]
    console.table(("name", "title", "classes", "licence"), rows)


@app.command()
def fetch(name: Name, data_dir: DataDir = None) -> None:
    """Make sure that a data set is here; download it when it is nowhere."""
    announce_download(name, data_dir)
    print(datasets.fetch(name, data_dir=data_dir))


@app.command()
def info(
    name: Source,
    data_dir: DataDir = None,
    test: TestCsv = None,
    expect: option(str | None, "--expect", "Warn when the images do not look like this data set's.") = None,
    picture: option(Path | None, "--picture", "Draw some images of each class into this PNG.") = None,
    as_json: AsJson = False,
) -> None:
    """Counts, class histogram, pixel statistics, content fingerprint, and what the images look like."""
    from fashion_nn import console

    announce_download(name, data_dir)
    found = datasets.info(name, data_dir=data_dir, test=test, expect=expect)
    if picture:
        from fashion_nn.pages import figures

        splits = load_splits(name, data_dir=data_dir, test=test)
        figures.sample_grid(splits.train.images, splits.train.labels, splits.class_names, picture, title=splits.name)
    if as_json:
        print(render_json(found))
    else:
        console.info(found)


@app.command()
def check(name: Source, data_dir: DataDir = None, test: TestCsv = None, as_json: AsJson = False) -> None:
    """Exact and near duplicates inside and between the splits, and whether their labels agree."""
    from fashion_nn import console
    from fashion_nn.datasets import duplicates

    splits = load_splits(name, data_dir=data_dir, test=test)
    with console.work_bar("comparing images") as progress:
        found = duplicates.check(splits, progress=progress)
    if as_json:
        print(render_json(found))
    else:
        console.duplicates(found)


@app.command()
def export(
    name: Name,
    out: option(Path, "--out", "Folder for the two CSV files."),
    data_dir: DataDir = None,
    overwrite: option(bool, "--overwrite", "Replace files that are there.") = False,
) -> None:
    """Write the training and the test split as CSV with the header label,pixel1,...,pixel784."""
    announce_download(name, data_dir)
    for path in datasets.export(name, out, data_dir=data_dir, overwrite=overwrite):
        print(path)
