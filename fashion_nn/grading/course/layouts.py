"""How learning systems name the files of a download: one record each.

A layout says of a name at the top of the download, or of the path of a file, whose it is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fashion_nn.errors import InputError

_ENOUGH = 0.5
"""The share of the names that must have the form of a layout."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose a file is, by its name.

    name: of the student, as the system writes it.
    id: the number or name by which the system knows the student; empty if it is not in the name.
    file: the file's own name, with folders inside the student's.
    late: whether the system marked it as late.
    attempt: grows with each attempt.
    note: why the file is none of the student's, such as a receipt of the system; else empty.
    """

    name: str
    id: str
    file: tuple[str, ...]
    late: bool = False
    attempt: tuple[int | str, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        """The same text for all files of one student, and for no other."""
        return f"{self.name}\0{self.id}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of one learning system.

    name: for `--layout`.
    title: for people.
    sender: whose the file with these path parts is; None if they have another form.
    """

    name: str
    title: str
    sender: Callable[[tuple[str, ...]], Sender | None]


_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<rest>.*)")
_CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<file>.+)"
)
_CANVAS_TRY = re.compile(r"-(\d+)(?=\.[^.]+$|$)")
_BLACKBOARD = re.compile(
    r"(?P<assignment>.+)_(?P<id>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)"
)
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
_ILIAS = re.compile(r"(?P<name>[^_]+_[^_]+_[^_]+)_(?P<id>\d+)")


def _moodle(parts: tuple[str, ...]) -> Sender | None:
    found = _MOODLE.fullmatch(parts[0])
    if not found:
        return None
    file = (*([found["rest"]] if found["rest"] else []), *parts[1:]) or parts[:1]
    note = "" if found["plugin"] == "file" else "online text: no file was handed in"
    return Sender(found["name"], found["id"], file, note=note)


def _canvas(parts: tuple[str, ...]) -> Sender | None:
    found = _CANVAS.fullmatch(parts[0])
    if not found:
        return None
    again = _CANVAS_TRY.search(found["file"])
    attempt = (int(found["submission"]), int(again[1]) if again else 0)
    file = (found["file"], *parts[1:])
    return Sender(found["name"], found["user"], file, bool(found["late"]), attempt)


def _blackboard(parts: tuple[str, ...]) -> Sender | None:
    found = _BLACKBOARD.fullmatch(parts[0])
    if not found:
        return None
    file = (found["file"] or parts[0], *parts[1:])
    note = "" if found["file"] else "receipt of the learning system"
    return Sender(found["id"], found["id"], file, attempt=(found["time"],), note=note)


def _gradescope(parts: tuple[str, ...]) -> Sender | None:
    found = _GRADESCOPE.fullmatch(parts[0])
    return Sender(parts[0], found["id"], parts[1:]) if found and len(parts) > 1 else None


def _ilias(parts: tuple[str, ...]) -> Sender | None:
    found = _ILIAS.fullmatch(parts[0])
    if not found or len(parts) < 2:
        return None
    return Sender(found["name"].replace("_", " "), found["id"], parts[1:])


def _plain(parts: tuple[str, ...]) -> Sender | None:
    if len(parts) > 1:
        return Sender(parts[0], "", parts[1:])
    return Sender(parts[0].partition(".")[0] or parts[0], parts[0], parts)


PLAIN = Layout("plain", "one folder or file a student", _plain)
LAYOUTS = (
    Layout("moodle", "Moodle", _moodle),
    Layout("canvas", "Canvas", _canvas),
    Layout("blackboard", "Blackboard", _blackboard),
    Layout("gradescope", "Gradescope", _gradescope),
    Layout("ilias", "ILIAS", _ilias),
    PLAIN,
)


def names() -> tuple[str, ...]:
    """The names of all layouts."""
    return tuple(layout.name for layout in LAYOUTS)


def get(name: str) -> Layout:
    """The layout with this name.

    Raises:
        InputError: there is none.
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise InputError(f"layout {name!r}: expected one of {', '.join(names())}")


def recognised(paths: Sequence[tuple[str, ...]]) -> Layout:
    """The first layout that most of the names at the top of the paths have."""
    tops = {path[0]: path for path in paths}
    for layout in LAYOUTS:
        fitting = sum(layout.sender(path) is not None for path in tops.values())
        if fitting > _ENOUGH * len(tops):
            return layout
    return PLAIN
