"""Grading of worked answers: errors planted in exercises of no report, by formulas of this file,
must be found.
"""

import json
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_exercises import draw

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import describe_grade, from_json, grade, load, trace
from fashion_nn.lab.backprop.exercise import built_in
from fashion_nn.lab.backprop.sheet import LAYERED

# Square in the middle, so that W and its transpose can be confused; all numbers different.
EXERCISE = from_json(
    {
        "layers": [2, 3, 3, 2],
        "activations": ["tanh", "sigmoid", "sigmoid"],
        "weights": [
            [[0.4, -0.7], [1.1, 0.3], [-0.2, 0.9]],
            [[0.5, -0.6, 0.8], [0.15, 0.35, -1.2], [0.7, 0.25, 0.45]],
            [[0.65, -0.85, 0.55], [-0.95, 0.33, 0.77]],
        ],
        "biases": [[0.12, -0.34, 0.56], [0.21, 0.43, -0.65], [0.31, -0.53]],
        "loss": "half-squared-error",
        "learning_rate": 0.7,
        "samples": [{"x": [0.6, -1.4], "target": [1, 0]}, {"x": [1.3, 0.2], "target": [0, 1]}],
        "query": [0.5, 0.5],
    }
)
W, B, X, T = EXERCISE.weight_matrices, EXERCISE.bias_vectors, EXERCISE.inputs, EXERCISE.targets
ETA = 0.7


def work(**errors):
    """The whole exercise by hand; `errors` replace one step, all that follows is computed from
    it.
    """
    step = {
        "net": lambda layer, w, x, b: w @ x + b[:, None],
        "output": lambda layer, z: np.tanh(z) if layer == 1 else 1 / (1 + np.exp(-z)),
        "error": lambda a: a - T,
        "slope": lambda layer, a: 1 - a**2 if layer == 1 else a * (1 - a),
        "back": lambda layer, w, d: w.T @ d,
        "weight": lambda layer, d, x: d @ x.T,
        "bias": lambda layer, d: d.sum(axis=1),
        "step": lambda layer, old, gradient: old - ETA * gradient,
    } | errors
    nets, outputs, deltas = [], [X], [None] * 3
    for layer in (1, 2, 3):
        nets.append(step["net"](layer, W[layer - 1], outputs[-1], B[layer - 1]))
        outputs.append(step["output"](layer, nets[-1]))
    deltas[2] = step["error"](outputs[3]) * step["slope"](3, outputs[3])
    for layer in (2, 1):
        deltas[layer - 1] = step["back"](layer, W[layer], deltas[layer]) * step["slope"](
            layer, outputs[layer]
        )
    answers = {"nets": nets, "outputs": outputs[1:], "deltas": deltas}
    answers["weight_gradients"] = [
        step["weight"](k, deltas[k - 1], outputs[k - 1]) for k in (1, 2, 3)
    ]
    answers["bias_gradients"] = [step["bias"](k, deltas[k - 1]) for k in (1, 2, 3)]
    for key, old, gradients in (
        ("updated_weights", W, answers["weight_gradients"]),
        ("updated_biases", B, answers["bias_gradients"]),
    ):
        answers[key] = [step["step"](k, old[k - 1], gradients[k - 1]) for k in (1, 2, 3)]
    return {key: [array.tolist() for array in layers] for key, layers in answers.items()}


def rounded(answers, digits):
    return json.loads(
        json.dumps(answers), parse_float=lambda text: float(f"{float(text):.{digits}g}")
    )


def only(layer, wrong, right):
    """A step that is wrong in one layer."""
    return lambda at, *rest: (wrong if at == layer else right)(*rest)


