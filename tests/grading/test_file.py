"""The file check: each defect that costs a submission is a FAIL that names the row."""

import pytest

from fashion_nn.errors import InputError
from fashion_nn.grading import check_file
from fashion_nn.submission import Layout

KAGGLE = Layout(("ImageId", "Label"), range(1, 4), rows=3, classes=10)
PLAIN = Layout(None, None, rows=3, classes=10)


def check(tmp_path, text, expected=KAGGLE):
    (tmp_path / "file.csv").write_bytes(text.encode())
    return check_file(tmp_path / "file.csv", expected)


@pytest.mark.parametrize(
    ("text", "expected"), [("ImageId,Label\n1,9\n2,0\n3,3\n", KAGGLE), ("9\n0\n3\n", PLAIN)]
)
def test_correct_files_pass(tmp_path, text, expected):
    assert check(tmp_path, text, expected).verdict == "PASS"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "header missing"),
        ("1,9\n2,0\n3,3\n", "header '1,9'"),
        ("imageid,label\n1,9\n2,0\n3,3\n", "header 'imageid,label'"),
        ("ImageId,Label\n1,9\n2,0\n", "2 rows"),
        ("ImageId,Label\n1,9\n2,0\n3,3\n4,4\n", "4 rows"),
        ("ImageId,Label\n0,9\n1,0\n2,3\n", "row 1: '0,9', expected the id 1"),
        ("ImageId,Label\n2,9\n1,0\n3,3\n", "row 1: '2,9'"),
        ("ImageId,Label\n1,9\n2,10\n3,3\n", "row 2: '2,10', its label"),
        ("ImageId,Label\n1,9\n2,0.0\n3,3\n", "row 2: '2,0.0'"),
        ("ImageId,Label\n1,9\n2,\n3,3\n", "row 2: '2,'"),
        ("ImageId,Label\n1,9\n2,0,7\n3,3\n", "row 2: '2,0,7'"),
        ("ImageId,Label\n1,9\n2,05\n3,3\n", "row 2: '2,05'"),
        ("ImageId,Label\n1,9\n2,-1\n3,3\n", "row 2: '2,-1'"),
        ("\ufeffImageId,Label\n1,9\n2,0\n3,3\n", "header '\\ufeffImageId,Label'"),
    ],
)
def test_a_defect_fails_and_is_named(tmp_path, text, said):
    found = check(tmp_path, text)
    assert found.verdict == "FAIL"
    assert said in found.value
    assert found.expected == "3 rows, labels 0..9, header ImageId,Label"


def test_bare_labels_may_not_have_columns(tmp_path):
    assert check(tmp_path, "1,9\n2,0\n3,3\n", PLAIN).verdict == "FAIL"


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        check_file(tmp_path / "nowhere.csv", KAGGLE)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not text in UTF-8"):
        check_file(tmp_path / "binary", KAGGLE)


ANY = Layout("any", range(1, 4), rows=3, classes=3)


@pytest.mark.parametrize(
    "text",
    [
        "ImageId,Label\n1,2\n2,0\n3,1\n",
        "id,prediction\n1,2\n2,0\n3,1\n",
        "2\n0\n1\n",
        "2\n0\n1",
        "id,label\r\n1,2\r\n2,0\r\n3,1\r\n",
        '"id","label"\n"1","2"\n"2","0"\n"3","1"\n',
        "id,label\n1,2\n2,0\n3,1\n\n\n",
    ],
)
def test_a_foreign_file_may_have_any_layout(tmp_path, text):
    assert check(tmp_path, text, ANY).verdict == "PASS"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label\n0,2\n1,0\n2,1\n", "the ids count from 0"),
        ("id,label\n1,2.0\n2,0.0\n3,1.0\n", "written as a decimal number"),
        ("id,label\n1,3\n2,1\n3,2\n", "the labels count from 1 to 3"),
        (",Label\n0,2\n1,0\n2,1\n", "an index column"),
        (",id,label\n0,1,2\n1,2,0\n2,3,1\n", "the first an index column"),
        ("0,1,2\n.1,.2,.7\n.8,.1,.1\n.1,.8,.1\n", "one-hot labels or probabilities"),
        ("0,0,1\n1,0,0\n0,1,0\n", "one-hot labels or probabilities"),
        ("id,c0,c1,c2\n1,0,0,1\n2,1,0,0\n3,0,1,0\n", "one-hot labels or probabilities"),
        ("\ufeffid,label\n1,2\n2,0\n3,1\n", "byte order mark"),
        ("\ufeff2\n0\n1\n", "byte order mark"),
        ("id,label\n1,2\n2,0\n", "2 rows, 1 too few"),
        ("id,label\n1,2\n2,0\n3,1\n4,1\n", "4 rows, 1 too many"),
        ("label\n2\n0\n1\n", "there is no id column"),
        ("1,2\n2,0\n3,1\n", "header missing"),
        ("id,label\n3,2\n2,0\n1,1\n", "another order"),
        ("id,label\n1,2\n1,0\n3,1\n", "occurs more than once"),
        ("id,label\n1.0,2\n2.0,0\n3.0,1\n", "the ids are written as decimal numbers"),
        ("id,label\n1,2\n2,0.93\n3,1\n", "a probability perhaps"),
        ("id,label\n1,2\n2,nan\n3,1\n", "it is missing"),
        ("id,label\n1,2\n2,Shirt\n3,1\n", "it is text"),
        ("id,label\n1,2\n2,0\n3\n", "row 3"),
        (f"id,label\n{'9' * 5000},2\n2,0\n3,1\n", "row 1"),
        ("", "header missing"),
    ],
)
def test_the_classic_slips_are_named(tmp_path, text, said):
    found = check(tmp_path, text, ANY)
    assert found.verdict == "FAIL"
    assert said in found.value
    assert len(found.value) < 250


def test_what_is_far_too_large_or_no_regular_file_is_not_read(tmp_path):
    (tmp_path / "large.csv").write_bytes(b"1\n" * 2_000_000)
    with pytest.raises(InputError, match="too many for a prediction file"):
        check_file(tmp_path / "large.csv", ANY)
    with pytest.raises(InputError, match="is a folder"):
        check_file(tmp_path, ANY)
