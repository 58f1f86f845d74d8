"""A class from the download to the filled worksheet."""

import csv
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from grading_tables import write_predictions

from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.core.processes import child_environment
from fashion_nn.errors import InputError
from fashion_nn.grading import grade_class
from fashion_nn.grading.course import outputs, pool, prediction_files
from fashion_nn.grading.course.running import Pace

MOODLE = (
    "Identifier,Full name,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
    "Participant 71,part7,,10.00,-,\nParticipant 72,part8,,10.00,-,\nParticipant 74,x,,10.00,-,\n"
)


def rows_of(path):
    return list(csv.DictReader(path.open(newline="")))


def test_a_class_with_hostile_files(labelled, tmp_path, digits, digits_model):
    folder = tmp_path / "class"
    folder.mkdir()
    truth = digits.test.labels
    write_predictions(folder / "good.csv", truth)
    write_predictions(folder / "=1+1.csv", truth)
    write_predictions(folder / "<script>alert(1)<.csv", truth)
    shutil.copy(digits_model, folder / "model.keras")
    (folder / "cut.keras").write_bytes(digits_model.read_bytes()[:2000])
    (folder / "text.h5").write_text("no model")
    (folder / "binary.csv").write_bytes(bytes(range(256)))
    (folder / "empty.csv").write_bytes(b"")
    (folder / "bomb.csv").write_bytes(b"9\n" * 3_000_000)
    (folder / "quotes.csv").write_text('"' * 999)
    (folder / "numbers.csv").write_text("id,label\n" + "1,1e308\n" * 359)
    (folder / "no.xlsx").write_bytes(b"PK\x03\x04no")
    (folder / "secret.csv").symlink_to("/etc/passwd")
    before = sorted(path.name for path in folder.iterdir())
    out = tmp_path / "out"
    grades = grade_class(folder, labelled, out, pace=Pace(workers=2))
    written = outputs.write(grades, labelled, out)
    found = {hand_in.name: hand_in.verdict for hand_in in grades.hand_ins}
    good = {"good.csv", "=1+1.csv", "<script>alert(1)<.csv", "model.keras"}
    assert {name for name, verdict in found.items() if verdict in ("PASS", "WARN")} == good
    assert found["numbers.csv"] == found["empty.csv"] == "FAIL"
    assert len(found) == 12 and [other.name for other in grades.others] == ["secret.csv"]
    rows = rows_of(out / "class-list.csv")
    assert len(rows) == 12 and not any(
        cell.startswith("=") for row in rows for cell in row.values()
    )
    page = (out / "class-list.html").read_text()
    assert "<script>alert" not in page and "src=" not in page and "&lt;script&gt;" in page
    assert "root:" not in page
    assert json.loads((out / "checks" / "good.checks.json").read_text())["verdict"] == "WARN"
    model = next(hand_in for hand_in in grades.hand_ins if hand_in.name == "model.keras")
    assert model.report.confinement.missing == () and model.weights
    labels = [row["Label"] for row in rows_of(out / "predictions" / "model.csv")]
    assert np.array_equal(np.array(labels, int), model.labels)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert len(written.assessed) == 12


