"""axe-core finds no serious violation in the page of a run, light or dark, wide or narrow."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fashion_nn import datasets, evaluation, recipes, training
from fashion_nn.pages.run_page import write_run_page
from fashion_nn.runs import Run

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def axe():
    """The program of axe-core; the test is skipped where it is missing."""
    places = [Path(os.environ.get("AXE_CORE", "node_modules/axe-core"))]
    if shutil.which("npm"):
        told = subprocess.run(["npm", "root", "--global"], capture_output=True, text=True)
        places.append(Path(told.stdout.strip()) / "axe-core")
    programs = [place / "axe.min.js" for place in places]
    found = next(filter(Path.exists, programs), None)
    if found is None:
        pytest.skip("needs axe-core: npm install axe-core, and AXE_CORE set to its folder")
    return found.read_text()


@pytest.fixture(scope="module")
def page(axe, tmp_path_factory):
    """The page of an evaluated run."""
    run = Run(tmp_path_factory.mktemp("models") / "run")
    splits = datasets.load("digits")
    training.run(recipes.override(recipes.get("mlp"), ["epochs=2"]), splits, run.folder)
    evaluation.evaluate(run, splits)
    return write_run_page(run, splits)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_no_serious_violation(browser, axe, page, scheme, width):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.locator("#verdict:not(:empty)").wait_for()
    tab.locator("td[data-cell]:not(.none) button").first.click()
    tab.evaluate(axe)
    found = tab.evaluate("axe.run()")["violations"]
    context.close()
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []
