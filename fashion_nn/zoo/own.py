"""A model of the user's own: a function that builds it, loaded from a file or passed from Python.

The function is `build(*, image_shape, classes, **options) -> keras.Model`. Its other keyword
arguments are the options of the model. It returns a model of probabilities, float (n, classes),
for pixels 0..255 of shape (n, *image_shape); the model may be compiled, and its optimizer and loss
are then used. `fashion_nn.zoo.adapting` turns it into a model that keeps the contract of the zoo.

Code runs only because the user has named it on the command line or passed it from Python. What a
run keeps of it is evidence, and is never run.
"""

import hashlib
import inspect
import re
import sys
import traceback
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn.core.reading import read_text
from fashion_nn.errors import InputError
from fashion_nn.zoo import kinds, registry
from fashion_nn.zoo.spaces import Choices

if TYPE_CHECKING:
    import keras

FUNCTION = "build"
"""Name of the function if the command line names a file only."""
SPACE = "space"
"""Name of the function in the same file that declares what a search varies."""
_NAMED = re.compile(r"(?P<path>.+\.py)(?::(?P<function>[^:/\\]*))?")
_GIVEN = ("name", "image_shape", "classes")
_MOST_BYTES = 1 << 20
_MODULE = "fashion_nn_own_"
_FROM_PYTHON = "python"


@dataclass(frozen=True, slots=True)
class InputScale:
    """What a model takes in place of a pixel p of 0 to 255: `factor * p + offset`.

    name: as `--scale` takes it.
    """

    name: str
    factor: float
    offset: float


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A function in a file, as one process tells another: no code, only where it is and its
    checksum.

    path: of the file, absolute.
    sha256: of the file; another file at `path` is refused.
    """

    path: str
    function: str
    sha256: str
    scale: InputScale | None = None

    def load(self) -> "OwnBuilder":
        """Run the file, and return the builder in it.

        Raises:
            InputError: the file was changed or cannot be run; see `load`.
        """
        return replace(load(Path(self.path), self.function, sha256=self.sha256), scale=self.scale)


@dataclass(frozen=True, eq=False)
class OwnBuilder:
    """A function that builds a model, with what is known of it.

    Attributes:
        name: how recipes and runs name it, such as `my_net.py:build`.
        function: the builder.
        path: the file that it is in; None if it is in none.
        source: the text of that file, or of the function alone; None if it is unknown.
        scale: of the numbers that the model takes; None for raw pixels.
        search_space: the function `space(hp)` beside it, if there is one.
    """

    name: str
    function: "Callable[..., keras.Model]"
    path: Path | None = None
    source: str | None = None
    scale: InputScale | None = None
    search_space: Callable[[Any], Any] | None = None

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the source, hexadecimal; None without a source."""
        return None if self.source is None else _sha256(self.source)

    @property
    def code(self) -> OwnCode:
        """What another process needs to load the same function.

        Raises:
            InputError: it is in no file.
        """
        if self.path is None or self.source is None:
            raise InputError(
                f"{self.name}: is in no file, and other processes have to load it: write it to a"
                " file such as my_net.py, and name my_net.py:build"
            )
        return OwnCode(
            str(self.path), self.function.__name__, _sha256(self.source), scale=self.scale
        )

    @property
    def options(self) -> Mapping[str, Any]:
        """Option of the model → its default; `inspect.Parameter.empty` if it has none."""
        parameters = _parameters(self.function)
        return {
            name: parameter.default
            for name, parameter in parameters.items()
            if name not in _GIVEN and parameter.kind is not parameter.VAR_KEYWORD
        }

    @property
    def space(self) -> Mapping[str, Choices]:
        """Option → the values that its annotation, or `@register`, lets a search try."""
        entry = registry.registered(self.function)
        if entry:
            return entry.space
        found = {
            name: kinds.choices(kind)
            for name, kind in _kinds(self.function).items()
            if name in self.options
        }
        return {name: choices for name, choices in found.items() if choices is not None}

    def require_options(self, options: Mapping[str, Any]) -> None:
        """Refuse options that the function does not take, or whose values its annotations exclude.

        Raises:
            InputError: there is such an option, or one without a default is missing.
        """
        known = self.options
        open_ended = any(
            each.kind is each.VAR_KEYWORD for each in _parameters(self.function).values()
        )
        annotated = _kinds(self.function)
        for key, value in options.items():
            if key not in known and not open_ended:
                listed = f"expected one of {', '.join(known)}" if known else "it has none"
                raise InputError(f"{self.name} has no option {key!r}: {listed}")
            kinds.require(self.name, key, value, annotated.get(key))
        for key, default in known.items():
            if default is inspect.Parameter.empty and key not in options:
                raise InputError(
                    f"{self.name}: the option {key!r} has no default: give it with"
                    f" --set options.{key}=..."
                )

    def call(
        self, image_shape: tuple[int, ...], classes: int, options: Mapping[str, Any]
    ) -> "keras.Model":
        """The model as the function returns it, unchecked.

        Raises:
            InputError: the function raises, or returns no model; the line names the user's line.
        """
        given: dict[str, object] = {"image_shape": image_shape, "classes": classes, **options}
        if "name" in _parameters(self.function):
            given["name"] = self.function.__name__.replace("_", "-")
        import keras

        with self.explained():
            model = self.function(**given)
        if not isinstance(model, keras.Model):
            raise InputError(
                f"{self.place}: {self.function.__name__} returned"
                f" {'None' if model is None else type(model).__name__}, expected a keras.Model"
            )
        return model

    @property
    def place(self) -> str:
        """The file and the line at which the function begins, as the start of a message."""
        return _place(self.path, self.name, _first_line(self.function))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the user's code raises into one line that names its file and line.

        Raises:
            InputError: something was raised.
        """
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            line = _line_in(error, self.path) or _first_line(self.function)
            raise InputError(_message(_place(self.path, self.name, line), error)) from None


def named_on_command_line(text: str | None) -> bool:
    """Whether `text` names a Python file, such as `my_net.py` or `my_net.py:build`."""
    return text is not None and _NAMED.fullmatch(text) is not None


def from_command_line(text: str) -> OwnBuilder:
    """The builder that a user has named as `my_net.py:build`; `my_net.py` means the same.

    Raises:
        InputError: see `load`.
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        raise InputError(f"{text!a}: expected a file and a function, such as my_net.py:build")
    return load(Path(found["path"]), found["function"] or FUNCTION)


