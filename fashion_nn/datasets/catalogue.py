"""The known data sets: one record each says what it is, who made it, and where its bytes come from.

A new data set is a record in `DATASETS`. One that is not published as IDX files needs a function
that makes its rows, as `digits` does.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fashion_nn.datasets.digits import digits
from fashion_nn.datasets.splits import OfficialRows
from fashion_nn.errors import InputError

_DIGIT_NAMES = tuple("0123456789")


@dataclass(frozen=True)
class DataSet:
    """One known data set.

    Attributes:
        name: what `load` takes.
        title: for people.
        class_names: in the order of the labels.
        image_shape: height and width, in pixels.
        train_images, test_images: official number of rows.
        licence: and its holders.
        source: where the data set is published.
        fingerprint: `splits.fingerprint` of the official training rows. It recognises the same
            images and labels in any container, such as a CSV file.
        ranges: figure of an image → the range of nearly all training images; see `recognition`,
            whose `measure_ranges` computes them.
        mirror_keeps_class: whether a mirrored image is one of the same class.
        mean, deviation: of all pixels of the official training images, on a scale of 0 to 1.
        sha256: name of an IDX file → sha256 of its *unpacked* bytes, since the same files are
            packed differently from place to place. Empty if the data set comes with a package.
        downloads: files to download, as paths in Keras' cache.
        table_prefix: first part of the names of exported tables; empty for `name`.
        packaged: makes the rows of a data set that comes with an installed package.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int]
    train_images: int
    test_images: int
    licence: str
    source: str
    fingerprint: str
    ranges: Mapping[str, tuple[float, float]]
    mirror_keeps_class: bool
    mean: float
    deviation: float
    sha256: Mapping[str, str] = field(default_factory=dict)
    downloads: tuple[str, ...] = ()
    table_prefix: str = ""
    packaged: Callable[[], OfficialRows] | None = None

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def folders(self) -> tuple[str, ...]:
        """Names that the folder of its IDX files may have, the usual one first."""
        return tuple(dict.fromkeys((self.name.replace("_", "-"), self.name)))


DATASETS: Mapping[str, DataSet] = {
    record.name: record
    for record in (
        DataSet(
            name="fashion_mnist",
            title="Fashion-MNIST",
            class_names=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            image_shape=(28, 28),
            train_images=60_000,
            test_images=10_000,
            licence="MIT, Zalando SE",
            source="https://github.com/zalandoresearch/fashion-mnist",
            fingerprint="c9471586015d65bcd36bd44575c3f83a8bfa8fd40cef404845336f3b15684d87",
            ranges={
                "zeros": (0.081, 0.911),
                "bright": (-0.004, 0.172),
                "mean": (0.016, 0.703),
                "step": (0.552, 1.013),
                "roughness": (0.032, 1.026),
                "extent": (26.97, 28.03),
                "row": (-5.91, 8.128),
                "column": (-2.218, 6.336),
                "height": (1.266, 9.757),
                "width": (1.479, 9.498),
            },
            mirror_keeps_class=True,
            mean=0.28604,
            deviation=0.35302,
            sha256={
                "train-images-idx3-ubyte": (
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
                ),
                "train-labels-idx1-ubyte": (
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
                ),
                "t10k-images-idx3-ubyte": (
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
                ),
                "t10k-labels-idx1-ubyte": (
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
                ),
            },
            downloads=(
                "fashion-mnist/train-images-idx3-ubyte.gz",
                "fashion-mnist/train-labels-idx1-ubyte.gz",
                "fashion-mnist/t10k-images-idx3-ubyte.gz",
                "fashion-mnist/t10k-labels-idx1-ubyte.gz",
            ),
            table_prefix="fashion",
        ),
        DataSet(
            name="mnist",
            title="MNIST",
            class_names=_DIGIT_NAMES,
            image_shape=(28, 28),
            train_images=60_000,
            test_images=10_000,
            licence="CC BY-SA 3.0, Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
            source="http://yann.lecun.com/exdb/mnist/",
            fingerprint="c41b322ede5b4fc991fbf5440b21cefc76cb0418e0ebf66b8f78109632b41509",
            ranges={
                "zeros": (0.611, 0.956),
                "bright": (-0.005, 0.272),
                "mean": (0.023, 0.316),
                "step": (0.816, 1.005),
                "roughness": (0.162, 1.423),
                "extent": (20.0, 20.0),
                "row": (-0.029, 1.029),
                "column": (-0.029, 1.029),
                "height": (2.602, 7.219),
                "width": (0.483, 6.773),
            },
            mirror_keeps_class=False,
            mean=0.13066,
            deviation=0.30811,
            sha256={
                "train-images-idx3-ubyte": (
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
                ),
                "train-labels-idx1-ubyte": (
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
                ),
                "t10k-images-idx3-ubyte": (
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
                ),
                "t10k-labels-idx1-ubyte": (
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
                ),
            },
            downloads=("mnist.npz",),
        ),
        DataSet(
            name="digits",
            title="Optical recognition of handwritten digits, 8x8 scaled to 28x28",
            class_names=_DIGIT_NAMES,
            image_shape=(28, 28),
            train_images=1_438,
            test_images=359,
            licence=(
                "E. Alpaydin and C. Kaynak, UCI Machine Learning Repository; shipped with"
                " scikit-learn"
            ),
            source=(
                "https://archive.ics.uci.edu/dataset/80 (the 1,797 images of"
                " sklearn.datasets.load_digits)"
            ),
            fingerprint="4b9bd3498667b65b623a80e06c4297cd0aec5625d5fefd6ee8a763a375decb59",
            ranges={
                "zeros": (0.149, 0.549),
                "bright": (-0.004, 0.148),
                "mean": (0.215, 0.422),
                "step": (0.217, 0.288),
                "roughness": (0.156, 0.329),
                "extent": (28.0, 28.0),
                "row": (-4.172, 4.152),
                "column": (-3.4, 4.044),
                "height": (6.214, 9.671),
                "width": (2.291, 6.407),
            },
            mirror_keeps_class=False,
            mean=0.30514,
            deviation=0.32454,
            packaged=digits,
        ),
    )
}


def names() -> tuple[str, ...]:
    """Names of the known data sets, as `load` takes them."""
    return tuple(DATASETS)


def known(name_or_path: str | os.PathLike[str]) -> DataSet | None:
    """The data set of this name, with hyphens or underscores; None for a path, for instance."""
    return DATASETS.get(name_or_path.replace("-", "_")) if isinstance(name_or_path, str) else None


def require(name: str) -> DataSet:
    """The data set of this name.

    Raises:
        InputError: there is none; the message lists the names.
    """
    record = known(name)
    if record is None:
        raise InputError(f"{name!r} is not a known data set; expected one of {', '.join(DATASETS)}")
    return record


def by_folder(folder: str) -> DataSet | None:
    """The data set that a folder or file of this name claims to hold; None if it claims nothing."""
    return next((record for record in DATASETS.values() if folder.lower() in record.folders), None)


def by_fingerprint(fingerprint: str) -> DataSet | None:
    """The data set whose official training rows have this fingerprint, or None."""
    return next((record for record in DATASETS.values() if record.fingerprint == fingerprint), None)


def owner_of(file_name: str, sha256: str) -> DataSet | None:
    """The data set whose official file `file_name` has these unpacked bytes, or None."""
    return next(
        (record for record in DATASETS.values() if record.sha256.get(file_name) == sha256), None
    )
