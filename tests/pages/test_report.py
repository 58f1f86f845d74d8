"""Evaluation, cards and pages of real runs on digits, and of a run without epochs; the pages in a
real browser.
"""

import json
import shutil
from dataclasses import replace

import html_pages
import numpy as np
import pytest
import yaml
from html_pages import Elements

from fashion_nn import datasets, evaluation, inference, measures, recipes, runs, training
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.core import reading
from fashion_nn.errors import InputError
from fashion_nn.pages import card, charts, layer_outputs, leaderboard, pictures
from fashion_nn.pages.run_page import write_run_page
from fashion_nn.pages.training_summary import why_training_lies_below
from fashion_nn.runs import Metrics, Record, Run

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def splits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def models(tmp_path_factory, splits):
    """Two seeds of a short training, evaluated; and a run of another kind, without history, that is
    not evaluated.
    """
    folder = tmp_path_factory.mktemp("models")
    for seed in (0, 1):
        settings = ["batch_size=64", "momentum=0.9", "epochs=6", f"seed={seed}"]
        training.run(recipes.override(recipes.get("mlp"), settings), splits, folder / f"seed{seed}")
        evaluation.evaluate(Run(folder / f"seed{seed}"), splits)
    fitted = Run(folder / "fitted")
    shutil.copytree(folder / "seed0", fitted.folder)
    fitted.history.unlink()
    fitted.test_predictions.unlink()
    record = fitted.read_record()
    recipe = {"name": "pca-logreg", "components": [2, 50], "folds": 5, "whiten": False}
    changed = {"recipe": recipe, "best_epoch": None, "sessions": [{"epoch_seconds": [0.25]}]}
    fitted.write_record(Record.model_validate(record.to_json() | changed))
    fitted.write_metrics(Metrics(valid=fitted.read_metrics().valid))
    return folder


@pytest.fixture(scope="module")
def pages(models, splits):
    """The pages of two of the runs, and of the leaderboard."""
    found = [write_run_page(Run(models / name), splits) for name in ("seed0", "fitted")]
    leaderboard.write_leaderboard(runs.find(models), models / "leaderboard.html")
    return [*found, models / "leaderboard.html"]


# Evaluation


def test_what_evaluate_keeps_is_what_the_model_answers(models, splits):
    run = Run(models / "seed0")
    with inference.open_model(run.model) as predict:
        of_valid, of_test = predict(splits.valid.images), predict(splits.test.images)
    measured, answers = run.read_metrics(), run.read_test_predictions()
    assert (answers.labels == splits.test.labels).all()
    assert (answers.predicted == of_test.argmax(axis=1)).all()
    assert (answers.of_truth == of_test[np.arange(len(splits.test)), splits.test.labels]).all()
    assert measured.test.brier == measures.brier(splits.test.labels, of_test)
    assert measured.multiply_adds == 784 * 256 + 256 * 128 + 128 * 50 + 50 * 50 + 50 * 25 + 25 * 10
    assert measured.prediction.images == 359 and measured.prediction.seconds > 0
    scaled = measured.test.temperature
    assert scaled.value == measures.fit_temperature(splits.valid.labels, of_valid)
    unscaled = measures.tempered(of_test, 1.0)  # as precise as what is scaled
    assert scaled.log_loss_before == pytest.approx(measures.log_loss(splits.test.labels, unscaled))
    expected = measures.score(splits.test.labels, measures.tempered(of_test, scaled.value))
    assert scaled.calibration_error == expected.calibration_error


def test_near_duplicates_are_left_out_of_the_second_accuracy(models, splits):
    run = Run(models / "seed0")
    scale = 255 * np.sqrt(splits.test.images[0].size)
    known = splits.original_train().images.reshape(-1, splits.test.images[0].size).astype(float)
    near = [
        np.sqrt(((known - image.ravel()) ** 2).sum(axis=1).min()) <= evaluation.NEAR * scale
        for image in splits.test.images
    ]
    right = run.read_test_predictions().right[~np.array(near)]
    clean = run.read_metrics().test.without_near_duplicates
    assert 0 < sum(near) < 100 and (clean.n, clean.correct) == (len(right), right.sum())


