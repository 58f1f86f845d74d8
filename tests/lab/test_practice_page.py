"""A worksheet as a page to fill in: the verdicts of the command, and what a student does."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import html_pages
import numpy as np
import pytest
from playground_page import axe, opened, status

import fashion_nn.pages
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import from_json, grade
from fashion_nn.lab.backprop.marking.answers import on_sheet, read
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets import (
    PageKind,
    draw,
    mark,
    network,
    practice,
    write,
)
from fashion_nn.lab.backprop.worksheets import read as read_folder
from fashion_nn.lab.backprop.worksheets.page import asked

MODULES = Path(fashion_nn.pages.__file__).parent / "templates"


# --- The same verdicts as in Python


@pytest.fixture
def checker(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import checker

    return checker


def answer_sheets(checker, count):
    """Exercises with answers: 14 kinds of errors, some without any, some with terms left out."""
    rng = np.random.default_rng(20_261_128)
    made = tried = 0
    while made < count:
        slip = checker.SLIPS[tried % len(checker.SLIPS)]
        tried += 1
        values, given = checker.draw(rng)
        display = checker._display(rng)
        found = right = checker.work(given, {})
        if made % 5:
            given.show = display
            error = slip.hooks(given, rng)
            if error is None:
                continue
            found = checker.work(given, error[0])
            if next(checker.differing(right, found, given.depth, display), None) != error[1]:
                continue
        shown = display.everything(found)
        if made % 5 == 1:
            left = {key for key in shown if key == "nets" or rng.random() < 0.7}
            shown = {key: shown[key] for key in shown if key in left}
        made += 1
        yield from_json(values), shown


def marks_in_javascript(sheets, folder):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js: install the package nodejs")
    cases = []
    for exercise, shown in sheets:
        terms = read(shown, solve(exercise)).terms
        answers = {
            practice.name(term): [
                None if np.isnan(entry) else float(entry) for entry in answer.flat
            ]
            for term, answer in terms.items()
        }
        cases.append({"practice": practice.data(exercise), "answers": answers})
    (folder / "cases.json").write_text(json.dumps(cases))
    script = Path(__file__).with_name("check_answers.mjs")
    command = [node, str(script), str(MODULES), str(folder / "cases.json")]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def require_same_verdicts(checker, folder, count):
    sheets = list(answer_sheets(checker, count))
    wrong = 0
    for (exercise, shown), marks in zip(sheets, marks_in_javascript(sheets, folder), strict=True):
        expected = grade(exercise, shown)
        verdicts = {practice.name(one.term): one.verdict for one in expected.marks}
        assert {one["term"]: one["verdict"] for one in marks} == verdicts
        first = expected.first_wrong
        found = next((one["mistake"] for one in marks if one["mistake"]), None)
        assert (found is None) == (first is None)
        if first and found:
            wrong += 1
            assert found["cause"] in (first.cause, *first.also)
    assert wrong > 0.6 * count


def test_the_verdicts_are_those_of_the_command(checker, tmp_path):
    require_same_verdicts(checker, tmp_path, 14)


@pytest.mark.slow
def test_the_verdicts_on_500_answers_are_those_of_the_command(checker, tmp_path):
    require_same_verdicts(checker, tmp_path, 500)


# --- The page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "class"
    sheets = draw(network("2-3-1"), "Backpropagation", ["p-1"], 0)
    write(sheets, folder, pages=PageKind.CHECKS)
    return folder


@pytest.fixture(scope="module")
def right(folder):
    """The right answers as they are typed, by the key on the sheet."""
    solved = solve(read_folder(folder).sheets[0].exercise)
    return {
        on_sheet(term): [f"{entry:.5g}" for entry in solved[term].flat] for term in asked(solved)
    }


def fill_in(tab, key, texts):
    box = tab.locator("fieldset", has=tab.get_by_text(key, exact=True))
    for place, text in enumerate(texts):
        box.locator("input").nth(place).fill(text)
    box.locator("input").last.press("Tab")
    return box.locator("output").text_content()


def test_answers_are_checked_saved_and_marked(browser, folder, right):
    page = folder / "pages" / "p-1.html"
    with opened(browser, page) as tab:
        tab.get_by_label("Check each term as soon as it is filled in").uncheck()
        for key, texts in right.items():
            assert fill_in(tab, key, texts) == ""
        tab.get_by_role("button", name="Check everything").click()
        assert status(tab) == f"{len(right)} of {len(right)} points."
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Save the answers").click()
        assert download.value.suggested_filename == "p-1.json"
        saved = Path(download.value.path()).read_text()
    (folder / "answers" / "p-1.json").write_text(saved)
    marks = mark(read_folder(folder), folder)
    assert marks.is_right and marks.students[0].points == len(right)


def test_the_first_wrong_term_is_named_and_what_follows_has_its_point(browser, folder, right):
    exercise = read_folder(folder).sheets[0].exercise
    page = folder / "pages" / "p-1.html"
    with opened(browser, page) as tab:
        for key in ("z[1]", "a[1]"):
            fill_in(tab, key, right[key])
        net = solve(exercise)[asked(solve(exercise))[2]] - exercise.bias_vectors[1][:, None]
        said = fill_in(tab, "z[2]", [f"{net[0, 0]:.5f}".replace(".", ",")])
        assert said == "wrong. bias missing: W a without + b"
        output = 1 / (1 + np.exp(-net[0, 0]))
        assert fill_in(tab, "a[2]", [f"{output:.5f}"]) == "follows from an earlier mistake"
        assert fill_in(tab, "E", ["much"]) == ""
        assert tab.locator("[data-term=loss_before] input").get_attribute("aria-invalid") == "true"
        tab.get_by_role("button", name="Check everything").click()
        assert status(tab).startswith(
            f"3 of {len(right)} points. The first wrong term is z[2]: wrong. bias missing"
        )


def test_saved_answers_are_filled_in_again(browser, folder, tmp_path):
    saved = {"student": "p-1", "z[1]": [0.5, None, -0.25], "new W[1]": [[1, 2], [3, None], [5, 6]]}
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    (tmp_path / "other.json").write_text("[1]")
    with opened(browser, folder / "pages" / "p-1.html") as tab:
        tab.get_by_label("Open saved answers").set_input_files(tmp_path / "saved.json")
        tab.get_by_text("The saved answers are filled in.").wait_for()
        cells = tab.locator("[data-term='updated_weights/1'] input")
        assert [cell.input_value() for cell in cells.all()] == ["1", "2", "3", "", "5", "6"]
        assert tab.get_by_label("z[1], unit 2", exact=False).first.input_value() == ""
        tab.get_by_label("Open saved answers").set_input_files(tmp_path / "other.json")
        tab.get_by_text("These are no answers to this sheet.").wait_for()


def test_a_page_for_graded_work_does_not_tell_right_from_wrong(browser, tmp_path):
    sheets = draw(network("2-2-1"), "Backpropagation", ["p-1"], 0)
    write(sheets, tmp_path / "class", pages=PageKind.SAVES)
    page = tmp_path / "class" / "pages" / "p-1.html"
    assert '"practice": null' in page.read_text() and "class Checker" not in page.read_text()
    with opened(browser, page) as tab:
        assert fill_in(tab, "z[1]", ["1", "2"]) == ""
        assert tab.get_by_role("button").count() == 1 + 1


def test_a_loss_that_a_page_cannot_check_is_refused():
    exercise = from_json(
        {
            "layers": [2, 2],
            "activations": ["softmax"],
            "weights": 0.5,
            "loss": "binary-cross-entropy",
            "learning_rate": 0.1,
            "samples": [{"x": [1, 0], "target": [1, 0]}],
        }
    )
    with pytest.raises(InputError, match="give --no-checks"):
        practice.data(exercise)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_page_in_a_browser(browser, folder, scheme, width):
    html_pages.require_well_shown(browser, [folder / "pages" / "p-1.html"], scheme, width)


def test_the_page_has_no_serious_violation(browser, folder):
    source = os.environ.get("AXE_CORE")
    if not source:
        pytest.skip("needs axe-core: set AXE_CORE to the path of its axe.min.js")
    for scheme in ("light", "dark"):
        with opened(browser, folder / "pages" / "p-1.html", color_scheme=scheme) as tab:
            assert fill_in(tab, "z[1]", ["1", "2", "3"]).startswith("wrong")
            assert axe(tab, Path(source).read_text()) == []
