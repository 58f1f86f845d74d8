"""The teacher's table is filled, and nothing else in it changes."""

import pytest

from fashion_nn.errors import InputError
from fashion_nn.grading.course import points, worksheets
from fashion_nn.grading.course.worksheets import Entry

MOODLE = (
    "\ufeffIdentifier,Full name,Status,Grade,Maximum Grade,Last modified (grade),"
    "Feedback comments\r\n"
    'Participant 71,"Seven, Participant",=cmd,,"10,00",-,\r\n'
    'Participant 72,Eight,"say ""hi""",3.00,10.00,-,"old\nlines"\r\n'
    "Participant 73,Nine,,,10.00,-,\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Task 3 (4711),Final Score\n"
    "    Points Possible,,,,,20,(read only)\n"
    '"Seven, Part",501,,part7,A,,\n'
    '"Eight, Part",502,,part8,A,,\n'
)
NBGRADER = (
    "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,"
    "late_submission_penalty,score,max_score\n"
    "t3,,,part7,,,,,0,,5\n"
)


def filled(tmp_path, text, entries, **how):
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode())
    found = worksheets.fill(path, entries, **how)
    assert path.read_bytes() == text.encode()
    return found


def test_moodle(tmp_path):
    entries = [
        Entry(("71", "Participant 7"), 0.87654, None, '=HYPERLINK("x"); accuracy 87.65%'),
        Entry(("72", "Eight"), None, None, ""),
        Entry(("99", "Nobody"), 0.5, None, "x"),
    ]
    found = filled(tmp_path, MOODLE, entries)
    expected = MOODLE.replace(
        '=cmd,,"10,00",-,', '=cmd,8.77,"10,00",-,"\'=HYPERLINK(""x""); accuracy 87.65%"'
    )
    assert found.content.decode() == expected
    assert found.grades == ("8.77", "", "")
    assert found.unmatched_rows == ("Nine",) and found.unmatched == (2,)


def test_canvas(tmp_path):
    entries = [Entry(("501", "sevenpart"), 0.5, None, "ok"), Entry(("x", "eightpart"), 1, None, "")]
    found = filled(tmp_path, CANVAS, entries)
    expected = CANVAS.replace("part7,A,,", "part7,A,10.00,").replace("part8,A,,", "part8,A,20.00,")
    # The number names the first; the name, written without a comma, does not name the second.
    assert found.content.decode() == expected.replace("part8,A,20.00,", "part8,A,,") or (
        found.content.decode() == expected
    )
    assert found.grades[0] == "10.00"


def test_nbgrader(tmp_path):
    found = filled(tmp_path, NBGRADER, [Entry(("part7",), 0.5, None, "ok")])
    assert found.content.decode().endswith("t3,,,part7,,,,2.50,0,2.50,5\n")


def test_a_table_that_cannot_be_filled_is_refused(tmp_path):
    with pytest.raises(InputError, match="no known worksheet"):
        filled(tmp_path, "name,grade\nx,1\n", [])
    with pytest.raises(InputError, match="2 columns of assignments"):
        filled(tmp_path, CANVAS.replace("Final Score", "Task 4 (4712)"), [])
    with pytest.raises(InputError, match="--maximum"):
        text = MOODLE.replace("Maximum Grade", "x")
        filled(tmp_path, text, [Entry(("71",), 0.5, None, "")])
    with pytest.raises(InputError, match="quote that does not end"):
        filled(tmp_path, 'Identifier,"Grade', [])


def test_two_students_of_one_row_are_both_left(tmp_path):
    entries = [Entry(("Eight",), 0.5, None, "a"), Entry(("eight",), 0.6, None, "b")]
    found = filled(tmp_path, MOODLE, entries)
    assert found.content.decode() == MOODLE and found.unmatched == (0, 1)


def test_rules_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "rules.toml"
    for text, fault in (
        ("accuracy = 3", "accuracy"),
        ("[[accuracy", "is no TOML"),
        ("[[accuracy]]\nat_least=0.5\npoints=1\n[failed]\nnothing=1", "there is no check"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=fault):
            points.read(path)