def test_other_test_rows_change_nothing_that_is_stored(models, splits):
    run = Run(models / "seed1")
    before = run.metrics.read_bytes(), run.test_predictions.read_bytes()
    evaluation.evaluate(run, replace(splits, test=splits.test.take(np.arange(100))))
    assert (run.metrics.read_bytes(), run.test_predictions.read_bytes()) == before
    assert run.count_openings() == 2


def test_to_evaluate_again_changes_the_log_alone(models, splits):
    run = Run(models / "seed0")
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    evaluation.evaluate(run, splits)
    changed = [path for path, time in before.items() if path.stat().st_mtime_ns != time]
    assert changed == [run.openings]


# Curves


@pytest.mark.parametrize(
    ("rate", "flip", "accuracy", "said"),
    [
        (0.5, False, 0.5, "Training is measured with dropout, validation without"),
        (0.0, True, 0.5, "Training is measured on augmented images, validation without"),
        (0.5, True, 0.5, "measured with dropout and on augmented images, validation"),
        (0.5, True, 0.9, ""),
        (0.0, False, 0.5, ""),
    ],
)
def test_a_training_curve_below_validation_is_explained(models, rate, flip, accuracy, said):
    record = Run(models / "seed0").read_record()
    recipe = record.recipe.to_json() | {"augment": {"flip": flip}}
    changed = Record.model_validate(record.to_json() | {"recipe": recipe, "best_epoch": 2})
    with inference.open_model(models / "seed0" / "model.keras", wait=False) as predictor:
        layers = tuple(
            replace(layer, arguments={"rate": rate}) if "Dropout" in layer.class_name else layer
            for layer in predictor.network.layers
        )
        network = replace(predictor.network, layers=layers)
    rows = [{"epoch": 1}, {"epoch": 2, "accuracy": accuracy, "val_accuracy": 0.8}]
    found = why_training_lies_below(rows, changed, network)
    assert said in found and bool(found) == bool(said)


def test_the_page_explains_it_beside_the_curves(models, pages):
    assert "Training is measured with dropout, validation without" in pages[0].read_text()


# Leaderboard


def test_compare_groups_the_seeds_and_says_who_is_not_compared(models, capsys):
    rows = leaderboard.rows(runs.find(models))
    tied = {row.run.name: row.tied for row in rows}
    assert tied["fitted"] is None and "a" in tied["seed0"] + tied["seed1"]
    (seeds,) = leaderboard.over_seeds(rows)[1]
    assert seeds[:3] == ("mlp", "digits", 2)
    assert (
        run_command(
            app, ["compare", *(str(models / name) for name in ("seed0", "seed1", "fitted"))]
        )
        == 0
    )
    printed = capsys.readouterr()
    assert "mean ± sd over seeds" in printed.out
    assert "not compared with the others: fitted: `fashion-nn evaluate`" in printed.err


# Cards


def front_matter(text):
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


@pytest.mark.parametrize("name", ["seed0", "fitted"])
def test_the_card_s_metadata_is_what_was_measured(models, name):
    run = Run(models / name)
    values, body = front_matter(card.render(run))
    assert values["license"] == "mit" and values["library_name"] == "keras"
    (index,) = values["model-index"]
    assert index["name"] == name
    found = {each["dataset"]["split"]: each["metrics"] for each in index["results"]}
    measured = run.read_metrics()
    assert set(found) == {"validation", "test"} if measured.test else {"validation"}
    for split, scores in (("validation", measured.valid), ("test", measured.test)):
        for each in found.get(split, []):
            assert each["value"] == getattr(scores, each["type"])
    assert [each["name"] for each in found["validation"]] == [
        "accuracy",
        "log loss (nats)",
        "Brier score",
        "expected calibration error",
    ]
    assert "## Intended use" in body and "## Limits" in body and "## How to load" in body
    assert ("best epoch" in body) == (name == "seed0")


