"""Recipes: what to train and how, as typed, frozen data without code.

A recipe names a builder of the zoo and gives every setting of a training. `RECIPES` holds the
published recipes and ours. `override` changes single settings, as `--set key=value` does, and
`settings` describes them. `EFFECTIVE` says which settings have an effect beside which others.
"""

from fashion_nn.recipes.effective import EFFECTIVE, without_effect
from fashion_nn.recipes.overriding import override, with_settings
from fashion_nn.recipes.own import for_own_code, with_compiled
from fashion_nn.recipes.published import RECIPES, Departure, departures, get
from fashion_nn.recipes.recipe import MAX_EPOCHS, Augmentation, Recipe, from_json
from fashion_nn.recipes.settings import Setting, settings
from fashion_nn.recipes.source_code import as_python

__all__ = [
    "EFFECTIVE",
    "MAX_EPOCHS",
    "RECIPES",
    "Augmentation",
    "Departure",
    "Recipe",
    "Setting",
    "as_python",
    "departures",
    "for_own_code",
    "from_json",
    "get",
    "override",
    "settings",
    "with_compiled",
    "with_settings",
    "without_effect",
]