PLANTS = {
    "sign lost in the step": (
        {"step": lambda k, w, g: w + ETA * g},
        "sign lost",
        "updated_weights",
        3,
    ),
    "t - a": ({"error": lambda a: T - a}, "sign lost", "deltas", 3),
    "a + t": ({"error": lambda a: a + T}, "sign lost", "deltas", 3),
    "minus of a net dropped": (
        {
            "net": only(
                2, lambda w, x, b: abs(w @ x + b[:, None]), lambda w, x, b: w @ x + b[:, None]
            )
        },
        "sign lost",
        "nets",
        2,
    ),
    "bias subtracted": (
        {"net": only(2, lambda w, x, b: w @ x - b[:, None], lambda w, x, b: w @ x + b[:, None])},
        "sign lost",
        "nets",
        2,
    ),
    "1 + tanh squared": (
        {"slope": lambda k, a: 1 + a**2 if k == 1 else a * (1 - a)},
        "sign lost",
        "deltas",
        1,
    ),
    "one product with its sign lost": (
        {
            "net": only(
                1, lambda w, x, b: abs(w) @ x + b[:, None], lambda w, x, b: w @ x + b[:, None]
            )
        },
        "sign lost",
        "nets",
        1,
    ),
    "bias gradient times bias": (
        {"bias": lambda k, d: d.sum(1) * B[k - 1]},
        "multiplied by the bias",
        "bias_gradients",
        3,
    ),
    "net times bias": (
        {"net": only(2, lambda w, x, b: w @ x * b[:, None], lambda w, x, b: w @ x + b[:, None])},
        "multiplied by the bias",
        "nets",
        2,
    ),
    "transposed in a net": (
        {"net": only(2, lambda w, x, b: w.T @ x + b[:, None], lambda w, x, b: w @ x + b[:, None])},
        "transposed or wrong weight",
        "nets",
        2,
    ),
    "not transposed in a delta": (
        {"back": only(1, lambda w, d: w @ d, lambda w, d: w.T @ d)},
        "transposed or wrong weight",
        "deltas",
        1,
    ),
    "rows of another unit": (
        {"back": only(2, lambda w, d: w[::-1].T @ d, lambda w, d: w.T @ d)},
        "transposed or wrong weight",
        "deltas",
        2,
    ),
    "another layer's weights": (
        {"back": only(2, lambda w, d: W[1][:2].T @ d, lambda w, d: w.T @ d)},
        None,  # rows cut off to fit: nobody's usual error
        "deltas",
        2,
    ),
    "gradient transposed": (
        {"weight": only(2, lambda d, x: (d @ x.T).T, lambda d, x: d @ x.T)},
        "transposed or wrong weight",
        "weight_gradients",
        2,
    ),
    "weight for input": (
        {"weight": lambda k, d, x: d.sum(1, keepdims=True) * W[k - 1]},
        "weight taken for input",
        "weight_gradients",
        3,
    ),
    "no derivative at the output": (
        {"slope": only(3, np.ones_like, lambda a: a * (1 - a))},
        "f′ missing",
        "deltas",
        3,
    ),
    "no derivative in a hidden layer": (
        {"slope": only(1, np.ones_like, lambda a: a * (1 - a))},
        "f′ missing",
        "deltas",
        1,
    ),
    "f for f'": ({"slope": lambda k, a: a}, "wrong f′", "deltas", 3),
    "the derivative of sigmoid in the outputs of tanh": (
        {"slope": lambda k, a: a * (1 - a)},
        "wrong f′",
        "deltas",
        1,
    ),
    "1 - tanh": ({"slope": lambda k, a: 1 - a if k == 1 else a * (1 - a)}, "wrong f′", "deltas", 1),
    "no learning rate": ({"step": lambda k, w, g: w - g}, "wrong step", "updated_weights", 3),
    "no bias": (
        {"net": only(1, lambda w, x, b: w @ x, lambda w, x, b: w @ x + b[:, None])},
        "bias missing",
        "nets",
        1,
    ),
    "relu for sigmoid": (
        {
            "output": lambda k, z: (
                np.maximum(z, 0) if k == 2 else np.tanh(z) if k == 1 else 1 / (1 + np.exp(-z))
            )
        },
        "wrong activation",
        "outputs",
        2,
    ),
    "mean for sum": (
        {"bias": lambda k, d: d.mean(axis=1)},
        "sum and mean confused",
        "bias_gradients",
        3,
    ),
    "first sample only": (
        {"bias": lambda k, d: d[:, 0]},
        "sum and mean confused",
        "bias_gradients",
        3,
    ),
}
# A slope that is wrong in layers 1 and 2 alone is wrong first in layer 2, of which δ is computed
# first.
HIDDEN_SLOPE = {"slope": lambda k, a: a * (1 - a) if k == 3 else np.ones_like(a)}


@pytest.mark.parametrize("digits", [None, 4])
@pytest.mark.parametrize("name", PLANTS)
def test_an_error_is_found_where_it_was_made_and_the_rest_follows(name, digits):
    errors, error, key, layer = PLANTS[name]
    answers = work(**errors)
    first = grade(EXERCISE, rounded(answers, digits) if digits else answers).first_wrong
    assert (first.term.key, first.term.layer, first.cause) == (key, layer, error)


