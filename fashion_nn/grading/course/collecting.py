"""From a download to one hand-in a student, and a list of what is no hand-in, with the reason."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fashion_nn.core.text import printable
from fashion_nn.errors import InputError
from fashion_nn.grading.course import download, gradescope_names, kinds, layouts
from fashion_nn.grading.course.download import Found
from fashion_nn.grading.course.layouts import PLAIN, Layout, Sender

_LOOKED_AT = 4096
_ROW = re.compile(r"[^,;\t]*[,;\t]?\s*\"?-?\d+(\.\d*)?\"?\s*")


@dataclass(frozen=True, slots=True)
class Student:
    """Whoever handed something in, as the learning system names them."""

    name: str
    id: str

    @property
    def title(self) -> str:
        """For people: printable, and with the number where there is one."""
        return printable(self.name)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The hand-in of a student: the newest of their files that is one.

    name: of the file, as the student wrote it, printable.
    kind: "model" or "predictions".
    file: None if there is no hand-in; `why` then says what there is instead.
    late: whether the system marked it as late.
    """

    student: Student
    name: str
    kind: str
    file: Found | None
    late: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A file that is not graded, and why."""

    student: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What is in a download.

    layout: what it was taken for.
    deliveries: one for each student, in the order of their names.
    others: all files that are not graded.
    """

    layout: Layout
    deliveries: tuple[Delivery, ...]
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    sender: Sender
    file: Found

    @property
    def order(self) -> tuple[tuple[int | str, ...], float, bool, tuple[str, ...]]:
        """Grows with the age; of files of the same age, models come before predictions."""
        is_model = kinds.kind_of(self.file.name) == "model"
        return (self.sender.attempt, self.file.changed, is_model, self.sender.file)


def collect(files: Sequence[Found], layout: Layout | None = None, name: str = "") -> Collection:
    """Find the hand-in of each student among the files of a download.

    Args:
        files: of `download.listed`.
        layout: None finds out.
        name: of the download; a folder of this name around all files is no student.

    Raises:
        InputError: there is not a single file, or none has the form of the layout.
    """
    files = [file for file in files if file.parts[0]]
    if not files:
        raise InputError("the download holds no file: expected the hand-ins of a class")
    files, found = _with_layout(files, layout, name)
    sender_of = gradescope_names.naming(found, files)
    others: list[Other] = []
    candidates: dict[str, list[_Candidate]] = {}
    for file in files:
        sender = sender_of(file.parts) if not _of_system(file) else None
        if sender is None:
            others.append(Other("", _shown(file.parts), file.why_not or _reason_of_none(file)))
            continue
        opened = candidates.setdefault(sender.key, [])
        for candidate, why in _opened(sender, file):
            if why:
                others.append(Other(printable(sender.name), _shown(candidate.sender.file), why))
            else:
                opened.append(candidate)
    senders = {file.key: file for file in map(sender_of, [f.parts for f in files]) if file}
    deliveries = []
    for key, opened in candidates.items():
        delivery, left = _newest(senders[key], opened, others)
        if delivery.file is None and found is PLAIN and senders[key].id:
            continue  # a stray file at the top is no student
        deliveries.append(delivery)
        others += left
    deliveries.sort(key=lambda delivery: (_natural(delivery.student.name), delivery.student.id))
    others.sort(key=lambda other: (_natural(other.student), other.name))
    return Collection(found, tuple(deliveries), tuple(others))


def _with_layout(
    files: list[Found], layout: Layout | None, name: str
) -> tuple[list[Found], Layout]:
    """The files without a folder around them all, and their layout."""
    own = [file for file in files if not _of_system(file)] or files
    found = layout or layouts.recognised([file.parts for file in own])
    tops = {file.parts[0] for file in own}
    if found is not PLAIN or len(tops) != 1 or not all(file.parts[1:] for file in own):
        return files, found
    folders = {file.parts[1] for file in own if file.parts[2:]}
    within = layout or layouts.recognised([file.parts[1:] for file in own])
    if within is PLAIN and len(folders) < 2 and tops != {name}:
        return files, found  # the folder of the only student
    return [replace(file, parts=file.parts[1:]) for file in own], within


def _of_system(file: Found) -> bool:
    return file.parts[0].lower() == "__macosx" or file.parts[0].startswith(".")


def _reason_of_none(file: Found) -> str:
    if _of_system(file):
        return kinds.reason(file.parts[0])
    if kinds.kind_of(file.name) is None:
        return kinds.reason(file.name)
    return "its name tells no student"


def _opened(sender: Sender, file: Found) -> Iterator[tuple[_Candidate, str]]:
    """The file, or the files in it if it is a zip, each with the reason why it is no hand-in."""
    whole = _Candidate(sender, file)
    why = file.why_not or sender.note
    if why or kinds.kind_of(file.name) != "archive":
        yield whole, why or _no_hand_in(file)
        return
    try:
        inside = download.of_zip(memoryview(file.read()), file.name)
    except InputError as error:
        yield whole, f"zip that cannot be opened: {printable(str(error))}"
        return
    for inner in inside:
        candidate = _Candidate(replace(sender, file=(*sender.file, *inner.parts)), inner)
        if kinds.kind_of(inner.name) == "archive":
            yield candidate, "zip inside a zip: not opened"
        elif "__MACOSX" in inner.parts:
            yield candidate, kinds.reason("__MACOSX")
        else:
            yield candidate, inner.why_not or _no_hand_in(inner)


def _no_hand_in(file: Found) -> str:
    """Why it is no hand-in, by its name and, for a .txt, its first lines; empty if it is one."""
    if kinds.kind_of(file.name) is None:
        return kinds.reason(file.name)
    if not file.name.lower().endswith(".txt"):
        return ""
    try:
        start = file.read()[:_LOOKED_AT].decode(errors="replace")
    except InputError as error:
        return printable(str(error))
    lines = [line for line in start.splitlines() if line.strip()][:-1] or start.splitlines()
    rows = sum(_ROW.fullmatch(line) is not None for line in lines)
    return "" if rows * 2 >= len(lines) else "text: no predictions"


def _newest(
    sender: Sender, candidates: list[_Candidate], others: list[Other]
) -> tuple[Delivery, list[Other]]:
    # A single file has no number of its student; its name tells it from others.
    student = Student(sender.name, "" if (sender.id,) == sender.file else sender.id)
    if not candidates:
        own = [other.reason for other in others if other.student == student.title]
        return Delivery(student, "", "none", None, why="; ".join(dict.fromkeys(own))), []
    *older, newest = sorted(candidates, key=lambda candidate: candidate.order)
    name = _shown(newest.sender.file)
    kind = kinds.kind_of(newest.file.name) or "none"
    delivery = Delivery(student, name, kind, newest.file, newest.sender.late)
    left = [
        Other(student.title, _shown(each.sender.file), f"not the newest: {name} is graded")
        for each in older
    ]
    return delivery, left


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts numbers in names by their size: "Participant 9" before "Participant 10"."""
    parts = re.split(r"([0-9]{1,15})", name.casefold())
    return [(int(part), "") if part[:1].isdecimal() else (-1, part) for part in parts if part]


def _shown(parts: Sequence[str]) -> str:
    return printable("/".join(parts))
