"""Which settings of a search its scores depend on, as far as so few trials can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fashion_nn.measures import maximised
from fashion_nn.runs import Parameter, TrialRecord, Value

if TYPE_CHECKING:
    import numpy as np

LEAST, RELIABLE = 10, 20
_FOLDS, _TREES, _SHUFFLES = 5, 60, 5
_BUDGET = "epochs"


@dataclass(frozen=True, slots=True)
class Weight:
    """How much worse the order of unseen trials is told when `name` is shuffled: drop of R², its
    mean and sd.
    """

    name: str
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Importance:
    """What was found from n different settings with a score. `explained`: R² on those that the
    forest had not seen.

    weights: the most important first; empty where nothing can be said, because there are fewer than
    LEAST settings, nothing varies, or the forest tells unseen ones no better than their mean does.
    """

    n: int
    explained: float | None
    weights: list[Weight]

    @property
    def reliable(self) -> bool:
        return self.n >= RELIABLE


def of_parameters(
    trials: Sequence[TrialRecord], parameters: Sequence[Parameter], objective: str
) -> Importance:
    """The importance of each parameter that varies, by permutation in a random forest.

    Scores of all trials that have one are used, of those that were stopped early too, else the poor
    ones would be missing. The forest learns their ranks: a few trials that learned nothing would
    else be all there is to explain. Five times a fifth of the trials is held out, and each
    parameter shuffled there. Where trials were given different numbers of epochs, as in Hyperband,
    that number goes into the forest too, under the name `epochs`.

    Source: L. Breiman, Random forests, 2001, section 10; scikit-learn's `permutation_importance`.
    """
    # Of settings that went on for more epochs the last trial alone, else they would be both held
    # out and known.
    known = list(
        {tuple(sorted(each.values.items())): each for each in trials if each.has_score}.values()
    )
    shown = [each for each in parameters if each.varies]
    if len(known) < LEAST or not shown or len({each.score for each in known}) < 2:
        return Importance(len(known), None, [])
    import numpy as np
    from scipy.stats import rankdata
    from sklearn.metrics import r2_score

    names = [each.name for each in shown]
    columns = [[_number(each, trial.values.get(each.name)) for trial in known] for each in shown]
    named = [i for i, each in enumerate(shown) if not each.numeric]
    if len({trial.epochs for trial in known}) > 1:
        names.append(_BUDGET)
        columns.append([float(trial.epochs) for trial in known])
    ranks = rankdata(
        [each.known_score if maximised(objective) else -each.known_score for each in known]
    ) / len(known)
    answers, drops = _cross_validated(np.array(columns, dtype=float).T, ranks, named)
    explained = float(r2_score(ranks, answers))
    if explained <= 0:
        return Importance(len(known), explained, [])
    means = np.mean(drops, axis=0).tolist()
    sds = np.std(drops, axis=0, ddof=1).tolist()
    weights = [Weight(*each) for each in zip(names, means, sds, strict=True)]
    return Importance(len(known), explained, sorted(weights, key=lambda each: -each.mean))


def _cross_validated(
    table: "np.ndarray", ranks: "np.ndarray", named: list[int]
) -> "tuple[np.ndarray, np.ndarray]":
    """The ranks that forests tell for the trials that they have not seen, and what shuffling a
    column costs there.

    Args:
        table: the values of the parameters, float (trials, columns).
        ranks: of the trials, float (trials,).
        named: numbers of the columns that are choices without an order.

    Returns:
        The answers, float (trials,), and the drops of R², float (folds, columns).
    """
    import numpy as np
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.model_selection import KFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    answers = np.empty(len(ranks))
    drops = []
    for seen, unseen in KFold(_FOLDS, shuffle=True, random_state=0).split(table):
        forest = make_pipeline(
            make_column_transformer(
                (OneHotEncoder(handle_unknown="ignore"), named), remainder="passthrough"
            ),
            RandomForestRegressor(_TREES, min_samples_leaf=2, max_features=0.7, random_state=0),
        ).fit(table[seen], ranks[seen])
        answers[unseen] = forest.predict(table[unseen])
        # Of so few rows R² is ragged: errors are compared here, and divided by the variance of all
        # below.
        found = permutation_importance(
            forest,
            table[unseen],
            ranks[unseen],
            scoring="neg_mean_squared_error",
            n_repeats=_SHUFFLES,
            random_state=0,
        )
        drops.append(found.importances.mean(axis=1) / ranks.var())
    return answers, np.array(drops)


def _number(parameter: Parameter, value: Value | None) -> float:
    """The column's entry: the number itself, of a word its place; -1 where the parameter was not
    used.

    Numbers of a search are not negative, and a forest needs no logarithm of them.
    """
    if value is None:
        return -1.0
    return float(value) if parameter.numeric else float(parameter.values.index(value))
