"""Numbers on the command line and in recipes: out of range is one line and exit code 2."""

import inspect
import typing

import pytest
import typer

from fashion_nn import recipes
from fashion_nn.cli.main import COMMANDS, GROUPS, app, run
from fashion_nn.core.numbers import decimal, whole
from fashion_nn.errors import InputError

HOSTILE = ("9" * 31, "9" * 5000, "-1", "1e999", "nan", "inf", "\uff17", "", "x" * 9000)


def options():
    """(command, parameter, its type, its option) of every command."""
    groups = [command for group in GROUPS.values() for command in _commands(group)]
    for function in [*(function for function, _ in COMMANDS), *groups]:
        for parameter in inspect.signature(function).parameters.values():
            if typing.get_origin(parameter.annotation) is typing.Annotated:
                kind, option = typing.get_args(parameter.annotation)[:2]
                yield function.__name__, parameter.name, kind, option


def _commands(group: typer.Typer):
    yield from (command.callback for command in group.registered_commands)
    for inner in group.registered_groups:
        yield from _commands(inner.typer_instance)


def test_every_whole_number_has_a_smallest_and_a_largest_value():
    whole_numbers = [
        (f"{command} {name}", option)
        for command, name, kind, option in options()
        if int in (kind, *typing.get_args(kind))
    ]
    assert len(whole_numbers) > 15
    for name, option in whole_numbers:
        assert option.min is not None and option.max is not None, name
        assert 0 <= option.min < option.max < 2**32, name


def test_every_other_number_has_a_smallest_and_a_largest_value():
    numbers = [
        (f"{command} {name}", option)
        for command, name, kind, option in options()
        if float in (kind, *typing.get_args(kind))
    ]
    assert len(numbers) > 4
    for name, option in numbers:
        assert option.min is not None and option.max is not None, name


LAB = [
    *("playground --learning-rate", "playground --rate", "playground --noise"),
    *("playground --split", "playground --hidden", "playground --epochs"),
    *("playground --batch-size", "playground --seeds"),
    *("boundaries --hidden", "boundaries --learning-rate", "boundaries --l2"),
    *("boundaries --seed", "boundaries --passes", "boundaries --columns"),
    *("losses --z", "losses --target"),
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:6]) + str(len(value)))
@pytest.mark.parametrize("option", LAB)
def test_numbers_of_the_lab(option, value, capsys):
    command, name = option.split()
    wanted = {"boundaries --columns": ["--dataset", "iris"]}.get(option, [])
    code = run(app, ["lab", command, f"{name}={value}", *wanted])
    said = capsys.readouterr().err
    if code == 0:
        assert value in ("9" * 31, "-1", "")  # what some of the options take
    else:
        assert code == 2 and said.startswith("error: ") and said.count("\n") == 1
        assert len(said) < 700


@pytest.mark.parametrize("value", [*HOSTILE, "0", "1,0", "9" * 31 + ",2"])
def test_numbers_of_components(value, capsys):
    arguments = ["baseline", "pca-logreg", "--dataset", "digits", f"--components={value}"]
    assert run(app, arguments) == 2
    assert "--components" in capsys.readouterr().err


@pytest.mark.parametrize("value", [*HOSTILE, "-1e308", "[" * 50_000, "{}", "\ud800"])
def test_settings_of_a_recipe(value):
    """Each is refused in one line, or is a recipe that is within its bounds."""
    for setting in recipes.settings():
        try:
            changed = recipes.override(recipes.get("mlp"), [f"{setting.key}={value}"])
        except InputError as error:
            assert str(error).isprintable() and len(str(error)) < 900
        else:
            assert max(changed.epochs, changed.batch_size) <= 1 << 20


@pytest.mark.parametrize("key", ["epochs", "batch_size", "patience", "seed", "restart_epochs"])
@pytest.mark.parametrize("value", [10**30, 10**4200, -1, 0.5, "x" * 10_000, [[]], None])
def test_a_recipe_of_another_hand(key, value):
    content = recipes.get("mlp").to_json() | {key: value}
    if value is None and key == "patience":
        return
    with pytest.raises(InputError, match=f"not a recipe: {key}=") as caught:
        recipes.from_json(content)
    assert len(str(caught.value)) < 300


def test_an_unknown_key_of_a_recipe_is_escaped_and_shortened():
    with pytest.raises(InputError) as caught:
        recipes.from_json(recipes.get("mlp").to_json() | {"\x1b[2J" * 1000: 1})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["1_0", "\uff11", "", "+", "1" * 19, "0x1", "1e3", "nan"])
def test_what_is_no_whole_number(text):
    with pytest.raises(ValueError, match="whole number"):
        whole(text)


@pytest.mark.parametrize("text", ["1_0", "\uff11", "", ".", "1" * 41, "0x1", "1e", "nan", "1e999"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="number"):
        decimal(text)


def test_numbers_that_people_write():
    assert (whole("-12"), whole("+007"), whole(" 1 ")) == (-12, 7, 1)
    assert [decimal(text) for text in ("1", "-.5", "2.", "1e-3", "+1.5E+2")] == [
        *(1.0, -0.5, 2.0, 0.001, 150.0)
    ]