def test_the_command_fills_the_worksheet(small_class, tables, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("sheet.csv").write_text(MOODLE)
    (small_class / "part9" / "=1+1.csv").unlink()
    (small_class / "part9" / "work.ipynb").write_text("{}")
    (small_class / "short.csv").write_text("ImageId,Label\n1,3\n")
    words = ["grade", "class", "--test", str(tables / "unlabelled.csv"), "--out", "out"]
    words += ["--labels", str(tables / "digits_test.csv"), "--worksheet", "sheet.csv"]
    assert run_command(app, words) == 3  # because of the short one
    printed = capsys.readouterr().out
    sheet = rows_of(tmp_path / "out" / "worksheet.csv")
    assert sheet[0]["Grade"] == "10.00" and sheet[2]["Grade"] == ""
    assert "each row has the label of the row" in sheet[1]["Feedback comments"]
    assert "not matched: row x" in printed and "part9" in printed
    rows = {row["student"]: row for row in rows_of(tmp_path / "out" / "class-list.csv")}
    assert rows["part9"]["status"] == "nothing handed in" and "notebook" in rows["part9"]["remark"]
    for place, folders, files in os.walk(tmp_path / "out"):
        for name in (*folders, *files):
            mode = stat.S_IMODE(Path(place, name).stat().st_mode)
            assert mode == (0o700 if name in folders else 0o600), name


def test_equal_files_are_graded_once_and_a_second_run_grades_nothing(
    small_class, labelled, tmp_path, monkeypatch
):
    graded = []
    results = pool.Pool.results

    def counted(self, works):
        graded.extend(work.name for work in works)
        return results(self, works)

    monkeypatch.setattr(pool.Pool, "results", counted)
    shutil.copy(small_class / "part7" / "p.csv", small_class / "part9" / "=1+1.csv")
    first = grade_class(small_class, labelled, tmp_path / "out")
    assert sorted(graded) == ["p.csv", "p.csv"]
    again = grade_class(small_class, labelled, tmp_path / "out")
    assert len(graded) == 2
    assert [h.row() for h in again.hand_ins] == [h.row() for h in first.hand_ins]


def test_a_killed_run_is_resumed_and_nothing_is_lost_or_done_twice(
    tables, tmp_path, digits, labelled, monkeypatch
):
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(8):
        labels = np.roll(digits.test.labels, number)
        write_predictions(folder / f"part{number}.csv", labels)
    words = ["grade", folder, "--test", tables / "unlabelled.csv", "--out", tmp_path / "out"]
    words += ["--labels", tables / "digits_test.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fashion_nn", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    results = tmp_path / "out" / "results"
    while process.poll() is None and len(list(results.glob("[!.]*.json"))) < 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stored = {path.name: path.stat().st_mtime_ns for path in results.glob("[!.]*.json")}
    assert len(stored) >= 3  # all eight, where the machine was quicker than the signal
    graded = []
    results_of = pool.Pool.results

    def counted(self, works):
        graded.extend(work.key + ".json" for work in works)
        return results_of(self, works)

    monkeypatch.setattr(pool.Pool, "results", counted)
    grades = grade_class(folder, labelled, tmp_path / "out")
    assert len(grades.hand_ins) == 8 and all(hand_in.report for hand_in in grades.hand_ins)
    assert not set(graded) & set(stored) and len(graded) + len(stored) == 8
    assert all((results / name).stat().st_mtime_ns == time for name, time in stored.items())


def test_a_hand_in_that_takes_too_long_is_an_error(small_class, labelled, tmp_path):
    grades = grade_class(small_class, labelled, tmp_path / "out", pace=Pace(seconds=1e-6))
    assert {hand_in.verdict for hand_in in grades.hand_ins} == {"ERROR"}
    assert "took longer than" in grades.hand_ins[0].error


def test_tables_of_spreadsheets_are_read(tmp_path):
    rows = [("ImageId", "Label"), (1, 3), (2, 5.0)]
    expected = b"ImageId,Label\n1,3\n2,5\n"
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "p.xlsx")
    content = (tmp_path / "p.xlsx").read_bytes()
    assert prediction_files.as_csv("p.xlsx", content, rows=2)[0] == expected
    for text in (b"ImageId;Label\r\n1;3\r\n2;5\r\n", b"ImageId\tLabel\n1\t3\n2\t5\n"):
        assert prediction_files.as_csv("p.csv", text, rows=2)[0] == expected
    utf16 = "ImageId\tLabel\n1\t3\n2\t5\n".encode("utf-16")
    assert prediction_files.as_csv("p.txt", utf16, rows=2)[0] == expected
    assert prediction_files.as_csv("p.csv", expected, rows=2) == (expected, "")
    with pytest.raises(InputError, match="too many rows"):
        prediction_files.as_csv("p.csv", b"1;2\n" * 5000, rows=2)
    with pytest.raises(InputError, match="no Excel file"):
        prediction_files.as_csv("p.xlsx", content[:900], rows=2)


def test_a_folder_without_hand_ins_is_refused(labelled, tmp_path):
    (tmp_path / "class" / "p7").mkdir(parents=True)
    (tmp_path / "class" / "p7" / "a.pdf").write_text("%PDF")
    with pytest.raises(InputError, match="holds no model"):
        grade_class(tmp_path / "class", labelled, tmp_path / "out")


def test_outputs_have_names_of_their_own(labelled, tmp_path, digits):
    folder = tmp_path / "class"
    folder.mkdir()
    long = "n" * 240
    names = [
        "e\u0301",
        "\xe9",
        r"\xe9",
        "a",
        "A",
        "a b",
        "a_b",
        long,
        os.fsdecode(b"\xff"),
        "\ufffd",
    ]
    for name in names:
        write_predictions(folder / f"{name}.csv", digits.test.labels)
    grades = grade_class(folder, labelled, tmp_path / "out")
    outputs.write(grades, labelled, tmp_path / "out")
    assert [hand_in.verdict for hand_in in grades.hand_ins] == ["WARN"] * len(names)
    made = [path.name for path in (tmp_path / "out" / "checks").glob("*.checks.json")]
    assert len({name.lower() for name in made}) == len(names)
    assert "a_b.checks.json" in made
