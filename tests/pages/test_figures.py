"""Figures: complete PNG files with the right things in the right places, the same bytes each
time.
"""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from fashion_nn.errors import InputError
from fashion_nn.measures import worst_mistakes
from fashion_nn.pages import figures

CLASSES = ["T-shirt/top", "Trouser", "a class of $5 with a very long name"]
BLUE, VERMILION = (0, 114, 178), (213, 94, 0)


def history(epochs: int, *, validation: bool = True) -> list[dict]:
    rows = [
        {"epoch": n, "learning_rate": 0.1 / n, "loss": 2 / n, "accuracy": 1 - 1 / (n + 1)}
        for n in range(1, epochs + 1)
    ]
    if validation:
        for row in rows:
            distance = abs(row["epoch"] - 3)  # best at epoch 3
            row |= {"val_loss": 0.4 + 0.1 * distance, "val_accuracy": 0.8 - 0.05 * distance}
    return rows


def three_mistakes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five images, each of one grey; rows 3, 0, 4 are wrong, in this order of badness."""
    images = (
        np.full((5, 6, 6), 1, np.uint8) * np.array([60, 90, 120, 150, 180], np.uint8)[:, None, None]
    )
    labels = np.array([0, 1, 2, 1, 0])
    probabilities = np.array(
        [[0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0, 0, 1], [1, 0, 0], [0.4, 0.1, 0.5]], np.float32
    )
    return images, labels, probabilities


def draw_curves(path):
    figures.curves(history(5), path, title="five epochs")


def draw_comparison(path):
    slow = [
        {"epoch": n, "loss": 2 / n, "valid_loss": 1 / n, "valid_accuracy": 1 - 0.5 / n}
        for n in range(1, 6)
    ]
    quick = [row | {"valid_loss": 0.02, "valid_accuracy": 0.991} for row in slow]
    figures.comparison({"slow": [slow], "quick": [quick, quick]}, path, title="two configurations")


def draw_confusion(path):
    figures.confusion([[90, 7, 3], [0, 99, 1], [30, 0, 70]], CLASSES, path, title="three classes")


def draw_mistakes(path):
    figures.mistakes(*three_mistakes(), CLASSES, path)


def draw_first_layer_weights(path):
    figures.first_layer_weights(np.random.default_rng(0).normal(size=(30, 25)), (6, 5), path)


def draw_sample_grid(path):
    images, labels, _ = three_mistakes()
    figures.sample_grid(images, labels, CLASSES, path, title="samples", per_class=2)


# With the size each should have, in pixels.
DRAWINGS = {
    draw_curves: (1350, 600),
    draw_comparison: (1650, 660),
    draw_confusion: (810, 690),
    draw_mistakes: (1312, 382),
    draw_first_layer_weights: (1275, 1110),
    draw_sample_grid: (420, 375),
}
every_drawing = pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)


def pixels(path) -> np.ndarray:
    """Red, green and blue 0..255, integers (height, width, 3)."""
    return np.rint(imread(path)[..., :3] * 255).astype(int)


def area(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 3) -> int:
    return int((np.abs(picture - colour).max(axis=2) <= tolerance).sum())


def place(picture: np.ndarray, colour: tuple[int, int, int]) -> tuple[float, float]:
    """Mean row and column of the pixels of this colour."""
    rows, columns = np.nonzero(np.abs(picture - colour).max(axis=2) <= 3)
    return rows.mean(), columns.mean()


# All of them


@every_drawing
def test_it_is_a_png_of_the_expected_size(draw, tmp_path):
    draw(tmp_path / "figure.png")
    content = (tmp_path / "figure.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
    picture = pixels(tmp_path / "figure.png")
    assert picture.shape == (*reversed(DRAWINGS[draw]), 3)
    assert (picture[[0, -1]] == 255).all() and (
        picture[:, [0, -1]] == 255
    ).all()  # nothing is cut off
    assert (picture < 128).any()
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]


@every_drawing
def test_the_same_bytes_whatever_the_settings_of_the_user(draw, tmp_path):
    draw(tmp_path / "first.png")
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black", "savefig.dpi": 30}):
        draw(tmp_path / "second.png")
        assert matplotlib.rcParams["font.size"] == 20
    first = (tmp_path / "first.png").read_bytes()
    assert first == (tmp_path / "second.png").read_bytes()
    assert b"Matplotlib" not in first and b"tEXt" not in first


def test_no_pyplot_and_no_matplotlib_before_it_is_needed(tmp_path):
    code = (
        "import sys; from fashion_nn.pages import figures;print('matplotlib' in"
        " sys.modules);figures.curves([dict(epoch=1, loss=1, accuracy=0)],"
        f" {str(tmp_path / 'a.png')!r}, title='');print('matplotlib' in sys.modules,"
        " 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


FAILURES = {
    "no epochs": lambda path: figures.curves([], path, title=""),
    "a name missing": lambda path: figures.confusion(
        np.eye(3, dtype=int), CLASSES[:2], path, title=""
    ),
    "another image size": lambda path: figures.first_layer_weights(np.ones((30, 2)), (5, 5), path),
    "fewer images than mistakes": lambda path: figures.mistakes(
        three_mistakes()[0][:2], *three_mistakes()[1:], CLASSES, path
    ),
}


@pytest.mark.parametrize("draw", FAILURES.values(), ids=FAILURES)
def test_a_failure_leaves_what_was_there(draw, tmp_path):
    with pytest.raises((ValueError, IndexError)):
        draw(tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "figure.png").write_bytes(b"older")
    with pytest.raises((ValueError, IndexError)):
        draw(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_is_the_user_s_mistake(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="written"):
        draw_curves(tmp_path / "file" / "figure.png")


# Curves


def test_both_curves_are_in_both_panels(tmp_path):
    draw_curves(tmp_path / "figure.png")
    picture = pixels(tmp_path / "figure.png")
    for panel in (picture[:450, :675], picture[:450, 675:]):
        assert area(panel, BLUE) > 300 and area(panel, VERMILION) > 300


@pytest.mark.parametrize("absent", ["missing", None, float("nan")])
def test_without_validation_there_is_no_such_curve_and_no_best_epoch(absent, tmp_path):
    rows = history(5, validation=False)
    if absent != "missing":
        rows = [row | {"val_loss": absent, "val_accuracy": absent} for row in rows]
    figures.curves(rows, tmp_path / "figure.png", title="")
    picture = pixels(tmp_path / "figure.png")
    assert area(picture, BLUE) > 600
    assert area(picture, VERMILION) == 0
    figures.curves(rows, tmp_path / "marked.png", title="", best_epoch=2)
    assert (pixels(tmp_path / "marked.png") != picture).any()


def test_the_best_epoch_is_that_of_the_validation_accuracy_unless_given(tmp_path):
    contents = {}
    for best in (None, 3, 4):
        figures.curves(history(5), tmp_path / "figure.png", title="", best_epoch=best)
        contents[best] = (tmp_path / "figure.png").read_bytes()
    assert contents[None] == contents[3] != contents[4]


@pytest.mark.parametrize("epochs", [1, 2, 100])
def test_any_number_of_epochs(epochs, tmp_path):
    figures.curves(history(epochs), tmp_path / "figure.png", title="")
    picture = pixels(tmp_path / "figure.png")[:450]
    assert area(picture, BLUE) > 20 and area(picture, VERMILION) > 20


def test_a_training_that_diverged_is_drawn_too(tmp_path):
    rows = history(4)
    rows[2]["loss"], rows[3]["loss"] = np.inf, np.nan
    figures.curves(rows, tmp_path / "figure.png", title="")
    assert area(pixels(tmp_path / "figure.png"), VERMILION) > 300


# Confusion


def darkest(tmp_path, matrix) -> int:
    figures.confusion(matrix, CLASSES[:2], tmp_path / "figure.png", title="")
    return area(pixels(tmp_path / "figure.png"), (8, 48, 107))


def test_colours_are_shares_of_the_true_class(tmp_path):
    both = darkest(tmp_path, [[10, 0], [0, 1000]])
    assert both > 50_000
    assert darkest(tmp_path, [[5, 5], [0, 1000]]) == pytest.approx(both / 2, rel=0.03)
    assert darkest(tmp_path, [[0, 0], [0, 1000]]) == pytest.approx(both / 2, rel=0.03)


def test_counts_are_in_the_cells(tmp_path):
    figures.confusion([[10, 0], [0, 10]], CLASSES[:2], tmp_path / "ten.png", title="")
    figures.confusion([[77, 0], [0, 77]], CLASSES[:2], tmp_path / "other.png", title="")
    ten, other = pixels(tmp_path / "ten.png"), pixels(tmp_path / "other.png")
    assert 20 < (ten != other).any(axis=2).sum() < 1000


@pytest.mark.parametrize("classes", [2, 21, pytest.param(50, marks=pytest.mark.slow)])
def test_any_number_of_classes(classes, tmp_path):
    matrix = np.full((classes, classes), 1) + np.diag(np.full(classes, 999))
    names = [f"class {number}" for number in range(classes)]
    figures.confusion(matrix, names, tmp_path / "figure.png", title="")
    picture = pixels(tmp_path / "figure.png")
    assert (picture[[0, -1]] == 255).all() and (picture[:, [0, -1]] == 255).all()


# Mistakes


def greys_in_order(path, greys) -> list[int]:
    """Those of these grey levels that fill a part of the picture, in reading order."""
    picture = pixels(path)
    found = [grey for grey in greys if area(picture, (grey,) * 3) > 2000]
    return sorted(found, key=lambda grey: tuple(round(x, -1) for x in place(picture, (grey,) * 3)))


GREYS = [60, 90, 120, 150, 180]


@pytest.mark.parametrize(
    ("count", "expected"), [(25, [150, 60, 180]), (3, [150, 60, 180]), (2, [150, 60])]
)
def test_the_worst_mistakes_come_first(count, expected, tmp_path):
    images, labels, probabilities = three_mistakes()
    figures.mistakes(images, labels, probabilities, CLASSES, tmp_path / "figure.png", count=count)
    assert greys_in_order(tmp_path / "figure.png", GREYS) == expected
    rows = worst_mistakes(labels, probabilities, count)
    assert images[rows, 0, 0].tolist() == expected


def test_more_mistakes_than_a_row(tmp_path):
    images = np.arange(40, 240, 25, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 9), np.uint8)
    probabilities = np.linspace(0.45, 0.1, 8)[:, None] * [1, 0, 0] + [0, 0.5, 0]
    figures.mistakes(images, np.zeros(8, int), probabilities, CLASSES, tmp_path / "figure.png")
    worst_first = images[::-1, 0, 0].tolist()
    assert greys_in_order(tmp_path / "figure.png", worst_first) == worst_first


def test_no_mistakes_are_said_to_be_none(tmp_path):
    images, labels, _ = three_mistakes()
    figures.mistakes(images, labels, np.eye(3)[labels], CLASSES, tmp_path / "figure.png")
    picture = pixels(tmp_path / "figure.png")
    assert picture.shape == (90, 1312, 3)
    assert area(picture, (0, 0, 0)) > 300  # the sentence


def test_title_names_and_probabilities_are_part_of_the_picture(tmp_path):
    def drawn(names, probabilities, **options):
        images, labels, _ = three_mistakes()
        figures.mistakes(images, labels, probabilities, names, tmp_path / "figure.png", **options)
        return (tmp_path / "figure.png").read_bytes()

    probabilities = three_mistakes()[2]
    standard = drawn(CLASSES, probabilities)
    assert drawn(["Dress", *CLASSES[1:]], probabilities) != standard
    assert drawn(CLASSES, probabilities, title="mlp on digits") != standard
    changed = probabilities.copy()
    changed[0] = [0.25, 0.65, 0.1]
    assert drawn(CLASSES, changed) != standard


# First-layer weights


def hot(share: float) -> tuple[int, int, int]:
    return matplotlib.colormaps["hot"](share, bytes=True)[:3]


def test_weights_are_columns_of_the_kernel_in_one_scale(tmp_path):
    kernel = np.ones((12, 1)) * [0.2, -1.0, 0.6, 1.0, 0.4]
    figures.first_layer_weights(kernel, (4, 3), tmp_path / "figure.png", units=4)
    picture = pixels(tmp_path / "figure.png")[:, :900]
    columns = [place(picture, hot((weight + 1) / 2))[1] for weight in (0.2, 0.6)]
    assert columns == sorted(columns)
    assert area(picture, hot(0.6), tolerance=0) > 10_000 < area(picture, hot(0.8), tolerance=0)
    assert area(picture, hot(0.7), tolerance=0) == 0  # the fifth unit is not shown


def test_weights_lie_as_the_pixels_do(tmp_path):
    kernel = np.zeros((12, 5))
    kernel[1 * 3 + 2] = 1  # second row of four, last column of three
    figures.first_layer_weights(kernel, (4, 3), tmp_path / "figure.png")
    first = pixels(tmp_path / "figure.png")[:, :215]
    rows, columns = np.nonzero((first == hot(0.0)).all(axis=2))
    image = first[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    row, column = place(image, hot(1.0))
    assert row / image.shape[0] == pytest.approx(1.5 / 4, abs=0.02)
    assert column / image.shape[1] == pytest.approx(2.5 / 3, abs=0.02)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_weights_without_any_contrast_are_drawn_too(value, tmp_path):
    figures.first_layer_weights(np.full((16, 3), value), (4, 4), tmp_path / "figure.png")
    assert pixels(tmp_path / "figure.png").shape[2] == 3


# Samples


def test_samples_are_the_first_of_each_class(tmp_path):
    images, labels, _ = three_mistakes()  # greys by class: 0: 60, 180; 1: 90, 150; 2: 120
    figures.sample_grid(images, labels, CLASSES, tmp_path / "two.png", title="", per_class=2)
    assert greys_in_order(tmp_path / "two.png", GREYS) == [60, 180, 90, 150, 120]
    figures.sample_grid(images, labels, CLASSES, tmp_path / "one.png", title="", per_class=1)
    assert greys_in_order(tmp_path / "one.png", GREYS) == [60, 90, 120]
