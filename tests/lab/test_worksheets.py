"""Worksheets: each student's own numbers, the sheets, and a class that is marked."""

import json
import re
import stat
import sys

import numpy as np
import pytest

from fashion_nn.cli import main
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import grade, load
from fashion_nn.lab.backprop.exercise import built_in
from fashion_nn.lab.backprop.marking.answers import on_sheet
from fashion_nn.lab.backprop.sheet import Term
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets import (
    draw,
    fresh,
    mark,
    network,
    page,
    read,
    read_students,
    write,
    write_marks,
)
from fashion_nn.lab.backprop.worksheets.numbers import degenerate
from fashion_nn.lab.backprop.worksheets.page import asked
from fashion_nn.lab.backprop.worksheets.students import file_names

STUDENTS = ["Participant 7", "Participant 8", "=1+1"]


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["fashion-nn", "lab", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return exit_.value.code, out, err

    return run


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "new"
    write(draw(network("2-3-1"), "Exercise", STUDENTS, 0), folder)
    return folder


def solved(sheet, places=4):
    """A template with the right answers."""
    right = solve(sheet.exercise)
    answers = {"student": sheet.student}
    for term in asked(right):
        value = right[term].round(places)
        is_column = term.key in {"nets", "outputs", "deltas"}
        answers[on_sheet(term)] = (value[:, 0] if is_column else value).tolist()
    return answers


# --- Numbers


def _no_degenerate_numbers_and_distinct_solutions(exercise, students):
    names = [str(number) for number in range(students)]
    sheets = draw(exercise, "Exercise", names, 0).sheets
    solutions = set()
    for sheet in sheets:
        right = solve(sheet.exercise)
        nets = np.concatenate([right[term].ravel() for term in right if term.key == "nets"])
        assert np.abs(nets).max() < 5
        assert degenerate(right) is None
        solutions.add(tuple(right[term].round(3).tobytes() for term in right))
    assert len(solutions) == students


@pytest.mark.parametrize(
    "exercise",
    [
        network("2-3-1"),
        network("2-3-1", activation="relu"),
        network("3-4-2", activation="tanh", loss="softmax-cross-entropy"),
        load("2b"),
    ],
    ids=str,
)
def test_numbers_are_not_degenerate_and_solutions_differ(exercise):
    _no_degenerate_numbers_and_distinct_solutions(exercise, 60)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_ten_thousand_sheets(activation):
    _no_degenerate_numbers_and_distinct_solutions(network("2-3-1", activation=activation), 10_000)


@pytest.mark.parametrize("name", built_in())
def test_any_exercise_of_the_lab_has_sheets(name):
    exercise = load(name)
    one, other = (sheet.exercise for sheet in draw(exercise, name, ["a", "b"], 0).sheets)
    assert one != other
    for key in ("layers", "activations", "loss", "learning_rate", "reduction"):
        assert getattr(one, key) == getattr(exercise, key)
    assert (one.targets == exercise.targets).all()


def test_what_is_degenerate_is_seen():
    values = fresh(network("2-2-1", activation="relu"), "a")[0].to_json()
    dead = network("2-2-1", activation="relu").model_validate(values | {"biases": -9.0})
    assert degenerate(solve(dead)) == "no unit of layer 1 is active"
    flat = network("2-2-1").model_validate(values | {"activations": ["sigmoid"] * 2, "biases": 9.0})
    assert degenerate(solve(flat)) == "layer 1 is saturated"
    alike = values | {"activations": ["sigmoid"] * 2, "weights": 0.5, "biases": 0.1}
    same = network("2-2-1").model_validate(alike)
    assert degenerate(solve(same)) == "two units of layer 1 have the same net"


def test_numbers_belong_to_the_seed_and_the_student_alone():
    base = network("2-3-1")
    alone = draw(base, "", ["b"], 0).sheets[0].exercise
    among = draw(base, "", ["a", "b", "c"], 0).sheets[1].exercise
    assert alone == among != draw(base, "", ["b"], 1).sheets[0].exercise
    assert alone.weights[1] == ((0.5, 0.2, 0.9),)  # the same with every version of NumPy


def test_numbers_can_be_worked_by_hand():
    exercise = draw(network("2-3-1"), "", ["a"], 0).sheets[0].exercise
    for array in (*exercise.weight_matrices, *exercise.bias_vectors, exercise.inputs):
        assert (array == array.round(1)).all() and array.all()
        assert len(set(array.flat)) == array.size


@pytest.mark.parametrize(
    "layers, more, message",
    [
        ("2", {}, "such as 2-3-1"),
        ("2-x-1", {}, "such as 2-3-1"),
        ("2-3-1", {"activation": "relux"}, "expected one of"),
        ("2-3-1", {"loss": "softmax-cross-entropy"}, "two outputs"),
    ],
)
def test_networks_that_are_refused(layers, more, message):
    with pytest.raises(InputError, match=message):
        network(layers, **more)


def test_what_is_too_large_for_a_sheet():
    with pytest.raises(InputError, match="at most 8 units"):
        fresh(network("2-9-1"), "a")


# --- Students


@pytest.mark.parametrize(
    "text, names",
    [
        ("id,name\n12,Participant 7\n13,Participant 8\n", ["12", "13"]),
        ("\ufeffGroup;Student\nA;p-7\n\nB;p-8\n", ["p-7", "p-8"]),
        ("who\nParticipant 7\n", ["Participant 7"]),
    ],
)
def test_lists_of_students(tmp_path, text, names):
    path = tmp_path / "list.csv"
    path.write_text(text)
    assert read_students(path) == names


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is empty"),
        ("id\n", "0 students"),
        ("a,b\n1,2\n", "no column of students among 'a', 'b': name it id or student"),
        ("id\n7\n7\n", "'7' is there twice"),
        ("id,x\n,1\n", "row 2: expected a name"),
    ],
)
def test_lists_that_are_refused(tmp_path, text, message):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        read_students(path)


