"""The Playground as a page: the same numbers as here, own data, and the ways in and out."""

import base64
import hashlib
import os
import re
import runpy
from itertools import product
from pathlib import Path

import html_pages
import numpy as np
import pytest
from playground_page import ADDRESS, axe, copied, give_rows, losses, opened, status, train
from test_playground import FROM_THE_PAGE

from fashion_nn import ledger
from fashion_nn.cli.main import app, run
from fashion_nn.lab import playground
from fashion_nn.lab.playground import RowClaim, Settings, from_url

# Large steps on noisy points, where rounding grows until the losses differ.
CHAOTIC = {
    address
    for address in FROM_THE_PAGE
    if address.startswith("seed=abc") or "regularizationRate=0.002" in address
}
THREE_CLASSES = "\n".join(
    f"{x}, {y}, {'abc'[(x > 0) + (y > 0)]}" for x, y in product(range(-4, 5), repeat=2)
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("playground") / "page.html"
    row = playground.ROWS["table-1/spiral"]
    claims = [RowClaim("S003-4", "003-004", "Train 0.017", "match", "</script><b>the seeds</b>")]
    path.write_text(playground.page(row, 1, claims))
    return path


def address_of(settings):
    return settings.url().removeprefix(ADDRESS)


def largest_difference(browser, page, settings, epochs):
    with opened(browser, page, address_of(settings)) as tab:
        train(tab, epochs)
        there = np.array(losses(tab))
    here = playground.train(settings, epochs=epochs).losses
    assert there.shape == here.shape
    return float(np.abs(there - here).max())


@pytest.mark.parametrize("name", ["table-1/spiral", "table-2/spiral-l1", "table-3/xor-relu-4x5"])
def test_a_seed_gives_the_same_losses(browser, page, name):
    settings = playground.ROWS[name].settings
    assert largest_difference(browser, page, settings, 60) < 1e-9


@pytest.mark.slow
def test_every_set_up_gives_the_same_losses_over_300_epochs(browser, page):
    set_ups = {name: row.settings for name, row in playground.ROWS.items()}
    set_ups |= {address: from_url(address) for address in FROM_THE_PAGE}
    found = {
        name: largest_difference(browser, page, settings, 300) for name, settings in set_ups.items()
    }
    assert len(found) == 30
    assert {name for name, difference in found.items() if not difference < 1e-9} <= CHAOTIC


def test_several_seeds_have_the_spread_of_the_command(browser, page):
    settings = Settings(dataset="xor", hidden=(3,), noise_percent=10)
    fits = playground.train_seeds(settings, range(3), epochs=20)
    expected = playground.summarise(fits).test_loss
    with opened(browser, page, address_of(settings)) as tab:
        tab.get_by_label("seeds").fill("3")
        tab.get_by_label("seeds").press("Tab")
        train(tab, 20)
        there = np.array(losses(tab))
        row = tab.get_by_role("row", name="test loss").text_content()
    assert np.abs(there[:, ::2].T - [fit.losses[:, 0] for fit in fits]).max() < 1e-9
    figures = (expected.mean, expected.sd, min(expected.values), max(expected.values))
    assert re.findall(r"\d\.\d{4}", row) == [f"{figure:.4f}" for figure in figures]


def test_addresses_are_read_and_written_as_in_python(browser, page):
    noisy = "seed=7&amp;noise=95&networkShape=3,2&learningRate=0.00001"
    with opened(browser, page) as tab:
        tab.locator("#address-box").evaluate("box => box.open = true")
        field = tab.get_by_label("Address", exact=True)
        for address in (*FROM_THE_PAGE, noisy):
            field.fill(f"https://playground.tensorflow.org/#{address}")
            tab.get_by_role("button", name="Use this address").click()
            written = from_url(address).url()
            assert field.input_value() == written
            assert tab.evaluate("location.hash") == f"#{written.partition('#')[2]}"
        for wrong in ("https://example.org/", "#dataset=nothing", "#networkShape=1,x", "#noise=a"):
            field.fill(wrong)
            tab.get_by_role("button", name="Use this address").click()
            assert status(tab).startswith(("Expected", "There are no"))


@pytest.mark.parametrize("address", sorted({*CHAOTIC, "regularization=L2&regularizationRate=0.1"}))
def test_the_keras_script_is_that_of_the_command(browser, page, address):
    with opened(browser, page, address) as tab:
        tab.get_by_label("up to epoch").fill("12")
        script = copied(tab, "Copy as Keras")
    number = re.compile(r"-?\d+\.\d+(?:e-\d+)?")
    expected = playground.keras_script(from_url(address), 12)
    assert number.sub("#", script) == number.sub("#", expected)
    here, there = ([float(one) for one in number.findall(text)] for text in (script, expected))
    assert here == pytest.approx(there, abs=1e-12)


@pytest.mark.slow
def test_the_keras_script_of_three_classes_trains_as_the_page(browser, page, tmp_path, capsys):
    with opened(browser, page) as tab:
        give_rows(tab, THREE_CLASSES)
        tab.get_by_label("Hidden layers").fill("4")
        tab.get_by_label("Hidden layers").press("Tab")
        train(tab, 10)
        expected = losses(tab)[-1]
        (tmp_path / "network.py").write_text(copied(tab, "Copy as Keras"))
    runpy.run_path(str(tmp_path / "network.py"), run_name="__main__")
    found = [float(one) for one in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert found == pytest.approx(expected, abs=2e-6)


def test_own_rows_with_three_classes_are_learned(browser, page):
    with opened(browser, page, "learningRate=0.3&percTrainData=80&networkShape=6") as tab:
        give_rows(tab, THREE_CLASSES)
        assert status(tab) == "81 points, labels a, b, c."
        train(tab, 100)
        first, *_, last = losses(tab)
        assert first[0] > 0.8 and last[0] < 0.2
        assert tab.locator(".neuron").count() == 6 + 3
        give_rows(tab, "x;y;label\n1;2;a\n300;4;b\n5;6;b\n-7;8;a")
        assert "multiplied by 0.01667" in status(tab) and "batch size is now 3" in status(tab)
        give_rows(tab, "1, 2, a\n3, four, b")
        assert status(tab) == "Line 2: expected x, y and a label."
        give_rows(tab, "1, 2, a\n3, 4, a")
        assert status(tab).endswith("got 2 points and 1 labels.")


def test_points_are_painted_and_drawn_from_a_formula(browser, page):
    with opened(browser, page, "batchSize=1") as tab:
        tab.locator("#own").evaluate("box => box.open = true")
        tab.get_by_label("Add a point where the output is clicked").check()
        for label, x in (("a", 100), ("b", 200), ("a", 120), ("b", 220)):
            tab.get_by_label("with label").fill(label)
            tab.locator("#points").click(position={"x": x, "y": 150})
        assert status(tab) == "4 points, labels a, b."
        formula = tab.get_by_label("Formula, positive where above 0")
        for text, said in (
            ("x^2 + y^2 - 4^2", "points, "),
            ("sin(x) * exp(-abs(y)) + pi/99", "points, "),
            ("x y", 'Did not expect "y" here.'),
            ("alert(1)", 'Did not expect "alert"'),
            ("(x", 'Expected ")".'),
            ("1 + x^2", "The formula has the same sign everywhere"),
        ):
            formula.fill(text)
            tab.get_by_role("button", name="Draw points from it").click()
            assert said in status(tab)


def test_formulas_have_the_values_of_python(browser, page):
    """A formula is above 0 where Python says so: the points of its class tell."""
    with opened(browser, page, "percTrainData=99") as tab:
        tab.locator("#own").evaluate("box => box.open = true")
        for formula in ("-x^2+y+2^-1-1-2*x/3", "2^3^2*sqrt(abs(x))-.5e3*cos(y)^2"):
            tab.get_by_label("Formula, positive where above 0").fill(formula)
            tab.get_by_role("button", name="Draw points from it").click()
            points = re.search(r'POINTS = """\n(.*)\n"""', copied(tab, "Copy as Keras"), re.S)
            rows = np.array([[float(one) for one in row.split()] for row in points[1].split("\n")])
            names = {"x": rows[:, 0], "y": rows[:, 1], "sqrt": np.sqrt, "abs": abs, "cos": np.cos}
            value = eval(formula.replace("^", "**"), {}, names)
            assert ((value > 0) == (rows[:, 2] > 0)).all()


def test_a_row_of_the_report_is_shown_with_its_verdict(browser, page):
    with opened(browser, page) as tab:
        tab.get_by_label("Row", exact=True).select_option(label="table-1/spiral, 700 epochs")
        text = tab.locator("#claims").text_content()
        assert "003-004: Train 0.017. match (</script><b>the seeds</b>)" in text
        assert tab.get_by_label("up to epoch").input_value() == "700"


def test_the_command_gives_each_row_the_verdicts_of_the_ledger(tmp_path):
    path = tmp_path / "page.html"
    assert run(app, ["lab", "playground", "--epochs", "1", "--page", str(path)]) == 0
    (entry,) = ledger.judge(ledger.select(["003-006"]))
    assert f'"id": "003-006", "system": "{entry.claim.system}"' in path.read_text()
    assert f'"verdict": "{entry.finding.verdict}"' in path.read_text()


def test_a_neuron_is_looked_into_with_the_keyboard(browser, page):
    with opened(browser, page, "networkShape=2") as tab:
        neuron = tab.get_by_role("button", name="Look into layer 1, neuron 2")
        neuron.focus()
        assert tab.locator("#looked-at").text_content() == "Output of layer 1, neuron 2"
        neuron.press("Enter")
        before = tab.locator("#train-loss").text_content()
        weight = tab.get_by_label("from x₂")
        weight.fill("2.5")
        weight.press("Tab")
        assert tab.locator("#train-loss").text_content() != before
        tab.get_by_role("button", name="Add a neuron to layer 1").press("Enter")
        assert tab.get_by_label("Hidden layers").input_value() == "3"
        tab.get_by_role("button", name="x₁²").press("Space")
        assert "xSquared=true" in tab.evaluate("location.hash")


def test_too_large_a_learning_rate_is_said(browser, page):
    with opened(browser, page, "learningRate=1000&activation=linear&problem=regression") as tab:
        tab.get_by_role("button", name="Train", exact=True).click()
        tab.get_by_text("The loss became infinite in epoch").wait_for()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(browser, page, scheme, width):
    html_pages.require_well_shown(browser, [page], scheme, width)


def test_the_page_runs_its_script_alone(page):
    text = page.read_text()
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in text
    assert text.count("</script>") == 2
    assert not re.search(r"\beval\(|new Function|^import .* from|^export ", script, re.M)


def test_the_page_has_no_serious_violation(browser, page):
    source = os.environ.get("AXE_CORE")
    if not source:
        pytest.skip("needs axe-core: set AXE_CORE to the path of its axe.min.js")
    for scheme in ("light", "dark"):
        with opened(
            browser, page, color_scheme=scheme, viewport={"width": 390, "height": 844}
        ) as tab:
            for box in ("#own", "#address-box", "#copy-box"):
                tab.locator(box).evaluate("box => box.open = true")
            assert axe(tab, Path(source).read_text()) == []