def test_what_follows_from_a_mistake_is_no_new_mistake():
    marks = grade(EXERCISE, work(**HIDDEN_SLOPE)).marks
    verdicts = {(mark.term.key, mark.term.layer): mark.verdict for mark in marks}
    assert [m.cause for mark in marks for m in mark.mistakes] == ["f′ missing", "f′ missing"]
    assert (
        verdicts["deltas", 3]
        == verdicts["weight_gradients", 3]
        == verdicts["updated_biases", 3]
        == "right"
    )
    assert verdicts["deltas", 2] == verdicts["deltas", 1] == "wrong"
    assert verdicts["weight_gradients", 2] == verdicts["updated_weights", 1] == "follows"


def test_two_mistakes_are_told_apart():
    first = only(1, lambda w, x, b: w @ x, lambda w, x, b: w @ x + b[:, None])
    marks = grade(EXERCISE, work(net=first, step=lambda k, w, g: w + ETA * g))
    wrong = [
        (mark.term, {mistake.cause for mistake in mark.mistakes}) for mark in marks.of("wrong")
    ]
    assert wrong[0] == (("nets", 1), {"bias missing"})
    assert {term.key for term, _ in wrong[1:]} == {"updated_weights", "updated_biases"}
    assert all(errors == {"sign lost"} for _, errors in wrong[1:])


@pytest.mark.parametrize(
    "key", ["weight_gradients", "bias_gradients", "updated_weights", "updated_biases"]
)
def test_an_error_in_a_term_that_is_not_shown(key):
    answers = work(
        slope=lambda k, a: np.ones_like(a) if k == 3 else 1 - a**2 if k == 1 else a * (1 - a)
    )
    marks = grade(EXERCISE, {key: answers[key]})
    first = marks.first_wrong
    assert (first.term, first.cause) == ((key, 3), "f′ missing")
    assert first.made_in == ("deltas", 3)
    assert [mistake.cause for mark in marks.marks for mistake in mark.mistakes] == ["f′ missing"]


def test_by_how_much_and_where():
    answers = trace(EXERCISE).to_json()
    answers["weight_gradients"][1][2][0] *= -1
    mistake = grade(EXERCISE, answers).first_wrong
    right = trace(EXERCISE).weight_gradients[1][2, 0]
    assert (mistake.term, mistake.entry, mistake.entries) == (("weight_gradients", 2), (2, 0), 1)
    assert (mistake.answered, mistake.right) == (-right, right)
    assert mistake.to_json()["error"] == pytest.approx(-2 * right)
    assert mistake.to_json()["entry"] == [3, 1]  # counted as on paper


def test_a_zero_bias_makes_zero_gradients_and_two_readings_are_both_named():
    exercise = load("report-004/1")
    answers = {"bias_gradients": [[0, 0, 0], [0, 0]]}
    assert grade(exercise, answers).first_wrong.cause == "multiplied by the bias"
    minus_one = load("report-001/sigmoid")  # its output bias is -1
    first = grade(minus_one, {"bias_gradients": [None, [0.0960574]]}).first_wrong
    assert {first.cause, *first.also} == {"sign lost", "multiplied by the bias"}


@pytest.mark.parametrize("digits", [3, 4, 6, 9])
@pytest.mark.parametrize("name", built_in())
def test_right_answers_to_three_digits_or_more_are_right(name, digits):
    exercise = load(name)
    answers = {key: value for key, value in trace(exercise).to_json().items() if value is not None}
    assert grade(exercise, answers).first_wrong is None
    marks = grade(exercise, rounded(answers, digits))
    assert marks.first_wrong is None
    given = [mark.digits for mark in marks.marks if mark.digits is not None]
    assert all(shown >= digits for shown in given)
    assert bool(given) == (digits <= 7)  # more digits than float32 has are all digits


def test_values_rounded_at_every_step_are_right_to_four_decimals():
    def near(f):
        return lambda *rest: np.round(f(*rest), 4)

    sigmoid = lambda k, z: np.tanh(z) if k == 1 else 1 / (1 + np.exp(-z))  # noqa: E731
    answers = work(
        net=near(lambda k, w, x, b: w @ x + b[:, None]),
        output=near(sigmoid),
        weight=near(lambda k, d, x: d @ x.T),
    )
    assert grade(EXERCISE, answers).first_wrong is None


