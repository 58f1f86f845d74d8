"""Edge directions with a Gaussian kernel: every layer against its formula."""

import keras
import numpy as np
import pytest

from fashion_nn import baselines, datasets, inference
from fashion_nn.baselines import edges
from fashion_nn.errors import InputError

SMALL = edges.EdgeSettings(landmarks=150)

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def fitted(digits, tmp_path_factory):
    return baselines.fit_edges_rbf(digits, tmp_path_factory.mktemp("runs") / "edges", SMALL)


def by_formula(image):
    """The features of one image, uint8 (28, 28), from their definition."""
    values = np.pad(image / 255, 1)
    across, down = values[1:-1, 2:] - values[1:-1, :-2], values[2:, 1:-1] - values[:-2, 1:-1]
    angles = np.arange(SMALL.directions) * 2 * np.pi / SMALL.directions
    slopes = np.stack(
        [np.maximum(np.cos(a) * across + np.sin(a) * down, 0) for a in angles], axis=-1
    )
    parts = []
    for size, margin in ((8, 2), (4, 0)):
        for row in range(7):
            for column in range(7):
                top, left = 4 * row - margin, 4 * column - margin
                cell = slopes[max(top, 0) : top + size, max(left, 0) : left + size]
                mean = SMALL.gain * cell.mean(
                    axis=(0, 1)
                )  # beyond the border there is nothing to count
                parts.append(mean / (1 + mean))
    small = image.reshape(14, 2, 14, 2).mean(axis=(1, 3)) / 255
    together = np.concatenate([*parts, SMALL.picture * small.ravel()])
    return together / np.linalg.norm(together)


def test_features_follow_their_definition(digits):
    images = digits.valid.images[:8]
    found = edges.features((28, 28), SMALL).predict(images, verbose=0)
    assert found == pytest.approx(np.stack([by_formula(image) for image in images]), abs=1e-5)


def test_the_safe_loader_gives_the_labels_of_the_pipeline(fitted, digits):
    run, found = fitted
    network = edges.features(digits.image_shape, SMALL)
    train, test = (network.predict(part.images, verbose=0) for part in (digits.train, digits.test))
    pipeline = edges.fit(train, digits.train.labels, SMALL)
    with inference.open_model(run.model) as predictor:
        probabilities = predictor(digits.test.images)
    assert probabilities == pytest.approx(pipeline.predict_proba(test), abs=1e-3)
    assert (probabilities.argmax(axis=1) == pipeline.predict(test)).all()
    assert found.as_keras.labels_equal == len(digits.valid)


def test_it_is_a_good_run(fitted, digits):
    run, found = fitted
    assert run.read_metrics().valid.accuracy > 0.97
    record = run.read_record()
    assert record.recipe.options["landmarks"] == 150
    assert set(found.seconds) == {"features", "landmarks", "kernel", "regression"}
    assert sum(record.sessions[0].epoch_seconds) == pytest.approx(sum(found.seconds.values()))


def test_other_sizes_of_images():
    for shape in ((8, 8), (20, 31)):
        images = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)
        found = edges.features(shape).predict(images, verbose=0)
        assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3))


def test_more_landmarks_than_rows(digits, tmp_path):
    with pytest.raises(
        InputError, match="4000 landmarks: expected at most 1295, the training rows"
    ):
        baselines.fit_edges_rbf(digits, tmp_path / "run", edges.EdgeSettings(landmarks=4000))
    assert not (tmp_path / "run").exists()


def test_each_colour_has_the_edges_of_an_image_of_its_own():
    coloured = np.random.default_rng(0).integers(0, 256, (3, 16, 12, 3), np.uint8)
    names = ["gain_8", "gain_4"]
    found, alone = (
        keras.Model(network.input, [network.get_layer(name).output for name in names])
        for network in (edges.features((16, 12, 3), SMALL), edges.features((16, 12), SMALL))
    )
    together = found.predict(coloured, verbose=0)
    for colour in range(3):
        of_colour = alone.predict(coloured[..., colour], verbose=0)
        for all_maps, maps in zip(together, of_colour, strict=True):
            own = all_maps[..., SMALL.directions * colour : SMALL.directions * (colour + 1)]
            np.testing.assert_allclose(own, maps, atol=1e-4)
