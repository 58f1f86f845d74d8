"""The mathematics of a layer: derivatives against finite differences, and each kind of number."""

import numpy as np
import pytest

from fashion_nn.lab import layers

Z = np.array([-7.3, -1.2, -0.4, 0.3, 0.9, 6.1])
ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softsign")
LOSSES = ("logistic_cross_entropy", "softsign_cross_entropy", "logistic_squared_error")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_follow_the_finite_differences(name):
    function = getattr(layers, name)
    differences = (function(Z + 1e-6) - function(Z - 1e-6)) / 2e-6
    np.testing.assert_allclose(getattr(layers, f"{name}_derivative")(Z), differences, atol=1e-8)


@pytest.mark.parametrize("activation", [layers.SIGMOID, layers.TANH, layers.RELU, layers.SOFTSIGN])
def test_the_slope_is_the_same_from_net_and_output(activation):
    np.testing.assert_allclose(
        activation.slope_at_output(activation.apply(Z)), activation.slope(Z), atol=1e-15
    )


def test_both_sigmoids_agree_and_only_one_keeps_small_values():
    np.testing.assert_allclose(layers.sigmoid_by_tanh(Z), layers.sigmoid(Z), atol=1e-16)
    assert layers.sigmoid(np.float64(-300)) == pytest.approx(np.exp(-300))
    assert layers.sigmoid_by_tanh(np.float64(-300)) == 0


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", LOSSES)
def test_slopes_of_losses_follow_the_finite_differences(name, target):
    loss = getattr(layers, name)
    t = np.full_like(Z, target)
    differences = (loss(Z + 1e-6, t) - loss(Z - 1e-6, t)) / 2e-6
    np.testing.assert_allclose(getattr(layers, f"{name}_slope")(Z, t), differences, atol=1e-8)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "softmax_squared_error"])
def test_softmax_works_along_either_axis(name):
    stream = np.random.default_rng(0)
    z = stream.normal(size=(4, 3))
    t = stream.dirichlet(np.ones(3), size=4)
    for function in (getattr(layers, name), getattr(layers, f"{name}_slope")):
        np.testing.assert_allclose(function(z, t, axis=1), function(z.T, t.T, axis=0).T, atol=1e-15)


@pytest.mark.parametrize(
    "name", ["sigmoid", "sigmoid_by_tanh", "sigmoid_derivative", "softsign", "softsign_derivative"]
)
def test_single_precision_stays_single(name):
    assert getattr(layers, name)(Z.astype(np.float32)).dtype == np.float32