@pytest.mark.parametrize("decimals, digits", [(1, 1), (2, 2)])
def test_rounding_is_an_error_below_three_digits_and_says_to_how_many(decimals, digits):
    answers = work(
        output=lambda k, z: np.round(np.tanh(z) if k == 1 else 1 / (1 + np.exp(-z)), decimals)
    )
    marks = grade(EXERCISE, answers)
    first = marks.first_wrong
    assert (first.term, first.cause) == (("outputs", 1), "rounding")
    assert f"rounded to {digits} digit" in first.detail
    assert {mistake.cause for mark in marks.marks for mistake in mark.mistakes} == {"rounding"}


def test_rounding_in_a_term_that_is_not_shown():
    answers = work(output=lambda k, z: np.round(np.tanh(z) if k == 1 else 1 / (1 + np.exp(-z)), 1))
    first = grade(EXERCISE, {"nets": [None, answers["nets"][1], None]}).first_wrong
    assert (first.term, first.cause) == (("nets", 2), "rounding")


def test_rounding_within_a_step():
    answers = work(back=lambda k, w, d: np.round(w.T @ d, 2))
    first = grade(EXERCISE, answers).first_wrong
    assert (first.term, first.cause) == (("deltas", 2), "rounding")
    assert "what f' is multiplied with rounded to 2 decimals" in first.detail


def test_misprint_and_misplaced_value():
    answers = trace(EXERCISE).to_json()
    answers["outputs"][1][0][1] = 0.7214
    right = trace(EXERCISE).outputs[1][0, 1]
    swapped = f"{right:.5f}"
    answers["outputs"][1][0][1] = float(swapped[:4] + swapped[5] + swapped[4] + swapped[6:])
    assert grade(EXERCISE, {"outputs": answers["outputs"]}).first_wrong.cause == "misprint"
    answers = trace(EXERCISE).to_json()
    answers["deltas"][2][0][0] = answers["outputs"][0][1][1]
    mistake = grade(EXERCISE, {"deltas": answers["deltas"]}).first_wrong
    assert mistake.cause == "wrong place" and "a[1], unit 2, sample 2" in mistake.detail


def test_class_counted_from_one_and_query_before_the_step():
    exercise = load("report-004/1")
    first = grade(exercise, {"query_class": 1}).first_wrong
    assert first.cause == "wrong class" and "counted from 1" in first.detail
    before = trace(from_json(exercise.to_json() | {"learning_rate": 0.0})).query_output
    assert (
        grade(exercise, {"query_output": before.tolist()}).first_wrong.cause
        == "parameters before the step"
    )


def test_any_part_of_the_keys_layers_and_numbers_may_be_answered():
    right = trace(EXERCISE).to_json()
    part = {
        "deltas": [None, None, [[right["deltas"][2][0][0], None], [None, None]]],
        "loss_after": None,
    }
    marks = grade(EXERCISE, part)
    assert [(mark.term, mark.verdict) for mark in marks.marks] == [(("deltas", 3), "right")]


def test_short_forms_of_one_number_and_of_one_column():
    exercise = load("report-004/1")
    short = {
        "nets": [0.2, [0.16495, 0.16495]],
        "bias_gradients": [0.00050575, [[-0.113937], [0.13437]]],
    }
    assert grade(exercise, short).first_wrong is None


def test_a_matrix_of_another_shape_is_a_mistake_of_the_answer():
    exercise = load("report-004/3")  # where the report prints 2 × 2 zeros for δ
    mistake = grade(exercise, {"deltas": [None, [[0, 0], [0, 0]], None]}).first_wrong
    assert mistake.cause == "wrong shape" and mistake.detail == "2 × 2 in place of 3 × 2"
    assert mistake.to_json()["answered"] is None


MALFORMED = [
    ([], "expected a JSON object"),
    ({}, "expected a JSON object"),
    ({"gradients": []}, "unknown key 'gradients'"),
    ({"nets": [1, 2]}, "expected a list of 3, one entry a layer"),
    ({"nets": 1}, "expected a list of 3"),
    ({"nets": [None, None, None], "loss_before": None}, "nothing is answered"),
    ({"loss_before": "0.5"}, "expected numbers"),
    ({"loss_before": True}, "expected numbers"),
    ({"loss_before": float("nan")}, "expected numbers"),
    ({"loss_before": 10**400}, "expected numbers"),
    ({"nets": [[[1, 2], [3]], None, None]}, "rows of different lengths"),
    ({"nets": [[[[1]]], None, None]}, "expected numbers"),
]