def test_the_card_of_a_run_of_another_kind_lists_its_settings(models):
    text = card.render(Run(models / "fitted"))
    assert "| components | 2, 50 | ours |" in text and "| folds | 5 | ours |" in text


# Pages


def test_a_page_is_one_small_file_with_everything_inside(pages):
    for page in pages:
        found = Elements(page.read_text())
        assert page.stat().st_size < 3_000_000
        assert all(
            image["src"].startswith("data:image/png;base64,") and image["alt"]
            for image in found.all("img")
        )
        assert not found.all("iframe") and not any("src" in each for each in found.all("script"))
        assert all(chart["aria-label"] for chart in found.all("svg") if "role" in chart)
        assert "undefined" not in found.text.lower() and "None" not in found.text


def test_the_page_shows_what_was_measured(models, pages):
    found, run = Elements(pages[0].read_text()), Run(models / "seed0")
    test = run.read_metrics().test
    assert f"{100 * test.accuracy:.2f}\xa0%" in found.text
    assert [attributes["id"] for attributes in found.all("h2")] == [
        "try",
        "curves",
        "confusion",
        "classes",
        "mistakes",
        "calibration",
        "weights",
        "layers",
        "recipe",
        "provenance",
    ]
    true, taken, count = measures.confused_pairs(test.confusion, 1)[0]
    assert f"{true} taken for {taken} {count} images" in " ".join(found.text.split())
    assert run.read_metrics().model_sha256 in found.text
    wrong = test.n - test.correct
    assert f"{wrong} of 359 predictions are wrong" in found.text


def test_the_layers_are_those_of_the_model_with_their_shapes(pages):
    text = " ".join(Elements(pages[0].read_text()).text.split())
    for layer in (
        "scale Rescaling 28 × 28",
        "dense_1 Dense 256 · 200,960 parameters",
        "dense_6 Dense 10 · 260 parameters",
    ):
        assert layer in text
    assert "dropout_1 Dropout 256 passes its input on unchanged" in text


def test_a_run_without_epochs_or_test_figures_has_a_page_too(pages):
    found = Elements(pages[1].read_text())
    ids = [attributes["id"] for attributes in found.all("h2")]
    assert (
        "curves" not in ids
        and "mistakes" not in ids
        and {"confusion", "layers", "recipe"} <= set(ids)
    )
    assert "fashion-nn evaluate fitted" in found.text and "components" in found.text


def test_the_leaderboard_links_the_pages(models, pages):
    found = Elements(pages[2].read_text())
    links = {link["href"] for link in found.all("a")}
    assert links == {"seed0/report.html", "fitted/report.html"}
    assert all((models / link).exists() for link in links)


def test_a_name_with_markup_stays_text(models, splits, tmp_path):
    run = Run(tmp_path / "<script>alert(1)<")
    shutil.copytree(models / "fitted", run.folder)
    leaderboard.write_leaderboard([run], tmp_path / "leaderboard.html")
    found = Elements((tmp_path / "leaderboard.html").read_text())
    assert "<script>alert(1)<" in found.text and not found.all("script")


@pytest.mark.parametrize("image", [-1, 359])
def test_an_image_that_is_not_there(models, splits, image):
    with pytest.raises(InputError, match="expected a row from 0 to 358"):
        write_run_page(Run(models / "seed0"), splits, image)


