"""Grading and the command line: reports, exit codes, and a class in which some files are broken or
hostile.
"""

import hashlib
import json
import shutil
from pathlib import Path

import forked
import numpy as np
import pytest
from grading_tables import write_predictions

from fashion_nn import inference, submission
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.errors import InputError
from fashion_nn.grading import Sources, grade, read_reference, report
from fashion_nn.submission import image_table

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("forked_models")


def verdicts(report):
    return {check.name: check.verdict for check in report.checks}


def command(*words, cwd, expect, script=None):
    done = forked.run(*words, cwd=cwd, script=script and ROOT / script)
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def reference(tables):
    sources = Sources(train=tables / "digits_train.csv", labels=tables / "digits_test.csv")
    return read_reference(tables / "unlabelled.csv", sources)


def test_a_correct_file(reference, tmp_path, digits):
    report = grade(write_predictions(tmp_path / "p.csv", digits.test.labels), reference)
    assert report.verdict == "PASS"
    assert verdicts(report) == {
        "file": "PASS",
        "canary": "not applicable",
        "feeding": "not applicable",
        "sentinel": "PASS",
        "balance": "PASS",
        "order": "PASS",
        "leak": "PASS",
        "score": "PASS",
    }
    report.write(tmp_path / "p.json")
    content = json.loads((tmp_path / "p.json").read_text())
    assert set(content["sha256"]) == {"data", "train", "labels", "output"}
    assert {"python", "keras", "numpy", "fashion-nn"} <= set(content["versions"])
    assert all(
        {"name", "verdict", "value", "expected"} <= set(check) for check in content["checks"]
    )


def test_ids_in_another_order_are_a_defect_but_labels_follow_their_ids(reference, tmp_path, digits):
    path = write_predictions(tmp_path / "p.csv", digits.test.labels)
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *reversed(lines)]) + "\n")
    found = grade(path, reference)
    assert verdicts(found)["file"] == "FAIL" and verdicts(found)["sentinel"] == "PASS"
    assert next(c for c in found.checks if c.name == "score").figures["accuracy"] == 1


def test_a_file_that_is_too_short_fails_and_the_rest_is_not_applicable(reference, tmp_path, digits):
    found = verdicts(
        grade(write_predictions(tmp_path / "p.csv", digits.test.labels[:-1]), reference)
    )
    assert found["file"] == "FAIL"
    assert {found[name] for name in ("sentinel", "balance", "order", "score")} == {"not applicable"}


def test_a_strangers_model(tables, tmp_path, digits_model, digits):
    sources = Sources(dataset="digits")
    reference = read_reference(tables / "unlabelled.csv", sources, find_duplicates=False)
    file = tmp_path / "p.csv"
    right = None  # the file of the first, which is as it should be
    for scale, expected in (("auto", "PASS"), ("0-1", "FAIL")):
        with inference.open_model(digits_model, scale=scale) as model:
            blocks = submission.ImageTable(reference.test).blocks()
            made = submission.predict_blocks(model, blocks)
            submission.write(made, file)
            right = right or file.read_text()
            found = grade(file, reference, model=model, layout=submission.expectation(made))
        assert verdicts(found)["canary"] == "PASS" and verdicts(found)["file"] == "PASS"
        assert verdicts(found)["feeding"] == expected, found
        assert found.verdict == expected
    rows = right.splitlines()
    stale = [f"{i},{row.split(',')[1]}" for i, row in enumerate([rows[-1], *rows[1:-1]], start=1)]
    file.write_text("\n".join([rows[0], *stale]) + "\n")
    with inference.open_model(digits_model) as model:
        found = verdicts(grade(file, reference, model=model))
    assert (found["file"], found["canary"], found["sentinel"]) == ("PASS", "FAIL", "FAIL")


def test_images_of_another_data_set_fail(tables, tmp_path, digits):
    reference = read_reference(tables / "unlabelled.csv", Sources(dataset="fashion_mnist"))
    report = grade(write_predictions(tmp_path / "p.csv", digits.test.labels), reference)
    found = next(check for check in report.checks if check.name == "sentinel")
    assert found.verdict == "FAIL" and "digits" in found.value


