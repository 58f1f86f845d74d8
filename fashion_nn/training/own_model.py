"""A run's model that only the user's own code can build, made and run in this process."""

import hashlib
from pathlib import Path

import keras

from fashion_nn import recipes
from fashion_nn.core import reading, scratch, writing
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.training.networks import build_networks
from fashion_nn.training.own_recipe import require_same_code
from fashion_nn.zoo import OwnBuilder

_MOST_BYTES = 4 << 30


def load(run: Run, splits: Splits, builder: OwnBuilder) -> tuple[keras.Model, str]:
    """The model of `run`, which `builder` builds and whose weights are in the folder.

    The weights are read in this process, so the folder must be the user's own, as the code is.

    Returns:
        The model, and the SHA-256 of its file.

    Raises:
        InputError: the run was made by other code, or its weights do not fit.
    """
    record = run.read_record()
    if record.code is None:
        raise InputError(f"{run.folder}: its model needs no code: leave --code out")
    require_same_code(record.code, builder)
    content = reading.read_bytes(run.model, expected="expected a model", most=_MOST_BYTES)
    recipe = recipes.from_json(record.recipe.to_json())
    model = build_networks(recipe, splits, 1, builder).saved
    with scratch.folder() as folder:
        path = Path(folder) / run.model.name
        writing.write_atomic(path, content)
        try:
            model.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{run.model}: its weights do not fit the model of {builder.name} ({reason}):"
                " train again"
            ) from None
    return model, hashlib.sha256(content).hexdigest()