def test_the_way_through_a_network_with_nested_and_shared_layers(tmp_path):
    import keras

    given = keras.Input((12, 12, 1))
    shared = keras.layers.Conv2D(4, 3, padding="same", name="shared")
    inner = keras.Sequential(
        [keras.Input((12, 12, 4)), keras.layers.DepthwiseConv2D(3, name="depth")], name="inner"
    )
    merged = keras.layers.Add(name="sum")(
        [shared(given), shared(keras.layers.Rescaling(0.5, name="half")(given))]
    )
    twice = keras.layers.Maximum(name="larger")(
        [inner(merged), inner(keras.layers.ReLU(name="relu")(merged))]
    )
    wide = keras.layers.Conv2DTranspose(2, 2, strides=2, name="wide")(twice)
    separable = keras.layers.SeparableConv2D(3, 3, strides=2, name="separable")(wide)
    pooled = keras.layers.GlobalAveragePooling2D(name="mean")(separable)
    keras.Model(given, keras.layers.Dense(5, name="answer")(pooled)).save(tmp_path / "model.keras")
    with inference.open_model(tmp_path / "model.keras") as predictor:
        outputs = layer_outputs.through_layers(
            predictor, np.arange(144, dtype=np.uint8).reshape(12, 12)
        )
        multiply_adds = predictor.multiply_adds
    shapes = [(each.name, each.shape) for each in outputs]
    expected = {
        "shared": 2 * [(12, 12, 4)],
        "half": [(12, 12, 1)],
        "sum": [(12, 12, 4)],
        "relu": [(12, 12, 4)],
        "depth": 2 * [(10, 10, 4)],
        "larger": [(10, 10, 4)],
        "wide": [(20, 20, 2)],
        "separable": [(9, 9, 3)],
        "mean": [(3,)],
        "answer": [(5,)],
    }
    assert sorted(shapes) == sorted(
        (name, shape) for name, of_calls in expected.items() for shape in of_calls
    )
    convolutions = 2 * 144 * 9 * 4 + 2 * 100 * 9 * 4 + 100 * 4 * 4 * 2
    assert multiply_adds == convolutions + 81 * (9 * 2 + 2 * 3) + 3 * 5


def test_ticks_are_round_and_enclose_the_values():
    for low, high in ((0.1, 0.97), (3, 3), (0, 0), (-2, 1e6), (87.3, 87.9)):
        ticks = charts.ticks(low, high, 5)
        assert ticks[0] <= low and ticks[-1] >= high and 2 <= len(ticks) <= 7


def test_a_signed_picture_is_transparent_at_zero(tmp_path):
    import base64
    import io

    from PIL import Image

    picture = pictures.signed(np.array([[0.0, 2.0, -1.0, np.nan]]))
    with Image.open(io.BytesIO(base64.b64decode(picture.uri.partition(",")[2]))) as image:
        pixels = np.asarray(image)[0]
    assert pixels[:, 3].tolist() == [0, 255, 128, 0]
    assert pixels[1, 2] > pixels[1, 0] and pixels[2, 0] > pixels[2, 2]


# Wrong folders, through every command that reads one


def broken(models, folder, damage):
    run = Run(folder / "broken")
    shutil.copytree(models / "seed0", run.folder)
    damage(run)
    return run


DAMAGES = {
    "no metrics": lambda run: run.metrics.unlink(),
    "half a record": lambda run: run.record.write_text(run.record.read_text()[:300]),
    "a record without data": lambda run: run.record.write_text(
        '{"format": 1, "recipe": {"name": "x"}}'
    ),
    "empty figures": lambda run: run.metrics.write_text(
        json.dumps({"model_sha256": reading.sha256(run.model), "test": {}})
    ),
    "no model": lambda run: run.model.unlink(),
    "no record": lambda run: run.record.unlink(),
}


