"""Rules for the value of one argument of a layer.

A rule is a function from a value out of a file, parsed JSON of any content, to a clean value. The
clean value consists of numbers, texts that we chose, and lists of them; or it is `DROPPED`, where
the argument plays no part in predicting. For every other value the rule raises a `Refusal`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from fashion_nn.inference.shared.refusal import Refusal, quoted

Rule = Callable[[Any], Any]
DROPPED = object()
"""What a rule returns for an argument that is left out."""
MAX_NUMBERS = 1 << 16
"""Numbers in one argument."""

_POLICIES = ("float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")

_QUANTISED = (
    "its weights are quantised: save the model as it was before model.quantize, or train it again"
    " without"
)


def whole(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`; also one that is written as a fraction, such as 3.0."""

    def rule(value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Refusal(f"expected a whole number from {low} to {high}, got {quoted(value)}")
        return value

    return rule


def number(low: float = -1e9, high: float = 1e9) -> Rule:
    """A number from `low` to `high`."""

    def rule(value: Any) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise Refusal(f"expected a number from {low:g} to {high:g}, got {quoted(value)}")
        return value

    return rule


def flag(value: Any) -> bool:
    """True or false, also written as 1 or 0."""
    if value not in (True, False) or not isinstance(value, bool | int):
        raise Refusal(f"expected true or false, got {quoted(value)}")
    return bool(value)


def one_of(*names: str) -> Rule:
    """One of `names`, in upper or lower case."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in names:
            raise Refusal(f"{quoted(value)} is not known: expected one of {', '.join(names)}")
        return value.lower()

    return rule


def maybe(rule: Rule) -> Rule:
    """`rule`, or null."""
    return lambda value: None if value is None else rule(value)


def dropped(rule: Rule) -> Rule:
    """An argument that is checked by `rule` and left out, because it plays no part in
    predicting.
    """

    def checked(value: Any) -> Any:
        rule(value)
        return DROPPED

    return checked


def only(*harmless: Any) -> Rule:
    """An argument that not every Keras has: left out at its default, refused at any other value."""

    def rule(value: Any) -> Any:
        if not any(value is one or (value == one and type(value) is type(one)) for one in harmless):
            raise Refusal(f"{quoted(value)} is not supported, only {quoted(harmless[0])}")
        return DROPPED

    return rule


def unless(default: Any, rule: Rule) -> Rule:
    """An argument that not every Keras 3 has: left out at its default, else under `rule`."""
    return lambda value: DROPPED if value is default else rule(value)


def listed(rule: Rule, *lengths: int) -> Rule:
    """A list whose length is one of `lengths`, with each value under `rule`."""

    def checked(value: Any) -> list[Any]:
        value = plain_list(value)
        if not isinstance(value, list) or len(value) not in lengths:
            raise Refusal(
                f"expected a list of {' or '.join(map(str, lengths))}, got {quoted(value)}"
            )
        return [rule(part) for part in value]

    return checked


def either(scalar: Rule, listing: Rule) -> Rule:
    """A single value under one rule, or a list under another."""
    return lambda value: listing(value) if isinstance(plain_list(value), list) else scalar(value)


def sizes(rank: int, low: int, high: int) -> Rule:
    """One whole number, or one for each of `rank` dimensions."""
    return either(whole(low, high), listed(whole(low, high), *{1, rank}))


def margins(rank: int, high: int) -> Rule:
    """Padding or cropping: one number, one for each dimension, or a pair for each dimension."""
    one = whole(0, high)
    if rank == 1:
        return either(one, listed(one, 1, 2))
    return either(one, listed(either(one, listed(one, 2)), rank))


axis = whole(-8, 8)
axes = either(axis, listed(axis, *range(9)))
one_axis = either(axis, lambda value: listed(axis, 1)(value)[0])
factor = either(number(-1000, 1000), listed(number(-1000, 1000), 2))
"""The strength of an augmentation: a number or a range. Predicting does not use it."""


def plain_list(value: Any) -> Any:
    """`value`; a tuple or an array in the notation of Keras becomes a list."""
    if isinstance(value, dict):
        if value.get("class_name") == "__tuple__":
            return value.get("items")
        if value.get("class_name") in ("__numpy__", "__tensor__") and isinstance(
            value.get("config"), dict
        ):
            return value["config"].get("value")
    return value


def numbers(value: Any) -> Any:
    """A number, or nested lists of at most `MAX_NUMBERS` numbers."""
    found = _numbers(plain_list(value), 0)
    if _count(found) > MAX_NUMBERS:
        raise Refusal(f"more than {MAX_NUMBERS} numbers")
    return found


def _numbers(value: Any, depth: int) -> Any:
    if isinstance(value, list) and depth < 8:
        return [_numbers(part, depth + 1) for part in value]
    return number(-1e30, 1e30)(value)


def _count(value: Any) -> int:
    return sum(map(_count, value)) if isinstance(value, list) else 1


def dimensions(high: int, most: int) -> Rule:
    """A shape without the batch: whole numbers up to `high`, or null for any; at most `most`
    values.
    """

    def rule(value: Any) -> list[int | None]:
        shape = listed(maybe(whole(1, high)), *range(1, 6))(value)
        if math.prod(part or 1 for part in shape) > most:
            raise Refusal(f"more than {most} values")
        return shape

    return rule


def target_shape(value: Any) -> list[int]:
    """The target of a Reshape: whole numbers, where -1 stands for the size that is left."""
    shape = listed(whole(-1, 1 << 24), *range(1, 9))(value)
    if 0 in shape or math.prod(map(abs, shape)) > 1 << 24:
        raise Refusal(f"a shape of more than {1 << 24} values, or of none")
    return shape


def node(value: Any) -> tuple[str, Mapping[str, Any]]:
    """Class name and arguments of an object in the form `{"class_name": ..., "config": {...}}`."""
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        raise Refusal(f"expected an object with a class name, got {quoted(value)}")
    name = value["class_name"]
    config = value.get("config")
    if name in ("function", "__lambda__"):
        raise Refusal(f"names the function {quoted(config)}: no functions are read from a file")
    if config is not None and not isinstance(config, dict):
        raise Refusal(f"the arguments of {quoted(name)} are {quoted(config)}, expected an object")
    require_builtin(value, name)
    return name, config or {}


def require_builtin(value: Mapping[str, Any], name: str) -> None:
    """Refuse a class that is not Keras' own, by what the file says.

    Raises:
        Refusal: it names another module than Keras', or a registered name.
    """
    module, registered = value.get("module"), value.get("registered_name")
    if module is not None and not (
        isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras")
    ):
        raise Refusal(f"{quoted(name)} is of the module {quoted(module)}, expected one of Keras")
    if registered not in (None, name):
        raise Refusal(f"{quoted(name)} is a custom object registered as {quoted(registered)}")


def policy(value: Any) -> Any:
    """The dtype of a layer: a name, or one of the objects that Keras has written for it."""
    if isinstance(value, dict):
        name, config = node(value)
        if "Quantized" in name or "GPTQ" in name or "AWQ" in name:
            raise Refusal(_QUANTISED)
        if name not in ("DTypePolicy", "Policy", "PolicyV1", "FloatDTypePolicy"):
            raise Refusal(f"the dtype policy {quoted(name)} is not supported")
        value = config.get("name")
    if value in (None, "infer", "_infer"):
        return DROPPED
    if isinstance(value, str) and ("int" in value or "float8" in value or "_from_" in value):
        raise Refusal(_QUANTISED)
    return one_of(*_POLICIES)(value)


def seed(value: Any) -> Any:
    """The seed of a random generator, or null. It plays no part in predicting."""
    if value is not None:
        whole(-(1 << 63), 1 << 64)(value)
    return DROPPED


def family(
    name: str, classes: Mapping[str, Mapping[str, Rule]], aliases: Mapping[str, str]
) -> Rule:
    """Objects of one kind, such as initializers: null, a name, or a node of an allowed class.

    Returns null or `{"module", "class_name", "config", "registered_name"}`.
    """

    def rule(value: Any) -> Any:
        if value is None:
            return None
        given, arguments = (value, {}) if isinstance(value, str) else node(value)
        known = aliases.get(given, given)
        if known not in classes:
            raise Refusal(f"{quoted(given)} is not an allowed {name}")
        config = checked(arguments, classes[known])
        return {
            "module": f"keras.{name}s",
            "class_name": known,
            "config": config,
            "registered_name": None,
        }

    return rule


def checked(arguments: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """`arguments`, each under its rule. One that has no rule must be null, and is left out.

    Raises:
        Refusal: naming the argument.
    """
    clean = {}
    for name, value in arguments.items():
        if name not in rules:
            if value is None:
                continue
            raise Refusal(f"the argument {quoted(name)} is not known")
        try:
            result = rules[name](value)
        except Refusal as refusal:
            raise Refusal(f"{name}: {refusal}") from None
        if result is not DROPPED:
            clean[name] = result
    return clean
