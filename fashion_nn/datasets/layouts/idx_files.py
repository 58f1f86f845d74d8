"""A folder of IDX files, as the MNIST family is published."""

from fashion_nn.core.files import Files, Folder
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.datasets.sources import idx_names, read_folder
from fashion_nn.datasets.splits import Split


def fits(files: Files) -> bool:
    """Whether one of the official names lies in the folder itself."""
    return isinstance(files, Folder) and bool(idx_names(files.path))


def read(files: Files, request: Request) -> Source:
    """Read the pairs of images and labels."""
    train, test = read_folder(files.path)
    return Source(_part(train), None, None if test is None else _part(test), "IDX files")


def _part(rows: Split) -> Part:
    return Part(rows.images, rows.labels)