@pytest.mark.parametrize("command", ["evaluate", "compare", "report", "export"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_wrong_folder_is_one_line_in_every_command(models, tmp_path, capsys, command, damage):
    run = broken(models, tmp_path, damage)
    before = sorted(path.name for path in run.folder.iterdir())
    words = [command, str(run.folder), *(["--format", "h5"] if command == "export" else [])]
    assert run_command(app, words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "broken" in line
    assert sorted(path.name for path in run.folder.iterdir()) == before


def test_report_wants_folders_or_all(capsys):
    assert run_command(app, ["report"]) == 2
    assert "name run folders, or give --all" in capsys.readouterr().err


def test_report_by_command(models, tmp_path, capsys):
    run = Run(tmp_path / "copy")
    shutil.copytree(models / "seed0", run.folder)
    assert run_command(app, ["report", str(run.folder), "--image", "3"]) == 0
    assert capsys.readouterr().out.strip() == str(run.page)
    assert "test image 3" in run.page.read_text()


# In a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_in_a_browser(browser, pages, scheme, width):
    html_pages.require_well_shown(browser, pages, scheme, width)


def shown(tab):
    """The probabilities that the page shows, by class."""
    tab.locator("#verdict:not(:empty)").wait_for()
    return tab.evaluate(
        "[...document.querySelectorAll('#bars div')].map(row => Number(row.dataset.probability))"
    )


@pytest.fixture
def tab(browser, pages):
    """The page of the run; it may say nothing to the console and ask for nothing."""
    opened, said, asked = browser.new_page(), [], []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(pages[0].as_uri())
    yield opened
    opened.close()
    assert not said
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_model_in_the_page_answers_as_keras_does(tab, models, splits):
    with inference.open_model(models / "seed0" / "model.keras") as predict:
        expected = predict(splits.test.images[:1])[0]
    assert shown(tab) == pytest.approx(expected, abs=1e-5)


def test_a_drawing_on_the_first_canvas_gets_an_answer_and_an_explanation(tab):
    before = shown(tab)
    surface = tab.locator("canvas").first.bounding_box()
    x, y, side = surface["x"], surface["y"], surface["width"]
    tab.mouse.move(x + 0.5 * side, y + 0.2 * side)
    tab.mouse.down()
    tab.mouse.move(x + 0.5 * side, y + 0.8 * side, steps=5)
    tab.mouse.up()
    assert tab.locator("#source").text_content() == "your drawing"
    after = shown(tab)
    assert after != before and sum(after) == pytest.approx(1, abs=1e-5)
    tab.locator("#occlude").click()
    tab.locator("#heat-note", has_text="covering this place lowers").wait_for()
    tab.locator("#clear").click()
    assert tab.locator("#verdict").text_content() == "nothing to see yet"


def test_a_dark_object_on_light_paper_is_inverted_and_framed(tab, splits, tmp_path):
    from PIL import Image

    picture = np.full((300, 420), 235, np.uint8)
    large = np.kron(splits.test.images[0], np.ones((6, 6), np.uint8))
    picture[40:208, 200:368] -= (large * 0.9).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "paper.png")
    shown(tab)
    tab.locator("#file").set_input_files(tmp_path / "paper.png")
    tab.locator("#source", has_text="your picture").wait_for()
    assert tab.locator("#invert").is_checked()
    seen = tab.evaluate(
        "[...document.querySelector('#seen').getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    image = np.array(seen).reshape(28, 28, 4)[..., 0]
    assert image.max() > 220 and image.min() == 0
    correlation = np.corrcoef(image.ravel(), splits.test.images[0].ravel())[0, 1]
    assert correlation > 0.7
    before = shown(tab)
    tab.locator("#invert").uncheck()
    assert shown(tab) != before


def test_the_keyboard_draws_and_opens_a_cell_of_the_confusion_matrix(tab, models):
    shown(tab)
    tab.locator("#clear").click()
    tab.locator("#draw").focus()
    for _ in range(4):
        tab.keyboard.press("Shift+ArrowDown")
    tab.locator("#verdict", has_text="%").wait_for()
    answers = Run(models / "seed0").read_test_predictions()
    wrong = int(np.flatnonzero(~answers.right)[0])
    cell = f"{answers.labels[wrong]},{answers.predicted[wrong]}"
    tab.locator(f"td[data-cell='{cell}'] button").press("Enter")
    found = tab.locator("#cell canvas")
    same = (answers.labels == answers.labels[wrong]) & (
        answers.predicted == answers.predicted[wrong]
    )
    assert found.count() == min(same.sum(), 24)
    found.first.click()
    assert "taken for" in tab.locator("#source").text_content()


def test_a_page_prints_on_a_few_sheets(browser, pages):
    tab = browser.new_page()
    tab.goto(pages[0].as_uri())
    sheets = tab.pdf(format="A4").count(b"/Type /Page\n")
    assert 1 <= sheets <= 12
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.close()
