"""The names of students in an export of Gradescope, from its `submission_metadata.yml`.

Only the lines with the submitters are looked at, so nothing in the file is built:

    submission_123:
      :submitters:
      - :name: Participant 7
        :sid: '701'
        :email: p7@example.org
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from fashion_nn.errors import InputError
from fashion_nn.grading.course.download import Found
from fashion_nn.grading.course.layouts import Layout, Sender

METADATA = "submission_metadata.yml"
_MOST_BYTES = 16 << 20
_MOST_SUBMITTERS = 20
_LONGEST = 200
_SUBMISSION = re.compile(r"submission_(\d+):\s*")
_SUBMITTER = re.compile(r" *(- )? *:(name|sid|email): *(.*?)\s*")


def naming(layout: Layout, files: Sequence[Found]) -> Callable[[tuple[str, ...]], Sender | None]:
    """Whose a file is: as the layout says, with the names of Gradescope where they are known."""
    metadata = next((file for file in files if file.name == METADATA), None)
    if layout.name != "gradescope" or metadata is None or metadata.why_not:
        return layout.sender
    try:
        known = students(metadata.read())
    except InputError:
        return layout.sender

    def sender(parts: tuple[str, ...]) -> Sender | None:
        found = layout.sender(parts)
        if found is None or found.id not in known:
            return found
        name, id_ = known[found.id]
        return replace(found, name=name, id=id_ or found.id)

    return sender


def students(content: bytes) -> dict[str, tuple[str, str]]:
    """The name and the student's number, by the number of the submission.

    The submission of a group has the names of all; its number is empty, as where there is none.
    """
    submitters: dict[str, list[dict[str, str]]] = {}
    of_submission: list[dict[str, str]] | None = None
    for line in content[:_MOST_BYTES].decode(errors="replace").splitlines():
        if start := _SUBMISSION.fullmatch(line):
            of_submission = submitters.setdefault(start[1], [])
        elif found := _SUBMITTER.fullmatch(line):
            if of_submission is None:
                continue
            if found[1] and len(of_submission) < _MOST_SUBMITTERS:
                of_submission.append({})
            if of_submission:
                of_submission[-1].setdefault(found[2], _scalar(found[3]))
        elif line.strip() != ":submitters:":
            of_submission = None
    return {
        number: named for number, group in submitters.items() if (named := _name_and_number(group))
    }


def _name_and_number(group: list[dict[str, str]]) -> tuple[str, str] | None:
    names = [each.get("name") or each.get("email", "") for each in group]
    shown = ", ".join(name for name in names if name)
    number = group[0].get("sid", "") if len(group) == 1 else ""
    return (shown, number) if shown else None


def _scalar(text: str) -> str:
    """A text as YAML writes it, with or without quotes; empty for null."""
    for quote in "'\"":
        if len(text) > 1 and text[0] == text[-1] == quote:
            return text[1:-1].replace("''", "'")[:_LONGEST]
    return "" if text in ("null", "~") else text[:_LONGEST]