@pytest.mark.parametrize("answers, message", MALFORMED)
def test_malformed_answers_are_refused_in_one_line(answers, message):
    with pytest.raises(InputError, match=message) as caught:
        grade(EXERCISE, answers, "answers.json")
    assert str(caught.value).startswith("answers.json") and "\n" not in str(caught.value)


def test_a_query_that_the_exercise_has_not():
    with pytest.raises(InputError, match="no query"):
        grade(load("2b"), {"query_class": 0})


def test_the_text_names_term_amount_and_error():
    answers = work(**PLANTS["t - a"][0])
    text = describe_grade(grade(EXERCISE, answers), "mine")
    first = next(line for line in text.splitlines() if line.startswith("first wrong term"))
    assert "δ[3], unit 1, sample 1" in first and "off by" in first and "sign lost" in first
    assert "follows from an earlier mistake" in text


def _sign(rng, right, exercise):
    key = str(rng.choice(["nets", "deltas", "weight_gradients", "bias_gradients"]))
    return key, int(rng.integers(exercise.depth)), lambda value, layer: -value, "sign lost"


def _bias(rng, right, exercise):
    layer = int(rng.integers(exercise.depth))
    return (
        "bias_gradients",
        layer,
        lambda value, at: value * exercise.bias_vectors[at],
        "multiplied by the bias",
    )


def _input(rng, right, exercise):
    def plant(value, at):
        return (
            np.array(right["deltas"][at]).sum(axis=1, keepdims=True) * exercise.weight_matrices[at]
        )

    return "weight_gradients", int(rng.integers(exercise.depth)), plant, "weight taken for input"


def _transposed(rng, right, exercise):
    return (
        "weight_gradients",
        int(rng.integers(exercise.depth)),
        lambda v, at: v.T,
        "transposed or wrong weight",
    )


def _rounding(rng, right, exercise):
    return str(rng.choice(LAYERED)), int(rng.integers(exercise.depth)), _to_two_digits, "rounding"


def _to_two_digits(value, layer):
    exponent = np.floor(np.log10(np.where(value == 0, 1, np.abs(value))))
    return np.round(value / 10 ** (exponent - 1)) * 10 ** (exponent - 1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([_sign, _bias, _input, _transposed, _rounding]))
def test_errors_planted_in_one_term_of_random_exercises(seed, kind):
    rng = np.random.default_rng(seed)
    exercise = draw(rng)
    right = trace(exercise).to_json()
    key, layer, plant, error = kind(rng, right, exercise)
    value = np.array(right[key][layer])
    planted = plant(value, layer)
    same = value.shape == planted.shape and np.allclose(
        value, planted, rtol=1e-2, atol=1e-3 * np.abs(value).max()
    )
    if same:
        return  # the error changes nothing here: a zero, a bias near 1, or a symmetric matrix
    right[key][layer] = planted.tolist()
    first = grade(
        exercise, {name: given for name, given in right.items() if given is not None}
    ).first_wrong
    assert (first.term.key, first.term.layer) == (key, layer + 1)
    assert error in (first.cause, *first.also)


def test_an_error_made_in_every_layer_of_terms_that_are_not_shown():
    answers = work(net=lambda k, w, x, b: w @ x - b[:, None])
    marks = grade(EXERCISE, {key: answers[key] for key in ("weight_gradients", "bias_gradients")})
    first = marks.first_wrong
    assert (first.term, first.cause, first.made_in) == (
        ("weight_gradients", 3),
        "sign lost",
        ("nets", 1),
    )
    assert first.detail == "the bias is subtracted, in every layer"
    assert all(mark.verdict == "follows" for mark in marks.marks[1:])


# --- Answers of students who compute with all digits and write down few


def shown(answers, places, *, decimals=False, cut=False):
    """The numbers as they are written: to digits or to decimals, rounded or cut."""

    def write(text):
        number = Decimal(f"{float(text):.12g}")
        last = places if decimals else places - 1 - number.adjusted()
        rounding = ROUND_DOWN if cut else ROUND_HALF_EVEN
        return float(number.quantize(Decimal(1).scaleb(-last), rounding=rounding))

    return json.loads(json.dumps(answers), parse_float=write)


