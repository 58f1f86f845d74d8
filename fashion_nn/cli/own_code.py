"""The user's own code, named on the command line as `my_net.py:build`: its loading, its scale, and
what is said of its files.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fashion_nn import console
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.zoo import OwnBuilder, own

OWN = "my_net.py:build"

Scale = Annotated[
    str | None,
    typer.Option(
        "--scale",
        help="Numbers that the model of your own file takes, such as 0-1, -1-1 or standardised "
        "[default: pixels 0-255]. The saved model converts pixels itself.",
    ),
]

Code = Annotated[
    str | None,
    typer.Option(
        "--code",
        metavar="FILE.py:FUNCTION",
        help="Your own file that built the model, if its layers are not all of Keras. It is run in "
        "this process.",
    ),
]


def named(text: str | None, scale: str | None) -> OwnBuilder | None:
    """The builder in the file that `text` names; None if it is no Python file.

    Raises:
        InputError: the file cannot be run, has no such function, or `scale` is given without one.
    """
    if text is None or not is_own(text):
        if scale is not None:
            raise InputError(f"--scale is for a model of your own: expected {OWN} as the name")
        return None
    if Path(text.partition(".py")[0] + ".py").exists():
        console.load_tensorflow()  # the file probably imports it
    return own.from_command_line(text)


def of_run(run: Run, text: str | None) -> OwnBuilder | None:
    """The builder that `--code` names for a run, on the scale of that run; None without it.

    Raises:
        InputError: the file cannot be run; or the run needs code, and none is named.
    """
    code = run.read_record().code
    if text is None:
        if code and code.own_layers:
            names = ascii(", ".join(code.own_layers))[1:-1][:100]
            raise InputError(
                f"{run.folder}: its model has code of its own ({names}), and code is run only if"
                f" the command line names it: add --code {OWN}"
            )
        return None
    builder = named(text, None)
    if builder is None:
        raise InputError(f"--code {text!a}: expected a file and a function, such as {OWN}")
    if code and code.scale:
        scale = code.scale
        return replace(builder, scale=own.InputScale(scale.name, scale.factor, scale.offset))
    return builder


def is_own(text: str) -> bool:
    """Whether `text` names the user's own file."""
    return own.named_on_command_line(text)


def require_named(
    recipe: Recipe, file: Path, builder: OwnBuilder | None, sha256: str | None
) -> None:
    """Refuse a recipe in a file that is for other code than the command line names.

    Args:
        sha256: of the code that the recipe is for; None if it is not stored.

    Raises:
        InputError: it is; the message says how to name the code, or that it was changed.
    """
    here = builder.name if builder else None
    if builder and here == recipe.model and sha256 not in (None, builder.sha256):
        raise InputError(
            f"{file}: is for other code in {here} (SHA-256 {ascii(sha256)[1:13]} then,"
            f" {(builder.sha256 or 'unknown')[:12]} now): restore that file, or search again"
        )
    if here == recipe.model or (here is None and not recipe.names_code):
        return
    there = ascii(recipe.model)[1:-1][:100]
    if here is None:
        raise InputError(
            f"{file}: its model is code, {there}, and code is run only if the command line names"
            f" it: fashion-nn train {OWN} --recipe {file}"
        )
    raise InputError(f"{file}: is a recipe of {there}, got {here}: name the code that it is for")


def note_on_loading(run: Run, text: str | None) -> None:
    """Say that the saved model will not load as a stranger's, if it has code of the user's own."""
    from fashion_nn import inference

    try:
        inference.check(run.model)
    except InputError as error:
        reason = str(error).removeprefix(f"{run.model}: ")
        console.note(f"{run.model} loads only with your code ({reason}); to evaluate it:")
        console.note(f"  fashion-nn evaluate {run.folder} --code {text or OWN}")
