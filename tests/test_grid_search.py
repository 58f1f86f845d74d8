"""A model of the zoo in scikit-learn's GridSearchCV: the example of docs/tuning.md is the code of
`search` below.
"""

import inspect
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fashion_nn import datasets

GUIDE = Path(__file__).parents[1] / "docs" / "tuning.md"


def example(splits):
    import keras
    from sklearn.model_selection import GridSearchCV

    from fashion_nn import zoo

    def network(X, y, learning_rate, **options):
        keras.utils.set_random_seed(0)
        # Here, y is one-hot.
        model = zoo.build("mlp", image_shape=(28, 28), classes=y.shape[1], **options)
        rows = keras.Sequential(
            [keras.Input((28 * 28,), dtype="uint8"), keras.layers.Reshape((28, 28)), model]
        )
        rows.compile(
            keras.optimizers.Adam(learning_rate), "categorical_crossentropy", metrics=["accuracy"]
        )
        return rows

    # Scikit-learn takes tables only; they may stay uint8.
    images = splits.train.images.reshape(-1, 28 * 28)
    labels = np.array(splits.class_names)[splits.train.labels]  # of any kind, such as texts

    # The wrapper has no model_kwargs__learning_rate: each point of the grid is a whole dictionary.
    dropouts = {"dropout_1": 0.1, "dropout_2": 0.1, "dropout_3": 0.1}
    grid = {"model_kwargs": [{"learning_rate": rate, **dropouts} for rate in (1e-5, 1e-3)]}
    classifier = keras.wrappers.SKLearnClassifier(network)
    search = GridSearchCV(classifier, grid, cv=2, error_score="raise")
    # Settings of the fit belong here: the copy that is made for a fold forgets the wrapper's own
    # fit_kwargs.
    return search.fit(images, labels, epochs=5, batch_size=32, verbose=0)


@pytest.fixture(scope="module")
def splits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def search(splits):
    return example(splits)


def test_the_example_answers_with_labels(splits):
    """A few rows, without compiling the steps: what it learns is seen among the slow tests."""
    import tensorflow as tf

    few = replace(splits, train=splits.train.take(np.arange(80)))
    tf.config.run_functions_eagerly(True)
    try:
        found = example(few)
        answers = found.predict(few.train.images.reshape(-1, 28 * 28))
    finally:
        tf.config.run_functions_eagerly(False)
    assert set(answers) <= set(splits.class_names)
    assert len(found.cv_results_["mean_test_score"]) == 2


@pytest.mark.slow
def test_the_better_settings_are_found(search):
    means = search.cv_results_["mean_test_score"]
    assert search.best_params_["model_kwargs"]["learning_rate"] == 1e-3
    assert search.best_score_ == means[1] > 0.6 > 0.3 > means[0]


@pytest.mark.slow
def test_the_best_model_is_trained_on_all_rows_and_answers_with_labels(search, splits):
    images, names = splits.valid.images.reshape(-1, 28 * 28), np.array(splits.class_names)
    answers = search.predict(images)
    assert set(answers) <= set(splits.class_names)
    right = (answers == names[splits.valid.labels]).mean()
    assert right > search.best_score_ - 0.05
    probabilities = search.best_estimator_.decision_function(images)
    assert probabilities.shape == (len(images), 10)
    assert (names[probabilities.argmax(axis=1)] == answers).all()


def test_what_the_comments_of_the_example_say_of_the_wrapper():
    import keras
    from sklearn.base import clone

    wrapper = keras.wrappers.SKLearnClassifier(
        example, model_kwargs={"learning_rate": 0.1}, fit_kwargs={"epochs": 6}
    )
    assert clone(wrapper).fit_kwargs is None and clone(wrapper).model_kwargs == {
        "learning_rate": 0.1
    }
    with pytest.raises(AttributeError, match="set_params"):
        wrapper.set_params(model_kwargs__learning_rate=0.2)
    with pytest.raises(ValueError, match="dim 3"):
        wrapper.fit(np.zeros((4, 28, 28), np.uint8), [0, 1, 0, 1])


def test_the_guide_shows_this_code():
    code = textwrap.dedent(inspect.getsource(example).split("\n", 1)[1]).replace(
        "return search.fit", "search.fit"
    )
    shown = GUIDE.read_text().split("```python\n")[1].split("```")[0]
    # Outside of a function the formatter wants more empty lines.
    assert [line for line in shown.splitlines() if line] == [
        line for line in code.splitlines() if line
    ]
