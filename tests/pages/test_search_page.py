"""The page of a search, of made-up trials: what it shows of them, in every state that a search can
be in.
"""

import json

import html_pages
import numpy as np
import pytest
from html_pages import Elements
from search_folders import SPACE, STATUSES, draw, make_search, make_trial, quality

from fashion_nn import pages, runs
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.errors import InputError
from fashion_nn.pages import importance, trial_charts
from fashion_nn.pages.parallel_chart import parallel
from fashion_nn.runs import Parameter

PARAMETERS = SPACE
KINDS = {
    "many": {"statuses": 5 * STATUSES},
    "one": {"statuses": ("completed",)},
    "failed": {"statuses": ("failed", "timed-out")},
    "empty": {"statuses": ()},
    "running": {"statuses": ("completed", "running", "running")},
    "folds": {
        "statuses": (*STATUSES, "completed", "completed"),
        "folds": 3,
        "objective": "val_loss",
    },
    "hyperband": {"statuses": 3 * STATUSES, "algorithm": "hyperband"},
    "fixed": {
        "statuses": STATUSES,
        "space": [Parameter(name="momentum", kind="choice", values=[0.9], default=0.9)],
    },
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The searches of KINDS by name, each with its page."""
    folder = tmp_path_factory.mktemp("searches")
    made = {name: make_search(folder / name, **kind) for name, kind in KINDS.items()}
    for search in made.values():
        assert pages.write_search_page(search.folder) == search.page
    return made


def shown(search):
    return Elements(search.page.read_text())


def words(search):
    return " ".join(shown(search).text.split())


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_one_small_file_with_everything_inside(found, name):
    page = shown(found[name])
    assert found[name].page.stat().st_size < 1_000_000
    assert not page.all("script") and not page.all("iframe") and not page.all("img")
    assert all(chart["aria-label"] for chart in page.all("svg") if "role" in chart)
    assert (
        "undefined" not in page.text.lower()
        and "None" not in page.text
        and "nan" not in page.text.split()
    )


def test_the_head_says_what_was_searched_and_found(found):
    best = runs.best_of(found["many"].read_trials(), "val_accuracy")
    text = words(found["many"])
    assert "Search: mlp Random search on digits, seed 0; scored by validation accuracy" in text
    assert f"best validation accuracy {100 * best.score:.2f} %trial {best.id}, epoch 8" in text
    assert f"trained again{100 * best.score - 0.4:.2f} %same settings, fresh seed 77" in text
    assert "trials4020 completed, 5 stopped early, 5 failed, 5 diverged, 5 timed out" in text


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("many", ["progress", "parameters", "importance", "best", "trials", "provenance"]),
        ("one", ["progress", "parameters", "importance", "best", "trials", "provenance"]),
        ("fixed", ["progress", "importance", "best", "trials", "provenance"]),
        ("failed", ["trials", "provenance"]),
        ("empty", ["trials", "provenance"]),
    ],
)
def test_a_section_is_there_when_there_is_something_to_show(found, name, sections):
    assert [head["id"] for head in shown(found[name]).all("h2")] == sections


def test_the_table_has_every_trial_best_first_and_says_why_others_failed(found):
    search = found["many"]
    text = search.page.read_text()
    places = {
        each.id: text.index(f'<th scope="row">{each.id}</th>') for each in search.read_trials()
    }
    scores = {each.id: each.score for each in search.read_trials()}
    order = sorted(places, key=places.get)
    known = [scores[id] for id in order if scores[id] is not None]
    assert known == sorted(known, reverse=True) and len(known) == 25
    assert all(scores[id] is None for id in order[25:])
    assert "why trial 3 is &lt;failed&gt;" in text and "stopped early" in text


def test_a_loss_is_best_when_it_is_least(found):
    search = found["folds"]
    best = min(each.score for each in search.read_trials() if each.score is not None)
    assert f"best validation loss {best:.4f}" in words(search) and "the mean over 3 folds" in words(
        search
    )
    chart = trial_charts.over_time(search.read_trials(), "val_loss")
    line = [float(point.split(",")[1]) for point in chart.lines[0].points.split()]
    assert line == sorted(line) and len(line) > 2  # downwards on the page


def test_hyperband_s_trials_say_what_they_went_on_from(found):
    assert "completed, went on from 0001" in words(found["hyperband"])


def a_day_later(trial):
    times = {
        name: getattr(trial, name).replace("2025-01-01", "2025-01-02")
        for name in ("started", "ended")
    }
    return trial.model_copy(update=times)


def test_the_best_so_far_only_gets_better_and_a_pause_does_not_count(found):
    records = found["many"].read_trials()
    busy = trial_charts.seconds_busy(records)
    assert busy["0039"] == pytest.approx(sum(each.seconds for each in records))
    later = [a_day_later(each) if each.order > 20 else each for each in records]
    assert trial_charts.seconds_busy(later)["0039"] == pytest.approx(busy["0039"])
    line = trial_charts.over_time(records, "val_accuracy").lines[0].points.split()
    heights = [float(point.split(",")[1]) for point in line]
    assert heights == sorted(heights, reverse=True)


def test_trials_beside_each_other_count_once():
    times = {"0000": ("00:00", "10:00"), "0001": ("01:00", "03:00"), "0002": ("20:00", "25:00")}
    records = [
        make_trial(int(id), started=f"2025-01-01T12:{a}", ended=f"2025-01-01T12:{b}")
        for id, (a, b) in times.items()
    ]
    assert trial_charts.seconds_busy(records) == {"0000": 600, "0001": 180, "0002": 900}


def test_parallel_coordinates_are_at_the_values(found):
    records = found["many"].read_trials()
    chart = parallel(records, PARAMETERS, "val_accuracy")
    assert [axis.name for axis in chart.axes] == [each.name for each in SPACE] + ["val_accuracy"]
    best = runs.best_of(records, "val_accuracy")
    assert chart.ways[-1].kind == "best" and chart.ways[-1].share == 100
    assert {way.kind for way in chart.ways} == {"best", "done", "stopped", "failed"}
    places = dict(
        zip([axis.name for axis in chart.axes], chart.ways[-1].points.split(), strict=True)
    )
    share = (np.log10(best.values["learning_rate"]) + 4) / 3
    expected = chart.bottom - share * (chart.bottom - chart.top)
    assert float(places["learning_rate"].split(",")[1]) == pytest.approx(expected, abs=0.1)
    momentum = next(axis for axis in chart.axes if axis.name == "momentum")
    assert momentum.ticks[-1] == (chart.bottom + 26, "unused")
    rate = next(axis for axis in chart.axes if axis.name == "learning_rate")
    assert [text for _, text in rate.ticks] == ["0.0001", "0.001", "0.01", "0.1"]


def test_a_few_scores_far_from_the_others_do_not_press_them_flat(found):
    records = [
        each.model_copy(update={"score": 0.1}) if each.id in ("0000", "0002") else each
        for each in found["many"].read_trials()
    ]
    chart = trial_charts.over_time(records, "val_accuracy")
    assert float(chart.y_ticks[0][1]) > 50
    assert sum(point.kind == "outside" for point in chart.points) == 2


# Importance


def made_up(n, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    drawn = [draw(rng) for _ in range(n)]
    return [
        make_trial(
            order,
            status="completed",
            score=float(quality(values) + rng.normal(0, noise)),
            values=values,
        )
        for order, values in enumerate(drawn)
    ]


def test_the_parameter_that_decides_is_found():
    answer = importance.of_parameters(made_up(60), PARAMETERS, "val_accuracy")
    assert answer.n == 60 and answer.reliable and answer.explained > 0.5
    assert (
        answer.weights[0].name == "learning_rate"
        and answer.weights[0].mean > 2 * answer.weights[1].mean
    )
    mirrored = [each.model_copy(update={"score": -each.score}) for each in made_up(60)]
    assert importance.of_parameters(mirrored, PARAMETERS, "val_loss") == answer


def test_chance_has_no_importance():
    rng = np.random.default_rng(1)
    noise = [each.model_copy(update={"score": float(rng.random())}) for each in made_up(40)]
    answer = importance.of_parameters(noise, PARAMETERS, "val_accuracy")
    assert answer.weights == [] and answer.explained <= 0


def test_epochs_that_differ_are_not_blamed_on_parameters():
    shared = []
    for each in made_up(60):
        epochs = (2, 8)[each.order % 2]
        shared.append(
            each.model_copy(update={"epochs": epochs, "score": epochs / 10 + 1e-3 * each.score})
        )
    answer = importance.of_parameters(shared, PARAMETERS, "val_accuracy")
    assert answer.weights[0].name == "epochs" and answer.weights[0].mean > 3 * abs(
        answer.weights[1].mean
    )


def test_settings_that_went_on_count_once():
    short = made_up(9)
    longer = [each.model_copy(update={"epochs": 24, "score": each.score + 0.01}) for each in short]
    answer = importance.of_parameters(short + longer, PARAMETERS, "val_accuracy")
    assert answer.n == 9 and answer.weights == []


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 setting with a score: too few"),
        (9, "9 settings with a score: too few"),
        (16, "unreliable"),
    ],
)
def test_too_few_trials_are_said_to_be(tmp_path, n, said):
    search = make_search(tmp_path / "few", n * ("completed",), seed=3)
    pages.write_search_page(search.folder)
    assert said in words(search)
    assert ("importance" in search.page.read_text().split('class="odds ')[-1][:20]) == (
        n >= importance.LEAST
    )


# By command, and wrong folders


def test_report_by_command(found, capsys):
    search = found["many"]
    search.page.unlink()
    assert run_command(app, ["report", str(search.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(search.page) and search.page.exists()


DAMAGES = {
    "no identity": lambda search: search.record.write_text('{"format": 1}'),
    "another space": lambda search: search.record.write_text(
        search.record.read_text().replace("0.35", "0.36", 1)
    ),
    "half a trial": lambda search: search.trial_record("0003").write_text('{"id": "00'),
    "a trial is missing": lambda search: search.trial_record("0003").unlink(),
    "half a best": lambda search: search.best.write_text(json.dumps({"format": 1})),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_search_is_one_line_and_leaves_the_page(tmp_path, capsys, damage):
    search = make_search(tmp_path / "broken", STATUSES)
    search.page.write_text("before")
    damage(search)
    assert run_command(app, ["report", str(search.folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "broken" in line
    assert search.page.read_text() == "before"


def test_a_folder_without_a_search(tmp_path):
    with pytest.raises(InputError, match="not a search folder"):
        pages.write_search_page(tmp_path)


def test_a_name_with_markup_stays_text(tmp_path):
    search = make_search(tmp_path / "<script>alert(1)<", STATUSES)
    pages.write_search_page(search.folder)
    assert "<script>alert(1)<" in shown(search).text and not shown(search).all("script")


# In a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_in_a_browser(browser, found, scheme, width):
    html_pages.require_well_shown(
        browser, [search.page for search in found.values()], scheme, width
    )
