"""The table of layouts in docs/data.md: what each file is taken for, made by loading an example."""

from collections.abc import Callable
from pathlib import Path

import layouts_of as given
import numpy as np
import pytest

from fashion_nn.core.reading import between_marks
from fashion_nn.datasets import load

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
MARKS = ("<!-- layouts: begin -->", "<!-- layouts: end -->")
IMAGES = given.images()
LABELS = given.labels()


def one_table(path: Path) -> None:
    path.write_text(given.csv(IMAGES, LABELS))


def without_header(path: Path) -> None:
    images = IMAGES.copy()
    images[:, [0, -1]] = 0
    path.write_text(given.csv(images, LABELS).partition("\n")[2])


def with_index(path: Path) -> None:
    header, *lines = given.csv(IMAGES, LABELS).splitlines()
    rows = [f"{i};{line.replace(',', ';')}" for i, line in enumerate(lines)]
    path.write_text("\n".join([";" + header.replace(",", ";"), *rows]))


def kaggle(path: Path) -> None:
    members = {
        "train.csv": given.csv(IMAGES, LABELS),
        "test.csv": given.csv(IMAGES),
        "sample_submission.csv": "ImageId,Label\n1,0\n",
    }
    given.write_zip(path, members)


def keras(path: Path) -> None:
    np.savez(path, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)


def medmnist(path: Path) -> None:
    parts = {f"{part}_images": IMAGES for part in ("train", "val", "test")}
    np.savez(path, **parts, **{name.replace("images", "labels"): LABELS[:, None] for name in parts})


def kmnist(path: Path) -> None:
    path.mkdir()
    for part in ("train", "test"):
        np.savez(path / f"kmnist-{part}-imgs.npz", IMAGES)
        np.savez(path / f"kmnist-{part}-labels.npz", LABELS)


def drawings(path: Path) -> None:
    path.mkdir()
    for label, name in enumerate(("ant", "bee", "cat")):
        np.save(path / f"{name}.npy", IMAGES[label == LABELS].reshape(-1, 36))


def folders(path: Path) -> None:
    given.write_folder(path, given.pictures())


def parts(path: Path) -> None:
    members = {}
    for part in ("train", "val", "test"):
        members |= given.pictures(f"{part}/", "bmp")
    given.write_zip(path, members)


def metadata(path: Path) -> None:
    members: dict[str, bytes | str] = {
        f"{i}.png": given.picture(each) for i, each in enumerate(IMAGES)
    }
    lines = [f"{i}.png,{label}\n" for i, label in enumerate(LABELS)]
    given.write_folder(path, members | {"metadata.csv": "file_name,label\n" + "".join(lines)})


def idx(path: Path) -> None:
    from idx_files import write_folder

    write_folder(path)


def tar_of_pictures(path: Path) -> None:
    given.write_tar(path, given.pictures())


def cifar(path: Path) -> None:
    records = np.zeros((24, 3073), np.uint8)
    records[:, 0] = LABELS
    records[:, 1] = 200
    names = {f"data_batch_{i}.bin": records.tobytes() for i in (1, 2)}
    given.write_folder(path, names | {"test_batch.bin": records.tobytes()})


def parquet(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    path.mkdir()
    rows = [{"bytes": given.picture(each), "path": None} for each in IMAGES]
    for part in ("train", "test"):
        write_table(pyarrow.table({"image": rows, "label": LABELS}), path / f"{part}-0000.parquet")


EXAMPLES: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
    ("train.csv", "a CSV with a header, also as .tsv or .csv.gz", one_table),
    ("letters.csv", "a CSV without one: the label is first or last", without_header),
    ("own.csv", "a CSV as Excel or pandas write it", with_index),
    ("digit-recognizer.zip", "Kaggle's zip: train.csv, test.csv, sample_submission.csv", kaggle),
    ("mnist.npz", "Keras' arrays; also images and labels, or X and y", keras),
    ("pathmnist.npz", "MedMNIST: train, val and test", medmnist),
    ("kmnist", "KMNIST and K49: pairs of .npz files", kmnist),
    ("drawings", "Quick, Draw!: an .npy for each class", drawings),
    ("photos", "a folder for each class: png, jpg, bmp, ppm, pgm, tif, webp, gif", folders),
    ("photos.zip", "the same in train, val and test, here as a zip", parts),
    (
        "photos.tar.gz",
        "as .tar, .tar.gz or .tgz, like all that is in a folder",
        tar_of_pictures,
    ),
    ("flat", "pictures and metadata.csv or metadata.jsonl", metadata),
    ("hub", "Hugging Face's Parquet files", parquet),
    ("idx", "IDX files, packed as .gz or not, also those of EMNIST", idx),
    ("cifar", "the binary version of CIFAR-10", cifar),
)


def test_the_page_says_what_each_layout_is_taken_for(tmp_path, request):
    rows = ["| file or folder | what it is | read as |", "| --- | --- | --- |"]
    for name, what, make in EXAMPLES:
        path = tmp_path / name
        make(path)
        said = load(path).said.removeprefix(f"{path}: read as ").rpartition(": ")[0]
        rows.append(f"| {name} | {what} | {said} |")
    table = "\n".join(rows) + "\n"
    expected = between_marks(PAGE, MARKS, table)
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(expected)
    assert PAGE.read_text() == expected