def load(path: Path, function: str, *, sha256: str | None = None) -> OwnBuilder:
    """Run the file `path`, and return the builder of this name in it.

    The text that is run is the text that the checksum is of. The folder of the file is the last
    place from which modules are imported, and only while the file is run.

    Args:
        sha256: that the file must have; None for any.

    Raises:
        InputError: the file cannot be read or run, has another checksum, or no such function.
    """
    expected = "expected a Python file with a function that builds the model"
    source = read_text(path, expected=expected, most=_MOST_BYTES, follow_links=True)
    path = path.resolve()
    if sha256 is not None and _sha256(source) != sha256:
        raise InputError(changed(path.name, sha256, _sha256(source)))
    module = _run(path, source)
    found = getattr(module, function, None)
    if not inspect.isfunction(found):
        others = [name for name, each in vars(module).items() if _is_builder(each, module)]
        known = f": it has {', '.join(others)}" if others else ""
        raise InputError(f"{path.name}: has no function {function!a}{known}: name it after a colon")
    space = getattr(module, SPACE, None)
    builder = OwnBuilder(
        name=f"{path.name}:{function}",
        function=found,
        path=path,
        source=source,
        search_space=space if inspect.isfunction(space) else None,
    )
    _require_signature(builder)
    return builder


def of_function(function: "Callable[..., keras.Model]") -> OwnBuilder:
    """The builder that is passed from Python; its source is kept if Python knows it.

    Raises:
        InputError: it does not take `image_shape` and `classes`.
    """
    name = getattr(function, "__name__", type(function).__name__)
    file = inspect.getsourcefile(function) if inspect.isfunction(function) else None
    path = Path(file).resolve() if file and Path(file).is_file() else None
    source: str | None = None
    if path:
        source = read_text(path, expected="expected a Python file", follow_links=True)
    elif inspect.isfunction(function):
        with _unknown_source():
            source = inspect.getsource(function)
    stem = path.name if path else _FROM_PYTHON
    builder = OwnBuilder(name=f"{stem}:{name}", function=function, path=path, source=source)
    _require_signature(builder)
    return builder


def of_model(model: "keras.Model") -> OwnBuilder:
    """A builder of copies of `model`, with its weights; compiled as it is, if it is compiled."""
    import keras

    def build(*, image_shape: tuple[int, ...], classes: int) -> keras.Model:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        if model.compiled:
            optimizer = model.optimizer
            copy.compile(type(optimizer).from_config(optimizer.get_config()), model.loss)
        return copy

    return OwnBuilder(name=f"{_FROM_PYTHON}:{model.name}", function=build)


def changed(file: str, before: str | None, now: str | None) -> str:
    """The message that a file is not the one that began a training or a search."""
    return (
        f"{file}: is not the code that this was begun with (SHA-256 {(before or 'unknown')[:12]}"
        f" then, {(now or 'unknown')[:12]} now): restore it, or choose another --out"
    )


def _sha256(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def _run(path: Path, source: str) -> types.ModuleType:
    """The module that the text gives when it is run."""
    module = types.ModuleType(f"{_MODULE}{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    folder = str(path.parent)
    before = list(sys.path)
    sys.path.append(folder)
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except InputError:
        raise
    except SyntaxError as error:
        line = error.lineno if error.filename == str(path) else None
        raise InputError(_message(_place(path, path.name, line), error)) from None
    except Exception as error:
        raise InputError(_message(_place(path, path.name, _line_in(error, path)), error)) from None
    finally:
        sys.path[:] = before
    return module


def _require_signature(builder: OwnBuilder) -> None:
    parameters = _parameters(builder.function).values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    by_keyword = {each.name for each in parameters if each.kind is not each.POSITIONAL_ONLY}
    for name in ("image_shape", "classes"):
        if name not in by_keyword:
            raise InputError(
                f"{builder.place}: {builder.name} takes no {name!r}: expected"
                " build(*, image_shape, classes, **options)"
            )


def _is_builder(value: object, module: types.ModuleType) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def _kinds(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Parameter → its annotation; empty where the annotations cannot be evaluated."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # an annotation may name what is imported for type checkers only
        return {}


def _first_line(function: Callable[..., Any]) -> int | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    line: int | None = getattr(code, "co_firstlineno", None)
    return line


def _line_in(error: BaseException, path: Path | None) -> int | None:
    """The last line of the file `path` in the traceback of `error`."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if path and frame.filename == str(path)]
    return lines[-1] if lines else None


def _place(path: Path | None, name: str, line: int | None) -> str:
    file = path.name if path else name
    return f"{file}, line {line}" if line else file


def _message(place: str, error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = " ".join(said.split())[:300]
    return ": ".join(filter(None, (place, type(error).__name__, text)))


@contextmanager
def _unknown_source() -> Iterator[None]:
    """Go on without the source of a function that Python does not know."""
    try:
        yield
    except (OSError, TypeError):
        return