def mistakes(answers, exercise=EXERCISE):
    marks = grade(exercise, answers).marks
    return [(mark.term, mistake.cause) for mark in marks for mistake in mark.mistakes]


WRITTEN = [
    {"places": places, "decimals": decimals, "cut": cut}
    for places in (4, 6, 8)
    for decimals in (False, True)
    for cut in (False, True)
]


def on_the_way_back(layer, change):
    """A δ that is changed in one layer."""
    return {
        "slope": lambda k, a: (change if k == layer else 1) * (1 - a**2 if k == 1 else a * (1 - a))
    }


def without_slope(layer):
    return {
        "slope": lambda k, a: np.ones_like(a) if k == layer else 1 - a**2 if k == 1 else a * (1 - a)
    }


@pytest.mark.parametrize("written", WRITTEN, ids=str)
@pytest.mark.parametrize(
    "errors, term, cause",
    [
        (on_the_way_back(3, -1), ("deltas", 3), "sign lost"),
        (on_the_way_back(1, -1), ("deltas", 1), "sign lost"),
        (on_the_way_back(2, -1), ("deltas", 2), "sign lost"),
        (without_slope(1), ("deltas", 1), "f′ missing"),
        (without_slope(3), ("deltas", 3), "f′ missing"),
    ],
)
def test_what_follows_exactly_from_a_mistake_is_no_mistake(errors, term, cause, written):
    """The slip is carried on with all digits, and everything is rounded for the sheet alone."""
    assert mistakes(shown(work(**errors), **written)) == [(term, cause)]


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_factor_two_is_named_and_carried_on(written):
    answers = work(error=lambda a: 2 * (a - T))
    first = grade(EXERCISE, shown(answers, **written)).first_wrong
    assert "wrong factor" in (first.cause, *first.also)
    assert [term for term, _ in mistakes(shown(answers, **written))] == [("deltas", 3)]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("decimals", [False, True])
@pytest.mark.parametrize("places", [3, 4, 5])
@pytest.mark.parametrize("name", built_in())
def test_right_answers_may_be_rounded_or_cut_to_digits_or_decimals(name, places, decimals, cut):
    exercise = load(name)
    answers = {key: value for key, value in trace(exercise).to_json().items() if value is not None}
    assert mistakes(shown(answers, places, decimals=decimals, cut=cut), exercise) == []


def test_the_precision_may_be_declared():
    right = trace(EXERCISE).to_json()
    small = round(right["deltas"][0][0][0], 3)
    only_this = {"deltas": [[[small, None], [None, None], [None, None]], None, None]}
    assert small == pytest.approx(right["deltas"][0][0][0], rel=0.3)
    assert grade(EXERCISE, {"digits": 3} | only_this).first_wrong.cause == "rounding"
    assert grade(EXERCISE, {"decimals": 3} | only_this).first_wrong is None


def test_the_updated_weights_in_back_propagation_are_named():
    answers = work()
    gradient = np.array(answers["deltas"][2]) @ np.array(answers["outputs"][1]).T
    back = only(2, lambda w, d: (W[2] - ETA * gradient).T @ d, lambda w, d: w.T @ d)
    answers = work(back=back)
    assert mistakes(shown(answers, 6)) == [(("deltas", 2), "transposed or wrong weight")]
    detail = grade(EXERCISE, shown(answers, 6)).first_wrong.detail
    assert detail == "the updated W[3] in place of the one before the step"


@pytest.mark.parametrize("squares", ["from the nets", "from the outputs"])
def test_what_follows_from_an_output_that_is_misread(squares):
    """It is in the error a - t and in the loss; f' is taken from z or from the same output."""
    misread = np.array(work()["outputs"][2])
    misread[0, 1] = round(misread[0, 1], 4) + 0.2
    clean = np.array(work()["outputs"][2])

    def slope(layer, a):
        a = clean if layer == 3 and squares == "from the nets" else a
        return 1 - a**2 if layer == 1 else a * (1 - a)

    sigmoid = lambda k, z: np.tanh(z) if k == 1 else 1 / (1 + np.exp(-z))  # noqa: E731
    answers = work(output=lambda k, z: misread if k == 3 else sigmoid(k, z), slope=slope)
    answers["loss_before"] = float(0.5 * ((misread - T) ** 2).sum())
    assert mistakes(shown(answers, 4, decimals=True)) == [(("outputs", 3), "misprint")]


