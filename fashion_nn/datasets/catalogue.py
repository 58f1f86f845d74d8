"""The data sets that are known by name: what they are, who made them, and what their bytes must be."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from fashion_nn.errors import InputError

DIGIT_NAMES = tuple("0123456789")


@dataclass(frozen=True)
class DataSet:
    """One known data set.

    `sha256` is of the four *unpacked* IDX files, because the same files are packed differently from place to
    place; it is empty where the data does not come as IDX. `fingerprint` is `splits.fingerprint` of the official
    training rows, so that the same images and labels are known again in any container, a CSV for instance.
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
    sha256: Mapping[str, str] = field(default_factory=dict)

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
            sha256={
                "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            },
        ),
        DataSet(
            name="mnist",
            title="MNIST",
            class_names=DIGIT_NAMES,
            image_shape=(28, 28),
            train_images=60_000,
            test_images=10_000,
            licence="CC BY-SA 3.0, Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
            source="http://yann.lecun.com/exdb/mnist/",
            fingerprint="c41b322ede5b4fc991fbf5440b21cefc76cb0418e0ebf66b8f78109632b41509",
            sha256={
                "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            },
        ),
        DataSet(
            name="digits",
            title="Optical recognition of handwritten digits, 8x8 scaled to 28x28",
            class_names=DIGIT_NAMES,
            image_shape=(28, 28),
            train_images=1_438,
            test_images=359,
            licence="E. Alpaydin and C. Kaynak, UCI Machine Learning Repository; shipped with scikit-learn",
            source="https://archive.ics.uci.edu/dataset/80 (the 1,797 images of sklearn.datasets.load_digits)",
            fingerprint="4b9bd3498667b65b623a80e06c4297cd0aec5625d5fefd6ee8a763a375decb59",
        ),
    )
}


def names() -> tuple[str, ...]:
    """The known data sets, by the names that `load` takes."""
    return tuple(DATASETS)


def known(name_or_path: str | os.PathLike[str]) -> DataSet | None:
    """The data set of this name (hyphens are as good as underscores); None for anything else, a path for instance."""
    return DATASETS.get(name_or_path.replace("-", "_")) if isinstance(name_or_path, str) else None


def require(name: str) -> DataSet:
    """As `known`, but anything else is an InputError with the list of names."""
    record = known(name)
    if record is None:
        raise InputError(f"{name!r} is not a known data set; expected one of {', '.join(DATASETS)}")
    return record


def by_folder(folder: str) -> DataSet | None:
    """The data set that a folder (or file) of this name claims to hold; None when it claims nothing."""
    return next((record for record in DATASETS.values() if folder.lower() in record.folders), None)


def by_fingerprint(fingerprint: str) -> DataSet | None:
    """The data set whose official training rows have this fingerprint; None when it is none of them."""
    return next((record for record in DATASETS.values() if record.fingerprint == fingerprint), None)


def owner_of(file_name: str, sha256: str) -> DataSet | None:
    """The data set whose official file `file_name` has these unpacked bytes; None when it is none of them."""
    return next((record for record in DATASETS.values() if record.sha256.get(file_name) == sha256), None)
