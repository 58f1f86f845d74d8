"""Edge directions, a Gaussian kernel to some training images, and logistic regression.

    image ─▶ brightness change in 8 directions ─▶ means of 8 × 8 and 4 × 4 pixels, saturated ─┐
      └────▶ the image at half size ──────────────────────────────────────────────────────────┤
      ┌──────────────────────────────────────────────────────────── unit length ◀─────────────┘
      ─▶ exp(-gamma · distance²) to `landmarks` training images (Nyström) ─▶ logistic regression

Every step is a layer, so the fitted classifier is an ordinary Keras model. The settings were chosen
on the validation rows, with subsets of the training rows.

Sources: N. Dalal, B. Triggs, Histograms of oriented gradients for human detection, 2005; C.
Williams, M. Seeger, Using the Nyström method to speed up kernel machines, 2001.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import measures, runs, zoo
from fashion_nn.baselines import as_keras
from fashion_nn.baselines.fitting import PREDICT_BATCH, write
from fashion_nn.baselines.folds import Progress
from fashion_nn.baselines.linear import fit_regression
from fashion_nn.core.images import channels_of
from fashion_nn.datasets import ImageShape, Splits
from fashion_nn.errors import InputError
from fashion_nn.measures import Agreement
from fashion_nn.runs import Run

if TYPE_CHECKING:
    import keras
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """The settings of the classifier.

    Attributes:
        landmarks: number of training images that the kernel compares with.
        width: gamma times the median squared distance of two images.
        C: inverse of the logistic regression's penalty.
        gain: factor of the edges before they are saturated.
        picture: weight of the small image beside the edges.
        directions: number of edge directions.
        max_iterations: of the solver.
        seed: of the draw of landmarks.
    """

    landmarks: int = 4000
    width: float = 2.0
    C: float = 30.0
    gain: float = 30.0
    picture: float = 0.5
    directions: int = 8
    max_iterations: int = 300
    seed: int = 0


DEFAULTS = EdgeSettings()
_BLOCK = 2000


def features(image_shape: ImageShape, settings: EdgeSettings = DEFAULTS) -> "keras.Model":
    """The model from images of this shape to features of unit length, float32 (n, d).

    Nothing is fitted. In colour, the edges of red, green and blue are features of
    their own. The saturation is x / (1 + |x|), so strong edges do not count much more than faint
    ones.
    """
    import keras
    from keras import layers

    image = keras.Input(image_shape, dtype="uint8", name="image")
    scaled = layers.Rescaling(1 / 255, name="scale")(image)
    colours = channels_of(image_shape)
    scaled = layers.Reshape((*image_shape[:2], colours), name="channel")(scaled)
    slope = layers.Conv2D(
        settings.directions * colours,
        3,
        padding="same",
        use_bias=False,
        activation="relu",
        trainable=False,
        name="edges",
    )
    edges = slope(scaled)
    parts = []
    slope.set_weights([_directions(settings.directions, colours)])
    for size in (8, 4):
        means = layers.AveragePooling2D(size, 4, padding="same", name=f"means_{size}")(edges)
        strong = layers.Rescaling(settings.gain, name=f"gain_{size}")(means)
        saturated = layers.Activation("softsign", name=f"saturated_{size}")(strong)
        parts.append(layers.Flatten(name=f"cells_{size}")(saturated))
    small = layers.AveragePooling2D(2, padding="same", name="half_size")(scaled)
    weighted = layers.Rescaling(settings.picture, name="picture_weight")(small)
    parts.append(layers.Flatten(name="picture")(weighted))
    together = layers.Concatenate(name="features")(parts)
    normalised = layers.UnitNormalization(name="unit_length")(together)
    return keras.Model(image, normalised, name="edge_features")


@dataclass(frozen=True, slots=True)
class EdgeFit:
    """How the classifier was fitted.

    Attributes:
        settings: those of the classifier, with the number of iterations of its solver.
        seconds: time of each step.
        as_keras: agreement of the Keras model with the pipeline on the validation rows.
    """

    settings: Mapping[str, Any]
    seconds: Mapping[str, float]
    as_keras: Agreement


def fit_edges_rbf(
    splits: Splits,
    folder: Path,
    settings: EdgeSettings = DEFAULTS,
    *,
    progress: Progress | None = None,
) -> tuple[Run, EdgeFit]:
    """Fit the classifier on the training rows and leave a complete run in `folder`.

    Args:
        progress: called as progress(done, total) after each of four steps.

    Raises:
        InputError: `folder` is taken, or there are fewer training rows than landmarks.
    """
    runs.require_free(folder, resumable=False)
    if settings.landmarks > len(splits.train):
        raise InputError(
            f"{settings.landmarks} landmarks: expected at most {len(splits.train)}, the training"
            " rows"
        )
    steps = _Steps(progress)
    network = features(splits.image_shape, settings)
    train = zoo.predict(network, splits.train.images, PREDICT_BATCH)
    valid = zoo.predict(network, splits.valid.images, PREDICT_BATCH)
    steps.done("features")
    pipeline = fit(train, splits.train.labels, settings, steps.done)
    model = as_network(network, pipeline)
    run = Run(folder)
    options = asdict(settings) | {"iterations": int(pipeline[-1].n_iter_.max())}
    seconds = list(steps.seconds.values())
    probabilities = write(run, "edges-rbf", options, splits, model, seconds, seed=settings.seed)
    agreement = measures.agreement(probabilities, pipeline.predict_proba(valid))
    return run, EdgeFit(options, steps.seconds, agreement)


def fit(
    table: np.ndarray,
    labels: np.ndarray,
    settings: EdgeSettings,
    done: Callable[[str], None] = lambda step: None,
) -> "Pipeline":
    """The fitted pipeline of kernel and logistic regression.

    Args:
        table: features of unit length, float32 (n, d).
        labels: int64 (n,).
        settings: of the classifier.
        done: called with the name of each step when it ends.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    draw = np.random.default_rng(settings.seed)
    chosen = np.sort(draw.choice(len(table), settings.landmarks, replace=False))
    gamma = settings.width / _median_distance(table[chosen])
    # In single precision, the directions in which the landmarks hardly differ would be mostly
    # rounding errors, so the kernel is fitted in float64.
    kernel = Nystroem(gamma=gamma, n_components=settings.landmarks, random_state=settings.seed)
    kernel.fit(table[chosen].astype(np.float64))
    kernel.components_ = kernel.components_.astype(np.float32)
    kernel.normalization_ = kernel.normalization_.astype(np.float32)
    done("landmarks")
    starts = range(0, len(table), _BLOCK)
    mapped = np.concatenate([kernel.transform(table[i : i + _BLOCK]) for i in starts])
    done("kernel")
    regression = LogisticRegression(C=settings.C, max_iter=settings.max_iterations)
    fit_regression(regression, mapped, labels)
    done("regression")
    return Pipeline([("kernel", kernel), ("logreg", regression)])


