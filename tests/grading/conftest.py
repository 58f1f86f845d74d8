"""Digits as tables, and a model of them, for the grading tests."""

import pytest
from grading_tables import write_table

from fashion_nn import datasets


@pytest.fixture(scope="session")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="session")
def tables(tmp_path_factory, digits):
    """A folder with digits_train.csv and digits_test.csv (labelled) and unlabelled.csv (the test
    images alone).
    """
    folder = tmp_path_factory.mktemp("tables")
    write_table(folder / "digits_train.csv", digits.original_train(), labels=True)
    write_table(folder / "digits_test.csv", digits.test, labels=True)
    write_table(folder / "unlabelled.csv", digits.test)
    return folder


@pytest.fixture(scope="session")
def digits_model(tmp_path_factory, digits):
    """A network for digits as strangers hand in: it scales pixels itself and gives logits; about 95
    % right.
    """
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(64, "tanh"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(digits.train.images, digits.train.labels, batch_size=64, epochs=12, verbose=0)
    path = tmp_path_factory.mktemp("model") / "stranger.keras"
    model.save(path)
    return path


@pytest.fixture(scope="session")
def fashion(real_data):
    return datasets.load("fashion_mnist", data_dir=real_data)
