"""The pictures: complete PNG files, the same bytes each time, and what they refuse."""

import pytest
from matplotlib.image import imread

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import from_json, load
from fashion_nn.lab.backprop.curves import activations
from fashion_nn.lab.backprop.drawing import FIGURES, diagram, write_figures


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_reports(tmp_path, name):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    FIGURES[name](first)
    FIGURES[name](second)
    assert first.read_bytes() == second.read_bytes()
    height, width, _ = imread(first).shape
    assert width >= 550 and height >= 250


def test_all_figures_into_a_folder(tmp_path):
    paths = write_figures(tmp_path / "new")
    assert [path.stem for path in paths] == list(FIGURES)
    assert sorted(tmp_path.glob("new/*")) == sorted(paths)


@pytest.mark.parametrize(
    "name", ["report-001/sigmoid", "report-004/2b", "report-000/softsign-cross-entropy"]
)
def test_the_network_of_an_exercise(tmp_path, name):
    diagram(load(name), tmp_path / "network.png", title=name)
    picture = imread(tmp_path / "network.png")
    assert (picture[..., :3] < 0.9).any()
    # Weights stand for lines: another network is another picture.
    values = load(name).to_json()
    diagram(from_json(values | {"weights": -2.0}), tmp_path / "other.png", title=name)
    assert (tmp_path / "network.png").read_bytes() != (tmp_path / "other.png").read_bytes()


def test_a_network_too_large_to_draw(tmp_path):
    values = {
        "layers": [40, 1],
        "activations": ["tanh"],
        "weights": 0.01,
        "loss": "half-squared-error",
    }
    values |= {"learning_rate": 1.0, "samples": [{"x": [1] * 40, "target": [1]}]}
    with pytest.raises(InputError, match="at most 12 units"):
        diagram(from_json(values), tmp_path / "network.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["softmax", "swish"])
def test_only_functions_of_one_net_have_a_curve(tmp_path, name):
    with pytest.raises(InputError, match="expected one of identity, sigmoid"):
        activations([name], tmp_path / "curve.png", title="")
