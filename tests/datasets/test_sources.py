"""Where the known data sets are found, and that their bytes are believed only when they are the
published ones.
"""

import gzip
import http.server
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from idx_files import encode, small_rows, write_file, write_folder

from fashion_nn.datasets import DATASETS, download, fetch, fingerprint, load, sources
from fashion_nn.datasets.digits import upscale_digits
from fashion_nn.datasets.layouts import read_source
from fashion_nn.datasets.source import Part, Request
from fashion_nn.errors import InputError

FILES = tuple(DATASETS["mnist"].sha256)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """An empty current directory and Keras cache; the data variable unset."""
    monkeypatch.delenv("FASHION_NN_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def put(real_data: Path, name: str, folder: Path) -> Path:
    """Links to the real files of a data set in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (folder / f"{file}.gz").symlink_to(real_data / name / f"{file}.gz")
    return folder


@pytest.mark.parametrize("place", ["data_dir", "variable", "data", "cache"])
@pytest.mark.parametrize("inside", ["fashion-mnist", "fashion_mnist", "."])
def test_found_in_each_place(real_data, tmp_path, monkeypatch, place, inside):
    if place == "cache":
        inside = "fashion-mnist"
    root = {"data": Path("data"), "cache": tmp_path / "keras" / "datasets"}.get(
        place, tmp_path / "folder"
    )
    put(real_data, "fashion-mnist", root / inside)
    if place == "variable":
        monkeypatch.setenv("FASHION_NN_DATA", str(root))
    assert fetch("fashion_mnist", data_dir=root if place == "data_dir" else None) == root / inside


def test_places_are_searched_in_order(real_data, tmp_path, monkeypatch):
    folders = [
        put(real_data, "mnist", root / "mnist")
        for root in (tmp_path / "a", tmp_path / "b", Path("data"))
    ]
    monkeypatch.setenv("FASHION_NN_DATA", str(tmp_path / "b"))
    assert fetch("mnist", data_dir=tmp_path / "a") == folders[0]
    assert fetch("mnist") == folders[1]
    monkeypatch.delenv("FASHION_NN_DATA")
    assert fetch("mnist") == folders[2]


def test_loose_files_of_another_data_set_are_passed_over(real_data, tmp_path, monkeypatch):
    put(real_data, "mnist", tmp_path / "loose")
    cache = put(real_data, "fashion-mnist", tmp_path / "keras" / "datasets" / "fashion-mnist")
    monkeypatch.setenv("FASHION_NN_DATA", str(tmp_path / "loose"))
    assert fetch("fashion_mnist") == cache
    assert fetch("mnist") == tmp_path / "loose"
    with pytest.raises(InputError, match="this is mnist, expected fashion_mnist"):
        fetch("fashion_mnist", data_dir=tmp_path / "loose")


@pytest.mark.parametrize(
    "change", ["intact", "relabelled", "member missing", "not a zip", "other type"]
)
def test_keras_own_container_is_held_to_the_same_bytes(real_data, tmp_path, change):
    loaded = load("mnist", data_dir=real_data, validation_fraction=0)
    arrays = {
        "x_train": loaded.train.images,
        "y_train": loaded.train.labels.astype(np.uint8),
        "x_test": loaded.test.images,
        "y_test": loaded.test.labels.astype(np.uint8),
    }
    if change == "relabelled":
        arrays["y_test"] = arrays["y_test"][::-1]
    if change == "other type":
        arrays["y_test"] = arrays["y_test"].astype(np.int64)
    if change == "member missing":
        del arrays["x_test"]
    path = tmp_path / "keras" / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **arrays)
    if change == "not a zip":
        path.write_bytes(b"half a download")
    if change == "intact":
        assert fetch("mnist") == path
        assert load("mnist").fingerprint == loaded.fingerprint
    else:
        with pytest.raises(InputError, match=r"mnist\.npz"):
            fetch("mnist")


def test_mnist_in_the_folder_of_fashion_mnist_is_called_by_its_name(real_data, tmp_path):
    put(real_data, "mnist", tmp_path / "data" / "fashion-mnist")
    with pytest.raises(InputError, match="this is mnist, expected fashion_mnist"):
        load("fashion_mnist", data_dir=tmp_path / "data")


def test_one_changed_pixel_is_noticed(real_data, tmp_path):
    folder = put(real_data, "mnist", tmp_path / "mnist")
    content = bytearray(gzip.decompress((real_data / "mnist" / f"{FILES[2]}.gz").read_bytes()))
    content[5000] ^= 1
    (folder / f"{FILES[2]}.gz").unlink()
    (folder / FILES[2]).write_bytes(content)
    with pytest.raises(InputError, match="not MNIST's t10k-images-idx3-ubyte"):
        load("mnist", data_dir=tmp_path)


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_real_data_has_the_published_counts(real_data, name):
    record = DATASETS[name]
    splits = load(name, data_dir=real_data, validation_fraction=0)
    assert (len(splits.train), len(splits.test)) == (record.train_images, record.test_images)
    assert splits.image_shape == record.image_shape
    assert splits.fingerprint == record.fingerprint
    assert set(np.unique(splits.test.labels)) == set(range(10))


def test_an_incomplete_folder_is_not_passed_over(tmp_path):
    write_folder(tmp_path / "mnist")
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match="t10k-labels-idx1-ubyte is missing"):
        load("mnist", data_dir=tmp_path)


@pytest.mark.parametrize("origin", ["data_dir", "FASHION_NN_DATA"])
def test_a_data_folder_that_is_not_there_is_bad_input(tmp_path, monkeypatch, origin):
    missing = tmp_path / "missing"
    if origin == "FASHION_NN_DATA":
        monkeypatch.setenv(origin, str(missing))
    with pytest.raises(InputError, match=rf"{origin} is '.*missing', which is not a folder"):
        fetch("mnist", data_dir=missing if origin == "data_dir" else None)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder whose files are downloaded in place of the published ones, and what serves them."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def log_message(self, *_):
            pass

        def send_header(self, name, value):
            # A file whose name ends so is announced longer than it is.
            longer = (
                name == "Content-Length"
                and self.path.endswith("t10k-labels-idx1-ubyte.gz")
                and self.lie
            )
            super().send_header(name, int(value) + 1000 if longer else value)

    Handler.lie = False
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        monkeypatch.setattr(download, "BASE_URL", f"http://127.0.0.1:{served.server_port}")
        yield folder, Handler
        served.shutdown()


def test_a_data_set_that_is_nowhere_is_downloaded_once(real_data, server):
    folder, _ = server
    for name in FILES:
        shutil.copy(real_data / "fashion-mnist" / f"{name}.gz", folder)
    assert sources.needs_download("fashion_mnist")
    told = []
    splits = load("fashion-mnist", progress=lambda done, total: told.append((done, total)))
    assert splits.fingerprint == DATASETS["fashion_mnist"].fingerprint
    assert {done for done, total in told if done == total} == {
        path.stat().st_size for path in folder.iterdir()
    }
    assert not sources.needs_download("fashion_mnist")
    shutil.rmtree(folder)
    assert len(load("fashion_mnist").test) == 10_000


def test_a_download_that_ends_early_leaves_no_file(server):
    folder, handler = server
    handler.lie = True
    for name in FILES:
        (folder / f"{name}.gz").write_bytes(bytes(100))
    with pytest.raises(
        InputError, match=r"could not be downloaded .*t10k-labels.*ended 1,000 bytes early"
    ):
        load("fashion_mnist")
    cached = download.keras_cache() / "fashion-mnist"
    assert {path.name for path in cached.iterdir()} == {
        f"{name}.gz" for name in FILES if name != FILES[3]
    }


def test_a_download_that_is_far_too_large_is_not_kept(server, monkeypatch):
    folder, _ = server
    monkeypatch.setattr(download, "_MOST_BYTES", 1 << 20)
    for name in FILES:
        (folder / f"{name}.gz").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(InputError, match="more than 1 MiB, no file of a known data set"):
        load("fashion_mnist")
    assert not any((download.keras_cache() / "fashion-mnist").iterdir())


def test_the_largest_file_of_a_known_data_set_is_not_too_large(real_data):
    sizes = [path.stat().st_size for path in real_data.rglob("*") if path.is_file()]
    assert 2 * max(size for size in sizes if size < download._MOST_BYTES) < download._MOST_BYTES


def test_a_failed_download_says_what_to_do(server):
    with pytest.raises(InputError) as caught:
        load("fashion_mnist")
    message = str(caught.value)
    assert message.startswith(
        "fashion_mnist is not on this machine and could not be downloaded (http://"
    )
    assert "put train-images-idx3-ubyte.gz" in message
    assert "into data/fashion-mnist, or set FASHION_NN_DATA" in message
    assert "--dataset digits" in message


def read_folder(folder) -> tuple[Part, Part | None]:
    source = read_source(folder, Request())
    return source.train, source.test


@pytest.mark.parametrize("packed", [True, False])
def test_any_folder_of_idx_files_can_be_read(tmp_path, packed):
    train, test = read_folder(write_folder(tmp_path / "x", packed=packed))
    assert (train.images.shape, train.labels.dtype, len(test)) == ((30, 4, 4), np.int64, 12)
    np.testing.assert_array_equal(train.images, small_rows(30, seed=30)[0])


def test_names_with_a_dot_are_read_too(tmp_path):
    folder = write_folder(tmp_path / "x", packed=False)
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(read_folder(folder)[0]) == 30


def test_a_folder_may_have_no_test_rows(tmp_path):
    assert read_folder(write_folder(tmp_path / "x", parts=("train",)))[1] is None


@pytest.mark.parametrize("missing", [name for name in FILES if name != "t10k-images-idx3-ubyte"])
def test_a_missing_file_is_named(tmp_path, missing):
    folder = write_folder(tmp_path / "x")
    (folder / f"{missing}.gz").unlink()
    with pytest.raises(InputError, match=f"{missing} is missing"):
        read_folder(folder)


def test_images_and_labels_must_be_as_many(tmp_path):
    folder = write_folder(tmp_path / "x")
    write_file(folder / "train-labels-idx1-ubyte.gz", encode(small_rows(29)[1]))
    with pytest.raises(InputError, match=r"holds 30 images, train-labels-idx1-ubyte\.gz 29 labels"):
        read_folder(folder)


def test_labels_in_the_place_of_images_are_noticed(tmp_path):
    folder = write_folder(tmp_path / "x")
    shutil.copy(folder / "train-labels-idx1-ubyte.gz", folder / "train-images-idx3-ubyte.gz")
    with pytest.raises(InputError, match=r"holds labels \(magic number 2049\), expected images"):
        read_folder(folder)


def test_digits_are_stored_rows_of_every_class():
    splits = load("digits")
    record = DATASETS["digits"]
    whole = splits.original_train()
    assert (len(whole), len(splits.test)) == (record.train_images, record.test_images)
    assert splits.fingerprint == record.fingerprint == fingerprint(whole.images, whole.labels)
    assert np.all(np.abs(np.bincount(splits.test.labels) - 36) <= 1)
    # Which rows are test rows must never change either.
    assert fingerprint(splits.test.images, splits.test.labels)[:16] == "3839aef964387731"
    assert fetch("digits").name == "digits.csv.gz"
    assert fetch("digits").is_file()


def test_digits_are_scaled_bilinearly():
    flat = np.full((1, 8, 8), 16)
    assert np.all(upscale_digits(flat) == 255)
    assert not upscale_digits(0 * flat).any()
    ramp = np.tile(np.arange(8) * 2, (1, 8, 1))
    positions = np.clip((np.arange(28) + 0.5) * 8 / 28 - 0.5, 0, 7)
    expected = np.floor(positions * 2 * 255 / 16 + 0.5)
    np.testing.assert_array_equal(upscale_digits(ramp)[0], np.tile(expected, (28, 1)))
    np.testing.assert_array_equal(
        upscale_digits(ramp.transpose(0, 2, 1))[0], np.tile(expected, (28, 1)).T
    )


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        InputError, match="'cifar' is not a known data set; expected one of fashion_mnist, mnist"
    ):
        fetch("cifar")


def test_the_page_about_the_data_holds_the_same_checksums():
    page = (Path(__file__).parents[2] / "data" / "README.md").read_text()
    rows = [line.split("|")[1:3] for line in page.splitlines() if "ubyte | `" in line]
    assert {(name.strip(), digest.strip(" `")) for name, digest in rows} == {
        (f"{record.folders[0]}/{name}", digest)
        for record in DATASETS.values()
        for name, digest in record.sha256.items()
    }
    digits = DATASETS["digits"]
    assert f"({digits.test_images} images)" in page
    assert f"leaves {digits.train_images:,} to train on" in page
