"""Small-image classification in Keras: from raw image files to a graded prediction file, with
receipts.

    import fashion_nn as fnn

    digits = fnn.load("digits")
    run = fnn.train("mlp", digits, epochs=20)
    fnn.evaluate(run)

docs/python.md shows all functions. What they need is imported when one of them is used, so that
`import fashion_nn` answers at once.
"""

# Nothing is imported here: a command first takes the working folder off the module path. A checker
# of types takes this name for true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from fashion_nn.api.models import open_model, predict
    from fashion_nn.api.plots import plot_confusion, plot_curves, plot_mistakes, plot_samples
    from fashion_nn.api.predictions import grade, submit
    from fashion_nn.api.results import compare, evaluate, report
    from fashion_nn.api.searching import tune
    from fashion_nn.api.training import recipe, train
    from fashion_nn.datasets import load
    from fashion_nn.errors import InputError
    from fashion_nn.zoo import build

__version__ = "0.1.0"

_MODULES = {
    "InputError": "errors",
    "build": "zoo",
    "compare": "api.results",
    "evaluate": "api.results",
    "grade": "api.predictions",
    "load": "datasets",
    "open_model": "api.models",
    "plot_confusion": "api.plots",
    "plot_curves": "api.plots",
    "plot_mistakes": "api.plots",
    "plot_samples": "api.plots",
    "predict": "api.models",
    "recipe": "api.training",
    "report": "api.results",
    "submit": "api.predictions",
    "train": "api.training",
    "tune": "api.searching",
}
"""Public name → the module that it is imported from when it is first used."""

__all__ = [
    "InputError",
    "build",
    "compare",
    "evaluate",
    "grade",
    "load",
    "open_model",
    "plot_confusion",
    "plot_curves",
    "plot_mistakes",
    "plot_samples",
    "predict",
    "recipe",
    "report",
    "submit",
    "train",
    "tune",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
