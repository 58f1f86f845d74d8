"""Similarities, the split into public and private rows, the board, places and causes."""

import shutil

import numpy as np
import pytest
from grading_tables import write_predictions

from fashion_nn.errors import InputError
from fashion_nn.grading import grade_class
from fashion_nn.grading.course import board, causes, outputs, points, ranking
from fashion_nn.grading.course.board import Split
from fashion_nn.grading.course.similarity import shared_mistakes, similarities
from fashion_nn.grading.report import HandIn


def members(random, rows=1500, count=24):
    """Labels of students who share hard rows and favourite mistakes, but nothing else."""
    truth = random.integers(0, 10, rows)
    hard = random.beta(0.3, 2, rows)
    favourite = (truth + random.integers(1, 10, rows)) % 10
    labels = np.empty((count, rows), int)
    for member in range(count):
        wrong = random.random(rows) < hard * (0.7 + 0.6 * random.random())
        other = (truth + random.integers(1, 10, rows)) % 10
        mistake = np.where(random.random(rows) < 0.6, favourite, other)
        labels[member] = np.where(wrong, mistake, truth)
    return labels, truth


@pytest.mark.parametrize("seed", range(8))
def test_shared_mistakes(seed):
    random = np.random.default_rng(seed)
    labels, truth = members(random)
    assert shared_mistakes(labels, truth) == []
    labels[3] = np.where(random.random(len(truth)) < 0.5, labels[7], labels[3])
    assert [pair for pair, _, _ in shared_mistakes(labels, truth)] == [(3, 7)]


def test_equal_files_and_weights_are_named_once():
    def hand_in(name, file, weights, unordered):
        return HandIn(name, "", name, "model", None, weights=weights, sorted_weights=unordered)

    found = similarities(
        [
            hand_in("part1", "a", "w1", "s1"),
            hand_in("part2", "b", "w1", "s1"),
            hand_in("part3", "c", "w3", "s1"),
            hand_in("part4", "d", "w4", "s4"),
        ],
        None,
    )
    assert [(each.what, each.places) for each in found] == [
        ("equal weights", (0, 1)),
        ("weights equal up to the order of the units", (0, 2)),
    ]


def test_split_board_and_page(small_class, labelled, tmp_path, digits):
    out = tmp_path / "out"
    truth = digits.test.labels
    half = np.where(np.arange(len(truth)) % 2, truth, (truth + 1) % 10)
    write_predictions(small_class / "part8" / "p.csv", half)
    shutil.copy(small_class / "part7" / "p.csv", small_class / "part9" / "=1+1.csv")
    split = Split(30, 1)

    def written():
        grades = grade_class(small_class, labelled, out)
        marking = outputs.Marking(maximum=10)
        return outputs.write(grades, labelled, out, marking, split)

    first = written()
    public, private = first.assessed[1].parts
    chosen = split.public(len(truth))
    assert chosen.sum() == len(truth) * 30 // 100
    assert public == (half == truth)[chosen].mean() and private == (half == truth)[~chosen].mean()
    page = (out / "board.html").read_text()
    assert first.assessed[1].pseudonym in page and "part8" not in page
    assert first.remarks.similarities == ("part7 and part9: equal files",)
    assert "equal files" in (out / "class-list.html").read_text()
    own = (out / "students" / "part8.html").read_text()
    assert first.assessed[1].pseudonym in own and "part7" not in own and "part9" not in own
    # The student sees the public rows alone, until the teacher shows the others.
    right = (half == truth)[chosen]
    assert f"{right.mean():.2%}" in own and f"on {chosen.sum()} public rows" in own
    assert f"{(half == truth).mean():.2%}" not in own and "recall" not in own
    assert "<dt>grade</dt>" not in own
    split = Split(30, 1, shows_private=True)
    written()
    own = (out / "students" / "part8.html").read_text()
    assert f"{(half == truth).mean():.2%}" in own and "<dt>grade</dt>" in own
    assert first.assessed[0].hand_in.verdict == "WARN"  # equal to the truth
    better = np.where(np.arange(len(truth)) % 4 == 0, (truth + 1) % 10, truth)
    write_predictions(small_class / "part8" / "p.csv", better)
    second = written()
    assert second.assessed[1].pseudonym == first.assessed[1].pseudonym
    with pytest.raises(InputError, match="--split 30 --seed 1"):
        split = Split(30, 2)
        written()


def test_only_a_real_step_is_shown():
    before = np.arange(1000) % 2 == 0
    barely = before.copy()
    barely[1] = True
    clearly = before.copy()
    clearly[1:100] = True
    assert not board.is_step(before, before) and not board.is_step(~barely, ~before)
    assert board.is_step(clearly, before)


def test_places_and_causes(small_class, labelled, tmp_path, digits):
    truth = digits.test.labels
    names = causes.class_names(labelled, 10)
    few = np.where(truth == 3, 5, truth)
    write_predictions(small_class / "part8" / "p.csv", few)
    write_predictions(small_class / "part9" / "=1+1.csv", truth + 1)
    grades = grade_class(small_class, labelled, tmp_path / "out")
    said = [causes.causes(hand_in, labelled) for hand_in in grades.hand_ins]
    assert said[0] == []
    seldom = next(each for each in said[1] if each.startswith(f"named {names[3]} 0 times, about "))
    assert f"expected: weak on {names[3]}, or rows mixed up" in seldom
    assert any("the labels count from 1" in each for each in said[2])
    found = ranking.places(grades.hand_ins)
    assert [str(place) for place in found] == ["1", "2", "3"]
    model = HandIn("p", "", "m.keras", "model", None, "m: tells 11 classes apart, expected 10: x")
    assert causes.causes(model, labelled)[0].startswith("11 outputs for 10 classes")


def test_points(small_class, labelled, tmp_path):
    (tmp_path / "rules.toml").write_text(
        "late = 0.5\n[[accuracy]]\nat_least = 0.9\npoints = 10\n[[accuracy]]\nat_least = 0.05\n"
        "points = 4\n[failed]\nfile = 1\n"
    )
    rules = points.read(tmp_path / "rules.toml")
    path = small_class / "part8" / "p.csv"
    path.write_text(path.read_text().replace("ImageId", "index"))  # file fails
    grades = grade_class(small_class, labelled, tmp_path / "out")
    assert [rules.points(hand_in) for hand_in in grades.hand_ins] == [10, 3, 10]