def test_names_become_files_only_if_all_are_fit_to():
    assert file_names(["p-7", "p-8"]) == ["p-7", "p-8"]
    assert file_names(["p-7", "../p-8"]) == ["1", "2"]
    assert file_names(["p-7", "P-7"]) == ["1", "2"]  # one file on some systems
    assert file_names(["con", *map(str, range(9))])[0] == "01"


# --- The folder


def test_the_folder_of_a_class(class_folder):
    assert sorted(path.name for path in class_folder.iterdir()) == [
        "answers",
        "index.csv",
        "sheets",
        "solutions",
        "worksheets.json",
    ]
    index = (class_folder / "index.csv").read_text()
    assert index.splitlines()[1:] == ["Participant 7,1", "Participant 8,2", "'=1+1,3"]
    for path in (class_folder / "solutions").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [sheet.student for sheet in read(class_folder).sheets] == STUDENTS


def test_a_sheet_has_blanks_and_a_solution_has_none(class_folder):
    blank = (class_folder / "sheets" / "1.html").read_text()
    solution = (class_folder / "solutions" / "1.html").read_text()
    exercise = read(class_folder).sheets[0].exercise
    output = f"{solve(exercise)[Term('query_output')][0]:.6g}"
    assert 'class="blank"' in blank and 'class="filled"' not in blank
    assert output in solution and output not in blank
    assert 'class="blank"' not in solution
    assert "<svg" in blank and not re.search(r'(src|href)="(?!#)|url\((?!#)', blank)
    for symbol in ("z[1]", "δ[2]", "∂E/∂W[1]", "new W[2]", "new E"):
        assert f"<b>{symbol}</b>" in blank


def test_names_are_no_markup():
    exercise = draw(network("2-2-1"), "", ["a"], 0).sheets[0].exercise
    assert "<b>x</b>" not in page.render(exercise, "t", "<b>x</b>", solution=False)


def test_a_sheet_fits_one_page_and_fetches_nothing(class_folder):
    pytest.importorskip("weasyprint")
    html = (class_folder / "sheets" / "1.html").read_text()
    assert len(page.document(html).pages) == 1
    with pytest.raises(ValueError, match="refers to nothing outside"):
        page._refuse("file:///etc/passwd")


def test_a_folder_that_is_not_empty_is_kept(tmp_path):
    (tmp_path / "answers.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        write(draw(network("2-2-1"), "", ["a"], 0), tmp_path)
    assert (tmp_path / "answers.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"students": []},
        {"students": [{"student": "a", "file": "../a", "exercise": {}}]},
        {"students": [{"student": "a", "file": "a", "exercise": {}}]},
    ],
)
def test_a_folder_of_others_is_checked(class_folder, tmp_path, change):
    values = json.loads((class_folder / "worksheets.json").read_text())
    (tmp_path / "worksheets.json").write_text(json.dumps(values | change))
    with pytest.raises(InputError, match=r"worksheets\.json"):
        read(tmp_path)


# --- Marking


