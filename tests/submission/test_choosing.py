"""The best of the saved runs; one that has lost its model is no candidate."""

import pytest
from run_folders import make_run

from fashion_nn import submission
from fashion_nn.errors import InputError


@pytest.fixture
def root(tmp_path):
    make_run(tmp_path / "good", 0.8)
    make_run(tmp_path / "better", 0.9)
    make_run(tmp_path / "without", 0.99).model.unlink()
    return tmp_path


def test_a_run_without_its_model_is_skipped_with_a_line(root):
    said = []
    assert submission.best_run(root, "digits", (8, 8), note=said.append).name == "better"
    (line,) = said
    assert f"{root / 'without' / 'model.keras'}: cannot be read (No such file" in line


def test_it_is_skipped_without_a_word_where_nobody_listens(root):
    assert submission.best_run(root, "digits", (8, 8)).name == "better"


def test_runs_on_other_images_are_no_candidates(root):
    said = []
    with pytest.raises(InputError, match="no complete run on digits with 28 x 28 pixels"):
        submission.best_run(root, "digits", (28, 28), note=said.append)
    assert len(said) == 1  # of the run without its model, whatever it was trained on


def test_where_no_run_has_a_model_there_is_none_to_choose(root):
    for name in ("good", "better"):
        (root / name / "model.keras").unlink()
    with pytest.raises(InputError, match="no complete run on digits"):
        submission.best_run(root, "digits", (8, 8))