def test_a_misprint_of_three_digits_is_named():
    answers = shown(work(), 3)
    answers["outputs"][1][0][0] = round(answers["outputs"][1][0][0] + 0.1, 3)
    assert mistakes({"outputs": answers["outputs"]})[0] == (("outputs", 2), "misprint")


@pytest.mark.parametrize("places", [4, 7])
def test_a_weight_that_is_miscopied_is_named_and_used_from_there_on(places):
    miscopied = EXERCISE.to_json()
    miscopied["weights"][1][2][0] = 0.1  # 0.7 in the exercise
    answers = trace(from_json(miscopied)).to_json()
    assert mistakes(shown(answers, places)) == [(("nets", 2), "number miscopied")]
    detail = grade(EXERCISE, shown(answers, places)).first_wrong.detail
    assert detail == "W[2], unit 3, input 1 is read as 0.1, not 0.7, from here on"


def test_the_bias_of_another_layer_is_named():
    net = only(2, lambda w, x, b: w @ x + B[0][:, None], lambda w, x, b: w @ x + b[:, None])
    assert mistakes(shown(work(net=net), 4)) == [(("nets", 2), "wrong bias")]
    assert grade(EXERCISE, shown(work(net=net), 4)).first_wrong.detail == "b[1] in place of b[2]"


def test_a_bias_that_is_not_updated_is_not_called_rounded():
    small = from_json(EXERCISE.to_json() | {"learning_rate": 0.001})
    answers = trace(small).to_json()
    answers["updated_biases"][0] = B[0].tolist()
    first = grade(small, shown(answers, 6)).first_wrong
    assert (first.term, first.cause) == (("updated_biases", 1), "wrong step")
    assert "not updated" in first.detail


def test_squared_error_without_the_half():
    doubled = from_json(EXERCISE.to_json() | {"loss": "squared-error"})
    half, whole = trace(EXERCISE), trace(doubled)
    np.testing.assert_allclose(whole.deltas[0], 2 * half.deltas[0], rtol=1e-12)
    assert whole.loss_before == pytest.approx(2 * half.loss_before)
    first = grade(doubled, {"deltas": half.to_json()["deltas"]}).first_wrong
    assert "wrong factor" in (first.cause, *first.also)


def test_no_noise_of_floats_is_shown():
    exercise = from_json(
        {
            "layers": [2, 1],
            "activations": ["identity"],
            "weights": [[[0.1, -0.3]]],
            "biases": [[0.2]],
            "loss": "half-squared-error",
            "learning_rate": 0.1,
            "samples": [{"x": [1, 1], "target": [1]}],
        }
    )
    assert trace(exercise).nets[0].tolist() == [[0.0]]  # 0.1 - 0.3 + 0.2 is 2.8e-17 in float64


def test_terms_may_be_named_as_on_paper():
    right = trace(EXERCISE)
    paper = {
        "z[1]": right.nets[0].tolist(),
        "a[ 3 ]": right.outputs[2].tolist(),
        "δ[2]": right.deltas[1].tolist(),
        "delta[3]": right.deltas[2].tolist(),
        "∂E/∂W[1]": right.weight_gradients[0].tolist(),
        "dE/db[2]": right.bias_gradients[1].tolist(),
        "updated W[1]": right.updated_weights[0].tolist(),
        "updated b[3]": right.updated_biases[2].tolist(),
        "E": right.loss_before,
        "E after the step": right.loss_after,
        "class of the query": right.query_class,
    }
    marks = grade(EXERCISE, paper).marks
    assert len(marks) == len(paper) and {mark.verdict for mark in marks} == {"right"}


@pytest.mark.parametrize("key", ["z[0]", "z[4]", "z", "E[1]", "y[1]", "z[1", "z[99999999999]"])
def test_terms_that_are_not_on_paper(key):
    with pytest.raises(InputError, match="unknown key"):
        grade(EXERCISE, {key: [0.1, 0.2, 0.3]})


def test_a_term_that_is_answered_twice():
    with pytest.raises(InputError, match=r"a\[1\] is answered twice"):
        grade(EXERCISE, {"outputs": trace(EXERCISE).to_json()["outputs"], "a[1]": 0.5})
