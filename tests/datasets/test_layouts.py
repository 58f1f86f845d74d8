"""Each layout that is read, with a small example: the right images and labels, and what is said."""

import gzip
import io
import sys
from pathlib import Path

import layouts_of as given
import numpy as np
import pytest
from idx_files import encode
from PIL import Image

from fashion_nn.datasets import ReadOptions, Split, load, weak_classifier, write_npz
from fashion_nn.errors import InputError
from fashion_nn.submission import ImageTable

IMAGES = given.images()
LABELS = given.labels()
TEST_IMAGES = given.images(9, seed=1)
TEST_LABELS = given.labels(9)
SAID = "24 images of 6 x 6 pixels in 3 classes"


def require(path: Path, said: str, *, test: bool = False, **how: object):
    """Load `path`, and compare rows and line with what was put there."""
    splits = load(path, validation_fraction=0, **how)
    assert splits.said == f"{path}: read as {said}: {SAID}"
    np.testing.assert_array_equal(splits.train.images, IMAGES)
    np.testing.assert_array_equal(splits.train.labels, LABELS)
    assert (splits.test is not None) == test
    if test:
        np.testing.assert_array_equal(splits.test.images, TEST_IMAGES)
        np.testing.assert_array_equal(splits.test.labels, TEST_LABELS)
    return splits


# Tables


TABLE = "CSV with a header, 36 pixels in pixel0 to pixel35, labels in 'label'"


def test_kaggles_archive(tmp_path):
    members = {
        "train.csv": given.csv(IMAGES, LABELS),
        "test.csv": given.csv(TEST_IMAGES),
        "sample_submission.csv": "ImageId,Label\n1,0\n",
    }
    said = f"train.csv as {TABLE}, test.csv without labels, sample_submission.csv"
    require(given.write_zip(tmp_path / "digit-recognizer.zip", members), said)
    require(given.write_folder(tmp_path / "unpacked", members), said)


def test_an_archive_with_labelled_test_rows(tmp_path):
    members = {
        "fashion-mnist_train.csv": given.csv(IMAGES, LABELS, first=1),
        "fashion-mnist_test.csv": given.csv(TEST_IMAGES, TEST_LABELS, first=1),
        "__MACOSX/._fashion-mnist_train.csv": b"\0\1",
    }
    table = TABLE.replace("pixel0 to pixel35", "pixel1 to pixel36")
    said = f"fashion-mnist_train.csv as {table}, fashion-mnist_test.csv to test"
    require(given.write_zip(tmp_path / "zalando.zip", members), said, test=True)


def test_an_archive_of_one_table(tmp_path):
    path = given.write_zip(tmp_path / "a.zip", {"a.csv": given.csv(IMAGES, LABELS)})
    require(path, f"a.csv as {TABLE}")


def test_a_table_of_photographs_without_a_header(tmp_path):
    _, *rows = given.csv(IMAGES, LABELS).splitlines()
    (tmp_path / "first.csv").write_text("\n".join(rows))
    require(tmp_path / "first.csv", "CSV without a header, 37 columns, labels in the first")
    moved = [f"{row.partition(',')[2]},{row.partition(',')[0]}" for row in rows]
    (tmp_path / "last.csv").write_text("\n".join(moved))
    require(tmp_path / "last.csv", "CSV without a header, 37 columns, labels in the last")


def test_tables_whose_names_do_not_say_what_they_are_are_refused(tmp_path):
    table = given.csv(IMAGES, LABELS)
    path = given.write_zip(tmp_path / "a.zip", {"a.csv": table, "b.csv": table})
    with pytest.raises(InputError, match=r"holds 2 tables, a\.csv, b\.csv, none with train"):
        load(path)
    path = given.write_zip(
        tmp_path / "b.zip", {"train1.csv": table, "x/train-2.csv": table, "train-3.csv": table}
    )
    with pytest.raises(InputError, match="several tables with train in their names"):
        load(path)


# Arrays


def test_keras_archive_of_arrays(tmp_path):
    path = tmp_path / "mnist.npz"
    arrays = {"x_train": IMAGES, "y_train": LABELS.astype(np.uint8)}
    np.savez(path, **arrays, x_test=TEST_IMAGES, y_test=TEST_LABELS.astype(np.uint8))
    require(path, "NumPy arrays x_train, y_train, x_test, y_test", test=True)


VARIANTS = {
    "int64": (IMAGES.astype(np.int64), LABELS, ""),
    "labels in a column": (IMAGES, LABELS[:, None], ""),
    "one-hot labels": (IMAGES, np.eye(3)[LABELS], ""),
    "labels as floats": (IMAGES, LABELS.astype(float), ""),
    "fractions": (IMAGES / 255, LABELS, ", values from 0 to 1 taken times 255"),
    "float32": ((IMAGES / 255).astype("f4"), LABELS, ", values from 0 to 1 taken times 255"),
    "0 to 255 as floats": (IMAGES.astype("f4"), LABELS, ""),
    "a channel": (IMAGES[..., None], LABELS, ""),
    "channels first": (IMAGES[:, None], LABELS, ", channels first"),
    "flat": (IMAGES.reshape(24, -1), LABELS, ""),
    "in columns": (np.asfortranarray(IMAGES), LABELS, ""),
    "grey in three channels": (
        np.repeat(IMAGES[..., None], 3, axis=-1),
        LABELS,
        ", grey stored in three channels",
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_arrays_of_other_types_and_shapes(tmp_path, variant):
    x, y, said = VARIANTS[variant]
    np.savez_compressed(tmp_path / "own.npz", images=x, labels=y)
    require(tmp_path / "own.npz", f"NumPy arrays images, labels{said}")


def test_fractions_that_are_no_pixels_are_rounded_and_said(tmp_path):
    np.savez(tmp_path / "own.npz", x=IMAGES / 255 * 0.999, y=LABELS)
    splits = load(tmp_path / "own.npz", validation_fraction=0)
    assert "taken times 255, rounded to whole numbers" in splits.said
    expected = np.rint(IMAGES * 0.999)
    np.testing.assert_array_equal(splits.train.images, expected)


def test_colours_stay(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (24, 6, 5, 3), dtype=np.uint8)
    for name, x in (("last", colours), ("first", colours.transpose(0, 3, 1, 2))):
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=LABELS)
        splits = load(tmp_path / f"{name}.npz", validation_fraction=0)
        np.testing.assert_array_equal(splits.train.images, colours)
        assert splits.image_shape == (6, 5, 3)


def test_own_validation_rows_are_used(tmp_path):
    path = tmp_path / "pathmnist.npz"
    valid = given.images(6, seed=2)
    np.savez(
        path,
        train_images=IMAGES,
        train_labels=LABELS[:, None],
        val_images=valid,
        val_labels=given.labels(6)[:, None],
        test_images=TEST_IMAGES,
        test_labels=TEST_LABELS[:, None],
    )
    splits = load(path)
    np.testing.assert_array_equal(splits.train.images, IMAGES)
    np.testing.assert_array_equal(splits.valid.images, valid)
    np.testing.assert_array_equal(splits.test.labels, TEST_LABELS)
    assert splits.valid_indices.tolist() == list(range(24, 30))
    np.testing.assert_array_equal(splits.original_train().images, np.concatenate([IMAGES, valid]))


def test_pairs_of_files_with_one_array_each(tmp_path):
    folder = tmp_path / "kmnist"
    folder.mkdir()
    for name, values in {
        "kmnist-train-imgs": IMAGES,
        "kmnist-train-labels": LABELS.astype(np.uint8),
        "kmnist-test-imgs": TEST_IMAGES,
        "kmnist-test-labels": TEST_LABELS.astype(np.uint8),
    }.items():
        np.savez_compressed(folder / f"{name}.npz", values)
    names = "kmnist-test-imgs, kmnist-test-labels, kmnist-train-imgs, kmnist-train-labels"
    require(folder, f"NumPy arrays {names}", test=True)


def test_a_file_for_each_class(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    for label, name in enumerate(("ant", "bee", "cat")):
        flat = IMAGES[label == LABELS].reshape(-1, 36)
        np.save(folder / f"full_numpy_bitmap_{name}.npy", flat)
    splits = load(folder, validation_fraction=0)
    assert splits.class_names == splits.original_labels == ("ant", "bee", "cat")
    np.testing.assert_array_equal(splits.train.images, IMAGES[np.argsort(LABELS, kind="stable")])
    assert "NumPy arrays, a file for each of 3 classes" in splits.said


def test_labels_from_another_file(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    (tmp_path / "labels.csv").write_text("label\n" + "".join(f"{label}\n" for label in LABELS))
    with pytest.raises(InputError, match="no labels: give the file that has them with --labels-fr"):
        load(tmp_path / "x.npy")
    for name in ("labels.npy", "labels.csv"):
        options = ReadOptions(labels_from=str(tmp_path / name))
        require(tmp_path / "x.npy", "NumPy arrays x", options=options)


REFUSED_ARRAYS = {
    "volumes": (np.zeros((9, 4, 4, 4), np.uint8), LABELS[:9], "expected images"),
    "several labels": (IMAGES, np.ones((24, 14), int), "several labels an image are not read"),
    "standardised": (IMAGES / 60.0 - 2, LABELS, "undo the standardisation"),
    "not a number": (np.full((3, 2, 2), np.nan), LABELS[:3], "expected 0 to 255 or 0 to 1"),
    "fewer labels": (IMAGES, LABELS[:9], "holds 9 labels for 24 images"),
    "fractions as labels": (IMAGES, LABELS / 2, "labels are fractions"),
    "objects": (np.array([IMAGES, None], object), LABELS, "are a pickle and are never opened"),
    "no square": (np.zeros((9, 35), np.uint8), LABELS[:9], "--image-size"),
}


@pytest.mark.parametrize("what", REFUSED_ARRAYS)
def test_refuses_other_arrays(tmp_path, what):
    x, y, message = REFUSED_ARRAYS[what]
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y)
    with pytest.raises(InputError) as caught:
        load(tmp_path / "a.npz")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# IDX files


IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
PAIRS = {"train": (IMAGES, LABELS), "t10k": (TEST_IMAGES, TEST_LABELS)}


def idx_members(prefix: str = "", *, packed: bool = True) -> dict[str, bytes]:
    """The four files; the name of a part may have a prefix."""
    members = {}
    for part, (images, labels) in PAIRS.items():
        for name, values in ((IDX[0], images), (IDX[1], labels)):
            content = encode(values)
            where = f"{prefix}{name.replace('train', part)}"
            members[where + ".gz" * packed] = gzip.compress(content) if packed else content
    return members


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
def test_idx_files_in_an_archive(tmp_path, name, packed):
    members = idx_members("fashion/", packed=packed) | {"__MACOSX/fashion/._a": b"x"}
    write = given.write_zip if name == "a.zip" else given.write_tar
    require(write(tmp_path / name, members), "IDX files", test=True)


def test_idx_files_of_emnist(tmp_path):
    members = {
        name.replace("t10k", "test"): content
        for name, content in idx_members("emnist-letters-").items()
    }
    require(given.write_folder(tmp_path / "letters", members), "IDX files", test=True)
    both = members | idx_members("emnist-digits-")
    with pytest.raises(InputError, match="give the files of one data set"):
        load(given.write_zip(tmp_path / "gzip.zip", both))


def test_idx_images_without_labels(tmp_path):
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(encode(IMAGES)))
    with pytest.raises(InputError, match="t10k-labels-idx1-ubyte is missing"):
        load(path)
    np.testing.assert_array_equal(next(ImageTable(path).blocks()).images, IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    options = ReadOptions(labels_from=str(tmp_path / "labels.npy"))
    require(path, "IDX files", options=options)


# Pictures


FOLDERS = "pictures in a folder for each class"


@pytest.mark.parametrize("suffix", ["png", "bmp", "pgm", "tif", "webp"])
def test_a_folder_for_each_class(tmp_path, suffix):
    members = given.pictures(suffix=suffix)
    if suffix == "webp":
        members = {
            name: given.picture(pixels, "webp", lossless=True)
            for name, pixels in zip(members, IMAGES, strict=True)
        }
    members |= {"Thumbs.db": b"x", ".ipynb_checkpoints/ant/1.png": b"x", "README.txt": "hello"}
    folder = given.write_folder(tmp_path / "mine", members)
    splits = load(folder, validation_fraction=0)
    order = np.argsort(LABELS, kind="stable")
    np.testing.assert_array_equal(splits.train.images, IMAGES[order])
    np.testing.assert_array_equal(splits.train.labels, LABELS[order])
    assert splits.original_labels == ("ant", "bee", "cat")
    grey = ", grey stored as RGB" if suffix == "webp" else ""
    assert splits.said == f"{folder}: read as {FOLDERS}{grey}: {SAID}"


def test_parts_of_pictures_in_an_archive(tmp_path):
    members = given.pictures("set/train/") | given.pictures("set/val/", seed=1)
    members |= given.pictures("set/test/", seed=2) | {"__MACOSX/set/train/ant/._0.png": b"x"}
    path = given.write_zip(tmp_path / "set.zip", members)
    splits = load(path)
    order = np.argsort(LABELS, kind="stable")
    for part, seed in ((splits.train, 0), (splits.valid, 1), (splits.test, 2)):
        np.testing.assert_array_equal(part.images, given.images(seed=seed)[order])
        np.testing.assert_array_equal(part.labels, LABELS[order])
    assert splits.said == f"{path}: read as {FOLDERS}, test, valid: {SAID}"


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tgz"])
def test_pictures_and_tables_in_a_tar_archive(tmp_path, name):
    path = given.write_tar(tmp_path / name, given.pictures() | {"._x.png": b"x"})
    splits = load(path, validation_fraction=0)
    assert splits.said == f"{path}: read as {FOLDERS}: {SAID}"
    np.testing.assert_array_equal(splits.train.images, IMAGES[np.argsort(LABELS, kind="stable")])
    path = given.write_tar(tmp_path / f"table-{name}", {"a.csv": given.csv(IMAGES, LABELS)})
    require(path, f"a.csv as {TABLE}")


def test_numbers_as_folders_are_sorted_as_numbers(tmp_path):
    members = {f"{k}/{i}.png": given.picture(IMAGES[i]) for k in range(11) for i in range(2)}
    splits = load(given.write_folder(tmp_path / "mine", members), validation_fraction=0)
    assert splits.original_labels == tuple(range(11))
    assert splits.train.labels.tolist() == [k for k in range(11) for _ in range(2)]


@pytest.mark.parametrize("table", ["metadata.csv", "metadata.jsonl", "given.csv"])
def test_labels_of_pictures_from_a_table(tmp_path, table):
    members = {f"{i}.png": given.picture(pixels) for i, pixels in enumerate(IMAGES)}
    words = [("ant", "bee", "cat")[label] for label in LABELS]
    lines = [f"{i}.png,{word}\n" for i, word in enumerate(words)]
    content = "file_name,label\n" + "".join(lines)
    if table.endswith("jsonl"):
        content = "".join(
            f'{{"file_name": "{i}.png", "label": "{word}"}}\n' for i, word in enumerate(words)
        )
    options = ReadOptions()
    if table == "given.csv":
        (tmp_path / table).write_text(content)
        options = ReadOptions(labels_from=str(tmp_path / table))
    else:
        members[table] = content.encode()
    folder = given.write_folder(tmp_path / "mine", members)
    require(folder, f"pictures with the labels of {table}", options=options)


def turned(pixels: np.ndarray) -> bytes:
    picture = Image.fromarray(np.rot90(pixels))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    return given.picture(picture, exif=exif)


def transparent(pixels: np.ndarray) -> bytes:
    alpha = Image.fromarray(255 - pixels)
    black = Image.new("L", alpha.size, 0)
    return given.picture(Image.merge("LA", (black, alpha)))


WAYS = {
    "RGB": (lambda x: given.picture(Image.fromarray(x).convert("RGB")), ", grey stored as RGB"),
    "a palette": (lambda x: given.picture(Image.fromarray(x).convert("P")), ", grey stored as RGB"),
    "16 bits": (
        lambda x: given.picture(Image.fromarray(x.astype(np.uint16) * 257)),
        ", 16 bits taken as 8",
    ),
    "transparent": (transparent, ", transparent pixels on white, grey stored as RGB"),
    "turned": (turned, ", turned as EXIF says"),
    "interlaced or not": (lambda x: given.picture(Image.fromarray(x), optimize=True), ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_store_grey(tmp_path, way):
    make, said = WAYS[way]
    members = {
        f"{label}/{i:02}.png": make(pixels)
        for i, (pixels, label) in enumerate(zip(IMAGES, LABELS, strict=True))
    }
    folder = given.write_folder(tmp_path / "mine", members)
    splits = load(folder, validation_fraction=0)
    order = np.argsort(LABELS, kind="stable")
    np.testing.assert_array_equal(splits.train.images, IMAGES[order])
    assert splits.said == f"{folder}: read as {FOLDERS}{said}: {SAID}"


def test_sizes_are_made_equal_if_asked(tmp_path):
    members = given.pictures() | {"ant/large.png": given.picture(np.full((9, 9), 7, np.uint8))}
    folder = given.write_folder(tmp_path / "mine", members)
    with pytest.raises(InputError, match=r"several sizes, .* with --image-size"):
        load(folder)
    splits = load(folder, image_size=(6, 6), validation_fraction=0)
    assert splits.image_shape == (6, 6) == splits.origin.options.image_size
    with pytest.raises(InputError, match="unknown argument 'size': expected one of header"):
        load(folder, size=(6, 6))
    assert "scaled to 6 x 6" in splits.said
    assert (splits.train.images == 7).all(axis=(1, 2)).sum() == 1


def test_colours_of_pictures_stay_where_one_is_coloured(tmp_path):
    members = given.pictures()
    red = np.zeros((6, 6, 3), np.uint8)
    red[..., 0] = 200
    folder = given.write_folder(tmp_path / "mine", members | {"bee/red.png": given.picture(red)})
    splits = load(folder, validation_fraction=0)
    assert splits.image_shape == (6, 6, 3)
    assert (splits.train.images == red).all(axis=(1, 2, 3)).sum() == 1


def bomb() -> bytes:
    stream = io.BytesIO()
    Image.new("1", (5_000, 5_000)).save(stream, "png")
    return stream.getvalue()


REFUSED_PICTURES = {
    "damaged": (given.picture(IMAGES[0])[:50], "is no picture that can be opened"),
    "text": (b"<html>", "is no picture that can be opened"),
    "empty": (b"", "is no picture that can be opened"),
    "a bomb": (bomb(), "has 5000 x 5000 pixels"),
}


@pytest.mark.parametrize("what", REFUSED_PICTURES)
def test_refuses_pictures_that_cannot_be_read(tmp_path, what):
    content, message = REFUSED_PICTURES[what]
    folder = given.write_folder(tmp_path / "mine", given.pictures() | {"ant/x.png": content})
    with pytest.raises(InputError) as caught:
        load(folder)
    assert f"mine: ant/x.png: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_links_in_a_folder_are_refused(tmp_path):
    folder = given.write_folder(tmp_path / "mine", given.pictures())
    (folder / "ant" / "link.png").symlink_to(folder / "ant" / "0.png")
    with pytest.raises(InputError, match="symbolic link"):
        load(folder)


def test_names_in_an_archive_are_no_paths(tmp_path):
    (tmp_path / "secret.csv").write_text(given.csv(IMAGES, LABELS))
    path = given.write_zip(tmp_path / "x.zip", {"/secret.csv": "label,pixel0\n0,1\n1,2\n"})
    assert len(load(path, validation_fraction=0).train) == 2


# Other files


def test_binary_cifar(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (25, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(25) % 10
    records = np.column_stack(
        [labels.astype(np.uint8), colours.transpose(0, 3, 1, 2).reshape(25, -1)]
    )
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    members = {
        "cifar-10-batches-bin/data_batch_1.bin": records[:12].tobytes(),
        "cifar-10-batches-bin/data_batch_2.bin": records[12:].tobytes(),
        "cifar-10-batches-bin/test_batch.bin": records[:10].tobytes(),
        "cifar-10-batches-bin/batches.meta.txt": "\n".join(names),
    }
    path = given.write_folder(tmp_path / "cifar", members)
    splits = load(path, validation_fraction=0)
    np.testing.assert_array_equal(splits.train.images, colours)
    np.testing.assert_array_equal(splits.train.labels, labels)
    np.testing.assert_array_equal(splits.test.images, colours[:10])
    assert splits.class_names == tuple(names)
    assert f"{path}: read as binary files of CIFAR-10: 25 images of 32 x 32 pixels in c" in (
        splits.said
    )
    (path / "cifar-10-batches-bin" / "data_batch_1.bin").write_bytes(b"x" * 99)
    with pytest.raises(InputError, match="has 99 bytes, expected records of 3,073"):
        load(path)


PICKLES = {
    "mnist.pkl.gz": ("use the IDX files of MNIST", b"\x1f\x8b"),
    "cifar-10-batches-py/data_batch_1": ("cifar-10-binary.tar.gz", b"\x80\x02"),
    "cifar-100-python/train": ("cifar-10-binary.tar.gz", b"\x80\x02"),
    "data.pt": ("numpy.savez", b"PK"),
    "nothing_in_its_name": ("numpy.savez", b"\x80\x04\x95"),
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_are_refused_with_the_safe_file_to_use(tmp_path, name):
    message, content = PICKLES[name]
    members = {name: content}
    if "cifar-100" in name:
        members |= {"cifar-100-python/test": content, "cifar-100-python/meta": content}
    given.write_folder(tmp_path / "a", members)
    path = tmp_path / "a" / name if "/" not in name else tmp_path / "a"
    with pytest.raises(InputError, match=f"is a pickle, which runs .*{message}"):
        load(path)


def parquet_table(n: int = 24, seed: int = 0, name: str = "image"):
    pyarrow = pytest.importorskip("pyarrow")
    rows = [{"bytes": given.picture(each), "path": None} for each in given.images(n, seed)]
    table = pyarrow.table({name: rows, "label": given.labels(n)})
    info = '{"info": {"features": {"label": {"names": ["ant", "bee", "cat"]}}}}'
    return table.replace_schema_metadata({"huggingface": info})


@pytest.mark.parametrize("name", ["image", "img"])
def test_parquet_of_hugging_face(tmp_path, name):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "data"
    folder.mkdir()
    parquet.write_table(parquet_table(name=name), folder / "train-00000-of-00001.parquet")
    parquet.write_table(parquet_table(9, 1, name), folder / "test-00000-of-00001.parquet")
    splits = require(folder, "Parquet with pictures, test", test=True)
    assert splits.class_names == ("ant", "bee", "cat")
    assert splits.original_labels == (0, 1, 2)


def test_parquet_that_is_damaged_or_of_other_columns_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="is no Parquet file that can be read"):
        load(tmp_path / "a.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="has no column named image"):
        load(tmp_path / "b.parquet")


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"pip install 'fashion-nn\[parquet\]'"):
        load(tmp_path / "a.parquet")


# One safe file, and images that are transposed


def test_an_imported_data_set_is_the_same_again(tmp_path):
    members = given.pictures("train/") | given.pictures("val/", seed=1)
    members |= given.pictures("test/", seed=2)
    once = load(given.write_folder(tmp_path / "mine", members), validation_fraction=0)
    write_npz(once, tmp_path / "mine.npz")
    again = load(tmp_path / "mine.npz")
    assert (again.name, again.class_names, again.original_labels) == (
        once.name,
        once.class_names,
        once.original_labels,
    )
    assert (again.fingerprint, again.split_id) == (once.fingerprint, once.split_id)
    for part in ("train", "valid", "test"):
        ours, theirs = getattr(again, part), getattr(once, part)
        np.testing.assert_array_equal(ours.images, theirs.images)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
    with np.load(tmp_path / "mine.npz", allow_pickle=False) as stored:
        assert stored["y_train"][:2].tolist() == ["ant", "ant"]


def test_transposed_images_are_said_and_exchanged(tmp_path, monkeypatch):
    digits = load("digits", validation_fraction=0)
    known = weak_classifier.fit(digits.train.images, digits.train.labels, 10)
    monkeypatch.setattr(weak_classifier, "shipped", {"mnist": known}.get)
    _require_transposed(tmp_path, digits.test)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_known_images_that_are_transposed_are_said(tmp_path, real_data, name):
    test = load(name, data_dir=real_data).test
    _require_transposed(tmp_path, test.take(np.arange(600)))


def _require_transposed(folder: Path, rows: Split) -> None:
    np.savez(folder / "straight.npz", x_train=rows.images, y_train=rows.labels)
    exchanged = rows.images.transpose(0, 2, 1)
    np.savez(folder / "other.npz", x_train=exchanged, y_train=rows.labels)
    assert load(folder / "straight.npz").warnings == ()
    (warning,) = load(folder / "other.npz").warnings
    assert "the images are transposed" in warning and "--transpose" in warning
    options = ReadOptions(transpose=True)
    mended = load(folder / "other.npz", options=options, validation_fraction=0)
    assert mended.warnings == ()
    assert "rows and columns exchanged" in mended.said
    np.testing.assert_array_equal(mended.train.images, rows.images)
