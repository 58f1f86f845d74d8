"""Grade one hand-in as an autograder of Gradescope: the answer, and the zip that gives it there.

Source of the formats: the documentation of Gradescope's autograders.
"""

import base64
import hashlib
import io
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import fashion_nn
from fashion_nn.core import reading, scratch, writing
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.errors import InputError
from fashion_nn.grading.course.causes import causes
from fashion_nn.grading.course.layouts import Layout, Sender
from fashion_nn.grading.hand_ins import grade_class
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import HandIn

RESULTS = "results.json"
MAXIMUM = 100.0
"""The largest score, unless another is given."""
_SETUP = """#!/usr/bin/env bash
set -eu
python3 -m pip install --no-cache-dir /autograder/source/{wheel}
"""
_RUN = """#!/usr/bin/env bash
# Gradescope puts this file beside source/, submission/ and results/.
cd "$(dirname "$0")"
python3 -m fashion_nn grade submission --test source/{test} --labels source/{labels} \\
  --format gradescope --maximum {maximum:g} --out results
code=$?
# 3 says that a check failed, which results.json says too.
test "$code" = 3 || exit "$code"
"""
_PACKAGE_FILES = (".py", ".json", ".npz", ".html", ".css", ".js", "py.typed")


def _one(parts: tuple[str, ...]) -> Sender:
    return Sender("submission", "", parts)


ONE = Layout("one", "the hand-in of one student", _one)
"""The layout of the folder submission/: all files are of one student."""


def answer(folder: Path, reference: Reference, out: Path, maximum: float) -> str:
    """Grade the newest hand-in in `folder`, and write `out`/results.json; the verdict.

    Whatever is wrong with the hand-in, there is an answer.

    Raises:
        InputError: the answer cannot be written.
    """
    start = time.monotonic()
    with scratch.folder() as place:
        try:
            grades = grade_class(folder, reference, place, layout=ONE)
        except InputError as error:
            hand_in = HandIn("submission", "", "", "none", None, str(error))
        else:
            hand_in = grades.hand_ins[0]
    seconds = time.monotonic() - start
    found = results(hand_in, causes(hand_in, reference), maximum, seconds)
    writing.write_json(out / RESULTS, found)
    return hand_in.verdict or "ERROR"


def results(hand_in: HandIn, why: Sequence[str], maximum: float, seconds: float) -> JsonObject:
    """What Gradescope reads: the score, the checks as tests, and a line of the leaderboard.

    Args:
        why: what is wrong, in sentences.
        maximum: the largest score.
        seconds: that the grading took.
    """
    score = hand_in.score
    tests: list[JsonObject] = [
        {
            "name": check.name,
            "status": "failed" if check.verdict == "FAIL" else "passed",
            "output": f"{check.verdict}: {check.value}",
            "visibility": "visible",
        }
        for check in (hand_in.report.checks if hand_in.report else ())
        if check.verdict != "not applicable"
    ]
    points = round(score.accuracy * maximum, 2) if score else 0.0
    tests.append(
        {
            "name": "accuracy",
            "score": points,
            "max_score": maximum,
            "output": f"{score.accuracy:.2%} of {score.n:,} rows" if score else hand_in.error,
            "visibility": "visible",
        }
    )
    output = "\n".join(why) or "All checks that apply passed."
    found: dict[str, Json] = {
        "score": points,
        "execution_time": round(seconds),
        "output": output,
        "visibility": "visible",
        "tests": tests,
    }
    if score:
        accuracy = round(100 * score.accuracy, 2)
        found["leaderboard"] = [{"name": "accuracy (%)", "value": accuracy, "order": "desc"}]
    return found


def write_autograder(path: Path, test: Path, labels: Path, maximum: float) -> None:
    """Write the zip that Gradescope takes as an autograder: scripts, tables and our wheel.

    Raises:
        InputError: a table cannot be read, or the zip cannot be written.
    """
    names = {"test": f"test{_suffix(test)}", "labels": f"labels{_suffix(labels)}"}
    wheel = f"fashion_nn-{fashion_nn.__version__}-py3-none-any.whl"
    run = _RUN.format(**names, maximum=maximum)
    with writing.private(), writing.replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        _add(archive, "setup.sh", _SETUP.format(wheel=wheel).encode(), program=True)
        _add(archive, "run_autograder", run.encode(), program=True)
        _add(archive, names["test"], _table(test))
        _add(archive, names["labels"], _table(labels))
        _add(archive, wheel, _wheel())


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return ".csv.gz" if name.endswith(".csv.gz") else ".csv"


def _table(path: Path) -> bytes:
    return reading.read_bytes(path, expected="expected a table", most=1 << 30, follow_links=True)


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, program: bool = False) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (0o755 if program else 0o644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _wheel() -> bytes:
    """This package as a wheel: its files, and the metadata that it was installed with."""
    try:
        installed = metadata.distribution("fashion-nn")
    except metadata.PackageNotFoundError:
        raise InputError(
            "the autograder carries this package, which is not installed: pip install -e ."
        ) from None
    folder = f"fashion_nn-{fashion_nn.__version__}.dist-info"
    members = dict(_package_files())
    # A checkout on the module path has the same text in PKG-INFO.
    description = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    members[f"{folder}/METADATA"] = description.encode()
    members[f"{folder}/entry_points.txt"] = (installed.read_text("entry_points.txt") or "").encode()
    tag = "Wheel-Version: 1.0\nGenerator: fashion-nn\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members[f"{folder}/WHEEL"] = tag.encode()
    record = [f"{name},sha256={_digest(each)},{len(each)}" for name, each in members.items()]
    record_name = f"{folder}/RECORD"
    members[record_name] = "\n".join([*record, f"{record_name},,", ""]).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in members.items():
            _add(archive, name, each)
    return content.getvalue()


def _package_files() -> Iterator[tuple[str, bytes]]:
    package = Path(fashion_nn.__file__).parent
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(_PACKAGE_FILES):
                content = reading.read_bytes(path, expected="expected a file of the package")
                yield path.relative_to(package.parent).as_posix(), content


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