def test_the_command_line(tables, tmp_path, digits):
    good = write_predictions(tmp_path / "good.csv", digits.test.labels)
    bad = write_predictions(tmp_path / "bad.csv", np.roll(digits.test.labels, 1))
    common = ("--test", tables / "unlabelled.csv", "--train", tables / "digits_train.csv")
    done = command("grade", good, *common, cwd=tmp_path, expect=0)
    assert "PASS  sentinel" in done.stdout
    assert json.loads((tmp_path / "good.csv.checks.json").read_text())["verdict"] == "PASS"
    against = ("--labels", tables / "digits_test.csv", "--against", good)
    done = command("grade", bad, *common, *against, "--json", cwd=tmp_path, expect=3)
    assert json.loads(done.stdout)["verdict"] == "FAIL"
    assert "the other one is better" in done.stdout
    ordered = write_predictions(tmp_path / "sorted.csv", np.sort(digits.test.labels))
    plain = ("--test", tables / "unlabelled.csv")
    assert "WARN  order" in command("grade", ordered, *plain, cwd=tmp_path, expect=0).stdout
    command("grade", ordered, *plain, "--strict", cwd=tmp_path, expect=3)


def test_a_graded_submission_reads_its_table_once_and_opens_its_model_once(
    tables, tmp_path, digits_model, monkeypatch
):
    opened = []
    read = []
    open_fast = inference.open_fast
    blocks = image_table.tables.blocks

    def counted_open(path, **how):
        opened.append(open_fast(path, **how))
        return opened[-1]

    def counted_blocks(path, **how):
        read.append(path)
        return blocks(path, **how)

    def refused(*_, **__):
        raise AssertionError("a second process is started")

    monkeypatch.setattr(inference, "open_fast", counted_open)
    monkeypatch.setattr(inference, "open_model", refused)
    monkeypatch.setattr(image_table.tables, "blocks", counted_blocks)
    test = str(tables / "unlabelled.csv")
    words = ["submit", "--grade", "--model", str(digits_model), "--test", test]
    assert run_command(app, [*words, "--out", str(tmp_path / "out.csv")]) == 0
    checks = json.loads((tmp_path / "out.csv.checks.json").read_text())["checks"]
    assert {check["name"]: check["verdict"] for check in checks}["feeding"] == "PASS"
    assert len(opened) == len(read) == 1
    with pytest.raises(InputError):  # it is closed
        opened[0].outputs(np.zeros((1, 28, 28), np.uint8))


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere.csv", "--test", "{test}"),
        ("{good}", "--test", "nowhere.csv"),
        ("{good}", "--test", "{good}"),
        ("{good}", "--test", "{test}", "--against", "{good}"),
        ("{good}", "--test", "{test}", "--train", "a.csv", "--dataset", "digits"),
        ("{good}", "--test", "{test}", "--sample", "{test}"),
        ("{good}", "--test", "{test}", "--labels", "{short}"),
        (".", "--test", "{test}", "--out", "."),
        ("model.keras", "--test", "{test}"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_code_2(tables, tmp_path, digits, words):
    names = {
        "good": write_predictions(tmp_path / "good.csv", digits.test.labels),
        "short": write_predictions(tmp_path / "short.csv", digits.test.labels[:9]),
        "test": tables / "unlabelled.csv",
    }
    (tmp_path / "model.keras").touch()
    done = command("grade", *(str(word).format(**names) for word in words), cwd=tmp_path, expect=2)
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert not list(tmp_path.glob("*.checks.json"))


def test_the_checksum_is_that_of_the_bytes_that_were_graded(
    reference, tmp_path, digits, monkeypatch
):
    path = write_predictions(tmp_path / "p.csv", digits.test.labels)
    graded = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(report, "CHECKS", (*report.CHECKS, lambda _: path.write_text("") and None))
    found = grade(path, reference)
    assert path.read_text() == "" and found.verdict == "PASS"
    assert found.sha256["output"] == graded


def test_a_chosen_model_that_is_replaced_before_it_is_opened_is_refused(
    tables, tmp_path, monkeypatch, capsys, digits_model
):
    run = tmp_path / "models" / "run"
    shutil.copytree(ROOT / "tests" / "fixtures" / "baseline", run)

    def replace(_):
        shutil.copy(digits_model, run / "model.keras")

    monkeypatch.setattr(submission, "trained_on", replace)
    words = ["submit", "--grade", "--test", tables / "unlabelled.csv", "--out", tmp_path / "o.csv"]
    words += ["--models", run.parent]
    assert run_command(app, [str(word) for word in words]) == 2
    assert "model.keras: was replaced after it was chosen" in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()