def as_network(network: "keras.Model", fitted: "Pipeline") -> "keras.Model":
    """The fitted classifier as a Keras model, from pixels to probabilities.

    For x and c of unit length, -gamma|x - c|² = 2gamma x·c - 2gamma, so the kernel is a dense layer
    with an exponential as activation.
    """
    import keras
    from keras import layers

    kernel = fitted["kernel"]
    weights, bias = as_keras.softmax_of(fitted["logreg"])
    compared = layers.Dense(len(kernel.components_), activation="exponential", name="landmarks")
    answer = layers.Dense(len(bias), activation="softmax", name="probabilities")
    model = keras.Model(network.input, answer(compared(network.output)), name="edges_rbf")
    lengths = (kernel.components_.astype(np.float64) ** 2).sum(axis=1)
    compared.set_weights([2 * kernel.gamma * kernel.components_.T, -kernel.gamma * (1 + lengths)])
    answer.set_weights([kernel.normalization_.T.astype(np.float64) @ weights, bias])
    return model


class _Steps:
    """Seconds of each step, in order."""

    def __init__(self, progress: Progress | None):
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.start = time.perf_counter()

    def done(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(now - self.start, 2)
        self.start = now
        if self.progress:
            self.progress(len(self.seconds), 4)


def _directions(count: int, colours: int) -> np.ndarray:
    """Kernels float32 (3, 3, colours, colours * count): the central difference of each colour along
    each of `count` directions.
    """
    across = np.zeros((3, 3))
    across[1] = (-1, 0, 1)
    angles = np.arange(count) * (2 * np.pi / count)
    kernels = [np.cos(angle) * across + np.sin(angle) * across.T for angle in angles]
    of_one = np.stack(kernels, axis=-1)[:, :, None, :]
    return np.kron(np.eye(colours), of_one).astype(np.float32)


def _median_distance(table: np.ndarray) -> float:
    """The median squared distance of two different rows of unit length."""
    products = table[:1000] @ table[:1000].T
    return float(2 - 2 * np.median(products[np.triu_indices(len(products), 1)]))
