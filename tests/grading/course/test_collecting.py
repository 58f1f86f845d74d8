"""Which file of a download is the hand-in of which student, in the layouts of learning systems."""

import io
import os
import zipfile

import pytest

from fashion_nn.errors import InputError
from fashion_nn.grading.course import collecting, download, kinds, layouts

ROWS = "ImageId,Label\n1,3\n2,5\n"

# As Ruby writes YAML; the name in the history is none of a submitter.
GRADESCOPE = """---
submission_31:
  :submitters:
  - :name: Participant 7
    :sid: '701'
    :email: p7@example.org
  :created_at: 2026-05-01 10:00:00.000000000 Z
  :score: 0.0
  :history:
  - :id: 1
    :name: somebody else
submission_32:
  :submitters:
  - :name: "Participant 8"
    :sid: '702'
  - :name:
    :sid:
    :email: p9@example.org
  :score: 1.0
"""

# The names of one layout each, with the student, the file that is graded, and whether it is late.
LAYOUTS = {
    "moodle": (
        {
            "Participant 7_71_assignsubmission_file_/model.keras": "x",
            "Participant 8_72_assignsubmission_file_answers.csv": ROWS,
            "Participant 9_73_assignsubmission_onlinetext_/onlinetext.html": "<p>",
        },
        [
            ("Participant 7", "71", "model.keras", False),
            ("Participant 8", "72", "answers.csv", False),
            ("Participant 9", "73", "", False),
        ],
    ),
    "canvas": (
        {
            "sevenpart_501_9001_answers.csv": ROWS,
            "sevenpart_501_9002_answers-1.csv": ROWS,
            "eightpart_LATE_502_9003_model.h5": "x",
        },
        [
            ("eightpart", "502", "model.h5", True),
            ("sevenpart", "501", "answers-1.csv", False),
        ],
    ),
    "blackboard": (
        {
            "Task 3_part7_attempt_2026-05-01-10-00-00_a.csv": ROWS,
            "Task 3_part7_attempt_2026-05-01-10-00-00.txt": "Name: Participant 7",
            "Task 3_part7_attempt_2026-05-02-10-00-00_b.csv": ROWS,
            "Task 3_part8_attempt_2026-05-01-10-00-00_c.csv": ROWS,
        },
        [("part7", "part7", "b.csv", False), ("part8", "part8", "c.csv", False)],
    ),
    "gradescope": (
        {
            "assignment_1_export/submission_31/p.csv": ROWS,
            "assignment_1_export/submission_32/model.keras": "x",
            "assignment_1_export/submission_33/p.csv": ROWS,
            "assignment_1_export/submission_metadata.yml": GRADESCOPE,
        },
        [
            ("Participant 7", "701", "p.csv", False),
            ("Participant 8, p9@example.org", "32", "model.keras", False),
            ("submission_33", "33", "p.csv", False),
        ],
    ),
    "ilias": (
        {"Seven_Part_part7_201/p.csv": ROWS, "Eight_Part_part8_202/sub/p.tsv": ROWS},
        [
            ("Eight Part part8", "202", "sub/p.tsv", False),
            ("Seven Part part7", "201", "p.csv", False),
        ],
    ),
    "plain": (
        {"participant-7/p.csv": ROWS, "participant-8.csv": ROWS, "notes.md": "# notes"},
        [
            ("participant-7", "", "p.csv", False),
            ("participant-8", "", "participant-8.csv", False),
        ],
    ),
}


