"""The zip archive that a .keras file is: its members, their faults, and their content."""

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_nn.core import zip_archive
from fashion_nn.core.zip_archive import Directory, Entry, ZipError
from fashion_nn.inference.file import archive
from fashion_nn.inference.inspection.result import Member
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, quoted

MAX_LISTED = 100
"""Number of members of an archive that are listed."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Archive:
    """What is in the archive.

    Attributes:
        members: the first ones, in the order of the archive.
        left_out: number of members that are not listed.
        contents: of the members that Keras writes, where they can be unpacked.
        faults: what is wrong with the archive and with each of its members.
    """

    members: tuple[Member, ...]
    left_out: int
    contents: dict[str, memoryview]
    faults: tuple[str, ...]


def directory_of(content: memoryview) -> Directory:
    """The first members of an archive.

    Raises:
        Refusal: it is damaged.
    """
    try:
        return zip_archive.read_directory(content, most=MAX_LISTED)
    except ZipError as error:
        raise Refusal(str(error)) from None


def opened(content: bytes, directory: Directory) -> Archive:
    """The archive of a .keras file, with every fault that it has."""
    view = memoryview(content)
    contents: dict[str, memoryview] = {}
    faults = _faults(directory.entries)
    for entry in directory.entries:
        if entry.name in archive.MEMBERS and entry.name not in contents:
            try:
                contents[entry.name] = archive.unpacked(view, entry)
            except Refusal as refusal:
                faults.append(str(refusal))
    if not faults:
        try:
            archive.members(content)
        except Refusal as refusal:
            faults.append(str(refusal))
    members = tuple(
        Member(ascii_line(entry.name, _LONGEST_NAME), entry.size, entry.name in archive.MEMBERS)
        for entry in directory.entries
    )
    return Archive(members, directory.total - len(members), contents, tuple(faults))


def _faults(entries: Sequence[Entry]) -> list[str]:
    expected = f"expected exactly {', '.join(archive.MEMBERS)}"
    names = [entry.name for entry in entries]
    faults = [
        f"holds {quoted(name)}: {expected}"
        for name in dict.fromkeys(names)
        if name not in archive.MEMBERS
    ]
    faults += [
        f"holds {name} twice: {expected}" for name in archive.MEMBERS if names.count(name) > 1
    ]
    return faults + [f"has no {name}: {expected}" for name in archive.MEMBERS if name not in names]