def test_a_class_is_marked(tmp_path):
    worksheets = draw(network("2-3-1"), "Exercise", ["a", "b", "c", "d", "e"], 0)
    write(worksheets, tmp_path / "class")
    folder = tmp_path / "class"
    right, wrong, partly, *_ = worksheets.sheets
    (folder / "answers" / "a.json").write_text(json.dumps(solved(right)))
    answers = solved(wrong)
    answers["new b[2]"] = (2 * wrong.exercise.bias_vectors[1] - answers["new b[2]"]).tolist()
    (folder / "answers" / "b.json").write_text(json.dumps(answers))
    part = {key: value for key, value in solved(partly).items() if key in {"z[1]", "a[1]"}}
    (folder / "answers" / "c.json").write_text(json.dumps(part))
    (folder / "answers" / "d.json").write_text("{")
    marks = mark(read(folder), folder)
    rows = {student.row.student: student.row for student in marks.students}
    assert [row.status for row in rows.values()] == [
        "right",
        "wrong",
        "right",
        "unreadable",
        "missing",
    ]
    assert [row.points for row in rows.values()] == [18, 17, 2, 0, 0]
    assert (rows["b"].first_wrong, rows["b"].mistake) == ("updated b[2]", "sign lost")
    assert not marks.is_right
    assert marks.commonest == [("updated b[2]: sign lost", 1)]
    write_marks(marks, folder)
    assert sorted(path.name for path in (folder / "feedback").iterdir()) == [
        "a.html",
        "b.html",
        "c.html",
    ]
    feedback = (folder / "feedback" / "b.html").read_text()
    assert "17 of 18 points" in feedback and "sign lost" in feedback
    page = (folder / "class.html").read_text()
    assert "5 students: 2 right, 1 wrong, 1 unreadable, 1 missing" in page
    assert '<td class="n">1</td><td>updated b[2]: sign lost</td>' in page
    # z[1] is right three times; what c left out is not answered.
    cells = '<td class="n">{}</td><td class="n">0</td><td class="n">{}</td><td class="n">{}</td>'
    assert f"z[1]</td>{cells.format(3, 0, 0)}" in page
    assert f"updated b[2]</td>{cells.format(1, 1, 1)}" in page
    assert '<a href="feedback/b.html">b</a>' in page and "feedback/d.html" not in page
    for name in ("class.csv", "class.html"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("places", [3, 4, 5])
def test_work_from_numbers_rounded_at_each_step_is_right(places):
    for sheet in draw(network("2-3-1"), "Exercise", ["a", "b", "c"], 0).sheets:
        worked = solve(sheet.exercise).copy()
        for term in asked(worked):
            worked[term] = np.round(worked.compute(term), places)
        answers = {on_sheet(term): worked[term].tolist() for term in asked(worked)}
        assert grade(sheet.exercise, answers).first_wrong is None


def test_what_follows_from_a_mistake_has_its_points(tmp_path):
    sheet = draw(network("2-3-1"), "Exercise", ["a"], 0).sheets[0]
    right = solve(sheet.exercise)
    wrong = right.copy()
    started = False
    for term in asked(right):
        started |= term == ("deltas", 1)
        wrong[term] = wrong.compute(term) if started else right[term]
        if term == ("deltas", 2):
            wrong[term] = -right[term]
            started = True
    answers = {on_sheet(term): wrong[term].round(5).tolist() for term in asked(right)}
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.json").write_text(json.dumps(answers))
    student = mark(draw(network("2-3-1"), "Exercise", ["a"], 0), tmp_path).students[0]
    assert student.points == 17
    assert student.row.first_wrong == "δ[2]"


def test_the_commands(command, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("id\np-7\np-8\n")
    code, out, err = command("worksheet", "1", "--students", path, "--out", tmp_path / "class")
    assert (code, err) == (0, "") and "2 sheets" in out
    assert command("backprop", "--check", tmp_path / "class")[0] == 0  # nothing is handed in
    answers = tmp_path / "class" / "answers" / "p-7.json"
    answers.write_text(json.dumps({"E": 99.5}))
    code, out, _ = command("backprop", "--check", tmp_path / "class")
    assert code == 3 and "E before the step" in out
    code, out, _ = command("backprop", "--check", tmp_path / "class", "--json")
    assert code == 3 and json.loads(out)["verdict"] == "wrong"
    code, _, err = command("worksheet", "--students", path, "--out", tmp_path / "other")
    assert code == 2 and "name an exercise" in err and not (tmp_path / "other").exists()