def zipped(files) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def written(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def collected(source, layout=None):
    with download.listed(source) as files:
        return collecting.collect(files, layout)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts(tmp_path, name, packed):
    files, expected = LAYOUTS[name]
    source = written(tmp_path / "download", files)
    if packed:
        source = tmp_path / "download.zip"
        source.write_bytes(zipped(files))
    found = collected(source)
    assert found.layout.name == name
    seen = [(d.student.name, d.student.id, d.name, d.late) for d in found.deliveries]
    assert seen == expected


def test_what_is_no_hand_in_is_listed_with_the_reason(tmp_path):
    files = {
        "p7/work.ipynb": "{}",
        "p7/train.py": "print()",
        "p7/model.weights.h5": "x",
        "p7/.DS_Store": "",
        "p7/report.pdf": "%PDF",
        "p7/readme.txt": "Here is my work, please be kind.\nThank you.\n",
        "p8/p.csv": ROWS,
    }
    folder = written(tmp_path / "class", files)
    (folder / "p8" / "secret.csv").symlink_to("/etc/passwd")
    os.mkfifo(folder / "p8" / "pipe.csv")
    found = collected(folder)
    reasons = {other.name: other.reason for other in found.others}
    assert reasons["work.ipynb"] == "notebook: export the predictions"
    assert reasons["secret.csv"] == "link: not followed"
    assert reasons["pipe.csv"] == "FIFO: not opened"
    assert reasons["readme.txt"] == "text: no predictions"
    assert reasons["train.py"].startswith("program")
    assert reasons["model.weights.h5"].startswith("weights without a model")
    assert reasons[".DS_Store"] == "hidden file" and reasons["report.pdf"] == "document"
    first, second = found.deliveries
    assert first.file is None and "notebook" in first.why
    assert second.name == "p.csv"


def test_a_students_zip_is_opened_one_level_deep(tmp_path):
    inner = zipped({"p.csv": ROWS})
    own = zipped({"work/model.h5": "x", "work/again.zip": inner, "__MACOSX/._model.h5": "x"})
    found = collected(written(tmp_path / "class", {"p7/hand-in.zip": own, "p8/broken.zip": "PK"}))
    first, second = found.deliveries
    assert first.name == "hand-in.zip/work/model.h5" and first.file.read() == b"x"
    assert second.file is None
    reasons = {other.name: other.reason for other in found.others}
    assert reasons["hand-in.zip/work/again.zip"] == "zip inside a zip: not opened"
    assert reasons["broken.zip"].startswith("zip that cannot be opened")


def test_the_newest_hand_in_is_graded(tmp_path):
    folder = written(tmp_path / "class", {"p7/a.csv": ROWS, "p7/b.csv": ROWS, "p7/c.pdf": "%PDF"})
    for name, time in (("a.csv", 2000), ("b.csv", 1000), ("c.pdf", 3000)):
        os.utime(folder / "p7" / name, (time, time))
    found = collected(folder)
    assert [delivery.name for delivery in found.deliveries] == ["a.csv"]
    assert {o.name: o.reason for o in found.others}["b.csv"] == "not the newest: a.csv is graded"


def test_a_zip_is_read_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 1000)
    monkeypatch.setattr(download, "MOST_FILES", 3)
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({"p7/p.csv": "0\n" * 1000, "p8/../../../etc/x.csv": ROWS}))
    with download.listed(path) as files:
        with pytest.raises(InputError, match="more than are read"):
            files[0].read()
        assert files[1].read() == ROWS.encode()
    path.write_bytes(zipped({f"{number}.csv": "" for number in range(4)}))
    with pytest.raises(InputError, match="at most 3"), download.listed(path):
        pass
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match="unpack it"), download.listed(path):
        pass


def test_a_link_in_a_zip_is_not_followed(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        link = zipfile.ZipInfo("p7/p.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    path = tmp_path / "class.zip"
    path.write_bytes(content.getvalue())
    found = collected(path)
    assert [other.reason for other in found.others] == ["link: not followed"]


def test_names():
    assert kinds.kind_of("MODEL.KERAS") == "model" and kinds.kind_of("a.XLSX") == "predictions"
    assert "expected .keras" in kinds.reason("a.xyz")
    with pytest.raises(InputError, match="expected one of moodle"):
        layouts.get("studip")
