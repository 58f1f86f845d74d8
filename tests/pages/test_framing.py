"""The framing that is measured of a data set, and the images that the page makes by it."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fashion_nn import datasets
from fashion_nn.pages.framing import Framing, measure

FRAMING = Path(__file__).parents[2] / "fashion_nn" / "pages" / "templates" / "run-framing.mjs"
_PROGRAM = """
import {readFileSync} from "node:fs";
const text = readFileSync(process.argv[1]).toString("base64");
const {framed} = await import(`data:text/javascript;base64,${text}`);
const {values, size, framing} = JSON.parse(readFileSync(0));
const grey = {values: Float32Array.from(values), width: size, height: size};
console.log(JSON.stringify(Array.from(framed(grey, framing, 28, 28))));
"""


def framed(image, framing):
    """What the page makes of a square picture, uint8 (28, 28)."""
    if shutil.which("node") is None:
        pytest.skip("needs node: install the package nodejs")
    given = {
        "values": image.ravel().tolist(),
        "size": len(image),
        "framing": {"box": framing.box, "centre": framing.centre, "dark": framing.dark},
    }
    command = ["node", "--input-type=module", "--eval", _PROGRAM, str(FRAMING)]
    ran = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return np.array(json.loads(ran.stdout), np.uint8).reshape(28, 28)


def wedge():
    """A triangle, far from the middle of a large dark picture: its mass is not in its middle."""
    picture = np.zeros((140, 140), np.uint8)
    for row in range(50):
        picture[10 + row, 20 : 21 + row] = 255
    return picture


def test_real_data_sets_are_framed_as_their_authors_say(real_data):
    digits = datasets.load("mnist").train.images
    clothing = datasets.load("fashion_mnist").train.images
    assert measure(digits) == Framing(20, "mass", True)
    assert measure(clothing) == Framing(28, "box", True)
    assert measure(255 - digits) == Framing(20, "mass", False)


def test_images_without_an_empty_background_are_taken_whole():
    chance = np.random.default_rng(0)
    assert measure(chance.integers(0, 256, (9, 12, 12), np.uint8)).box is None
    assert measure(chance.integers(0, 256, (9, 12, 12, 3), np.uint8)).box is None
    assert measure(np.zeros((3, 12, 12), np.uint8)).box is None


def test_a_drawing_is_scaled_and_its_mass_lies_in_the_middle():
    image = framed(wedge(), Framing(20, "mass", True)).astype(float)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert 20 in (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    middle = np.arange(28) + 0.5
    assert np.average(middle, weights=image.sum(axis=1)) == pytest.approx(14, abs=0.51)
    assert np.average(middle, weights=image.sum(axis=0)) == pytest.approx(14, abs=0.51)


def test_a_light_background_is_kept_light():
    dark = framed(wedge(), Framing(28, "box", True))
    light = framed(255 - wedge(), Framing(28, "box", False))
    assert (light == 255 - dark).all() and dark.max() == 255 and dark[0].any() and dark[-1].any()
