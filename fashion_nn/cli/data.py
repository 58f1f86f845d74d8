"""fashion-nn data: list, fetch, info, check, suspects, import, export."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from fashion_nn import console, datasets
from fashion_nn.cli.common import announce_download, load_splits, render_json
from fashion_nn.cli.options import (
    DATA_SETS,
    AsJson,
    DataDir,
    KnownDataset,
    Source,
    TestCsv,
    examples,
    group,
    output_file,
    output_folder,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.core.images import described
from fashion_nn.errors import InputError

app = group("List, fetch, describe, check and export data sets.")

Expect = Annotated[
    str | None,
    typer.Option("--expect", help="Warn if the images do not look like this data set."),
]
SamplePicture = Annotated[
    Path | None,
    output_file("--picture", "Draw some images of each class into this PNG."),
]
Out = Annotated[Path, output_folder("--out", "Folder for the two CSV files.")]
OutFile = Annotated[Path, output_file("--out", "File to write (.npz).")]
Table = Annotated[Path, output_file("--out", "CSV file to write: a line for each suspect label.")]
Page = Annotated[
    Path | None, output_file("--page", "Write the clearest of them as an HTML page with images.")
]
Folds = Annotated[
    int, typer.Option("--folds", min=2, max=100, help="Parts that are held out, one by one.")
]
Place = Annotated[str, typer.Argument(metavar="PLACE", help=f"Data set: {DATA_SETS}.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]


@app.command("list", epilog=examples("fashion-nn data list", "fashion-nn data list | grep digits"))
def list_() -> None:
    """List the known data sets."""
    known = datasets.DATASETS.items()
    rows = [(name, each.title, len(each.class_names), each.licence) for name, each in known]
    console.table(("name", "title", "classes", "licence"), rows)


@app.command(
    epilog=examples(
        "fashion-nn data fetch digits",
        "fashion-nn data fetch fashion_mnist --data-dir data",
    ),
)
def fetch(name: KnownDataset, data_dir: DataDir = None) -> None:
    """Download a data set if no local copy exists."""
    announce_download(name, data_dir)
    print(datasets.fetch(name, data_dir=data_dir))


@dataclass(frozen=True)
class Described(Reading):
    """The parameters of the command."""

    name: Source
    data_dir: DataDir = None
    test: TestCsv = None
    expect: Expect = None
    picture: SamplePicture = None
    as_json: AsJson = False


@app.command(
    epilog=examples(
        "fashion-nn data info digits",
        "fashion-nn data info train.csv --expect fashion_mnist --picture images.png",
    ),
)
@takes(Described)
def info(request: Described) -> None:
    """Describe a data set: counts, pixels and fingerprint.

    Also prints the number of images of each class, and which known data set the images look like.
    """
    splits = load_splits(
        request.name, data_dir=request.data_dir, test=request.test, options=request.options()
    )
    found = datasets.describe(splits, request.name, expect=request.expect)
    if request.picture:
        from fashion_nn.pages import figures

        images = splits.train.images
        labels = splits.train.labels
        figures.sample_grid(images, labels, splits.class_names, request.picture, title=splits.name)
    if request.as_json:
        print(render_json(found))
    else:
        _print_info(found)
        # Those of the files were printed when these were read.
        for warning in datasets.disagreements(splits, request.name, request.expect):
            console.note(f"warning: {warning}")


@dataclass(frozen=True)
class Checked(Reading):
    """The parameters of the command."""

    name: Source
    data_dir: DataDir = None
    test: TestCsv = None
    as_json: AsJson = False


@app.command(
    epilog=examples(
        "fashion-nn data check digits",
        "fashion-nn data check train.csv --test test.csv --json",
    ),
)
@takes(Checked)
def check(request: Checked) -> None:
    """Find equal and nearly equal images in a data set.

    Counts them inside and between the splits, and how often their labels agree.
    """
    from fashion_nn.datasets import duplicates

    splits = load_splits(
        request.name, data_dir=request.data_dir, test=request.test, options=request.options()
    )
    with console.work_bar("comparing images") as progress:
        found = duplicates.check(splits, progress=progress)
    if request.as_json:
        print(render_json(found))
    else:
        _print_duplicates(found)


@dataclass(frozen=True)
class Judged(Reading):
    """The parameters of the command."""

    name: Source
    out: Table
    page: Page = None
    folds: Folds = 5
    data_dir: DataDir = None


@app.command(
    epilog=examples(
        "fashion-nn data suspects digits --out suspects.csv",
        "fashion-nn data suspects train.csv --out suspects.csv --page suspects.html",
    ),
)
@takes(Judged)
def suspects(request: Judged) -> None:
    """Find training images whose labels are probably wrong.

    Classifiers judge rows that they were not fitted on, and confident learning says which labels
    disagree with them. Look at each image before you change its label.
    """
    splits = load_splits(request.name, data_dir=request.data_dir, options=request.options())
    console.load_tensorflow()
    from fashion_nn import baselines, measures
    from fashion_nn.pages import suspects_page

    rows = splits.original_train()
    with console.work_bar("held-out parts") as progress:
        probabilities = baselines.held_out_probabilities(rows, request.folds, progress=progress)
    found = measures.suspect_labels(rows.labels, probabilities)
    suspects_page.write_suspects_table(request.out, found, rows, splits.original_labels)
    print(f"{request.out}: {len(found.rows):,} of {len(rows):,} labels are suspect")
    if request.page:
        suspects_page.write_suspects_page(
            request.page,
            found,
            rows,
            splits.class_names,
            title=splits.name,
            folds=request.folds,
        )
        print(request.page)


@app.command(
    epilog=examples(
        "fashion-nn data export digits --out csv",
        "fashion-nn data export mnist --out csv --overwrite",
    ),
)
def export(
    name: KnownDataset,
    out: Out,
    data_dir: DataDir = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the training and the test split as CSV.

    The header is label,pixel1,...,pixel784.
    """
    announce_download(name, data_dir)
    for path in datasets.export(name, out, data_dir=data_dir, overwrite=overwrite):
        print(path)


@dataclass(frozen=True)
class Imported(Reading):
    """The parameters of the command."""

    place: Place
    out: OutFile
    test: TestCsv = None


@app.command(
    "import",
    epilog=examples(
        "fashion-nn data import photos --image-size 32x32 --out photos.npz",
        "fashion-nn data import emnist-letters.csv --transpose --out letters.npz",
    ),
)
@takes(Imported)
def import_(request: Imported) -> None:
    """Write a data set of any layout as one safe .npz file.

    Every command reads that file with --dataset. Labels, class names and the parts of the data set
    stay as they are.
    """
    if request.out.suffix != ".npz":
        raise InputError(f"--out {request.out}: expected a name that ends in .npz")
    splits = load_splits(
        request.place, test=request.test, validation_fraction=0, options=request.options()
    )
    datasets.write_npz(splits, request.out)
    parts = {"train": splits.train, "valid": splits.valid, "test": splits.test}
    counts = [f"{len(rows):,} {name}" for name, rows in parts.items() if rows]
    print(f"{request.out}: {', '.join(counts)} rows, {splits.classes} classes")


def _print_info(found: dict[str, Any]) -> None:
    pixels = found["pixels"]
    recognised = found["recognised"]
    official = "none known"
    if found["official"]:
        official = f"the training rows of {found['official']}, byte for byte"
    print(f"name         {found['name']}")
    print(f"images       {described(found['image_shape'])}, uint8")
    spread = f"mean {pixels['mean']:.4f}, sd {pixels['sd']:.4f}"
    print(f"pixels       {spread}, zeros {pixels['zeros']:.1%} (scale 0 to 1)")
    print(f"fingerprint  {found['fingerprint']}")
    print(f"these are    {official}")
    name = recognised["name"] or "nothing known"
    print(f"looks like   {name} ({recognised['score']:.1%} of images)")
    print(f"split        {found['split']['id']}, seed {found['split']['seed']}\n")
    parts = list(found["counts"])
    counts = [found["class_counts"][part] for part in parts]
    names = found["classes"]
    rows = [(name, *(of_part[i] for of_part in counts)) for i, name in enumerate(names)]
    console.table(("class", *parts), [*rows, ("all", *found["counts"].values())])


def _print_duplicates(found: dict[str, Any]) -> None:
    same_label = found["exact_same_label"]
    exact = [(kind, pairs, same_label[kind]) for kind, pairs in found["exact"].items()]
    console.table(("equal images", "pairs", "with one label"), exact)
    kinds = {
        "near_train": "train near train",
        "near_test": "test near test",
        "near": "test near train",
    }
    near = [
        (title, threshold, *counts.values())
        for key, title in kinds.items()
        for threshold, counts in found.get(key, {}).items()
    ]
    print()
    columns = ("near duplicates", "RMS distance up to", "images", "nearest has the same label")
    console.table(columns, near)
