"""Claims about formulas: the printed one is parsed, and compared or evaluated."""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fashion_nn.core.strict_json import Json
from fashion_nn.ledger import quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, Slip, Verdict, worst

if TYPE_CHECKING:
    from sympy import Expr, Symbol

_SYMBOL = re.compile(r"[A-Za-z]+_?[a-z]?\d*'?")
_FUNCTIONS = ("tanh", "exp", "log", "Abs")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 1000
_HIGHEST_POWER = 20
_EQUAL = "the printed expression equals the right one as a function"
_UNEQUAL = "a point at which the two differ"
_MOST_TERMS = 12  # more terms in a difference than these explain nothing
Mend = Callable[[str], tuple[str, str]]
"""From the printed line to the line with one operand put right, and what was wrong in words."""


class FormulaError(ValueError):
    """A text is no formula."""


def parse(text: str) -> "Expr":
    """A printed formula: factors stand side by side, braces and |z| as in mathematics.

    Symbols are letters with a number (w12, x1) or single words (yhat). `e^` is the exponential
    function and `sigma(z)` the logistic function; `sigma` without its argument is that of z.

    Raises:
        FormulaError: it is something else.
    """
    import sympy

    if len(text) > _LONGEST:
        raise FormulaError(f"a formula of {len(text)} characters")
    text = _with_operators(text)
    names: dict[str, Expr] = {
        name: real(name) for name in _SYMBOL.findall(text) if name not in _FUNCTIONS
    }
    names["sigma_z"] = 1 / (1 + sympy.exp(-real("z")))
    try:
        return _value(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError, KeyError) as error:
        raise FormulaError(f"{text[:60]!a} is no formula: {error}") from None


def _value(node: ast.expr, names: Mapping[str, "Expr"]) -> "Expr":
    """A part of a formula. Only arithmetic is known, so no text can run code."""
    import sympy

    match node:
        case ast.Constant(value=bool()):
            raise FormulaError("a truth value")
        case ast.Constant(value=int() as whole):
            return sympy.Integer(whole)
        case ast.Constant(value=float() as number):
            return sympy.Float(repr(number))
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, names), _value(right, names))
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATIONS:
            return _OPERATIONS[type(kind)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return getattr(sympy, name)(_value(argument, names))
    raise FormulaError(f"{type(node).__name__} is no arithmetic")


def _power(base: "Expr", exponent: "Expr") -> "Expr":
    if base.is_number and exponent.is_number and abs(exponent) > _HIGHEST_POWER:
        raise FormulaError("a power that is too high")
    return base**exponent


def _with_operators(text: str) -> str:
    """The formula with every product and power written as Python writes it."""
    text = text.replace("{", "(").replace("}", ")").replace("^", "**").replace("²", "**2")
    text = re.sub(r"\|(\w+)\|", r"Abs(\1)", text)
    text = re.sub(r"\be\*\*(?:\((-?z)\)|(-?z))", lambda m: f"exp({m[1] or m[2]})", text)
    text = re.sub(r"\btanh\*\*2\(z\)", "tanh(z)**2", text)
    text = re.sub(r"\bsigma(?:\(z\))?", "(sigma_z)", text)
    text = re.sub(r"(?<=[0-9])(?=[a-zA-Z(])", "*", text)  # w11x1, 2(3)
    text = re.sub(r"(?<=[)])(?=[\w(])", "*", text)  # (a + b)(c + d)
    text = re.sub(r"(?<=[\w)]) +(?=[A-Za-z(])", "*", text)
    return re.sub(r"\b([A-Za-z]\w*)\(", _call_or_product, text)


def _call_or_product(match: re.Match[str]) -> str:
    return match[0] if match[1] in _FUNCTIONS else f"{match[1]}*("


def real(name: str) -> "Symbol":
    """The SymPy symbol of a real number."""
    import sympy

    return sympy.Symbol(name, real=True)


def with_real_symbols(expression: "Expr") -> "Expr":
    """The same expression, with each of its symbols standing for a real number."""
    return expression.subs({symbol: real(symbol.name) for symbol in expression.free_symbols})


def expression(right: Callable[[], Any], *, evidence: str = "") -> Check:
    """Whether each printed expression (divided by `;`, after `=` if there is one) equals the right
    one.

    Args:
        right: the right expression, or a list of them, as SymPy or as text.
    """

    def judge(claim: Claim) -> Finding:
        found = right()
        found = list(found) if isinstance(found, tuple | list) else [found]
        words = [str(one) for one in found]
        wanted = [parse(one) if isinstance(one, str) else with_real_symbols(one) for one in found]
        try:
            ours = [parse(part.partition("=")[2] or part) for part in claim.quoted.split(";")]
        except FormulaError:
            why = "the printed line is no expression"
            return Finding(Verdict.DIFFERS, words, why, evidence=evidence, criterion=_EQUAL, n=1)
        return _compared(ours, wanted, words).finding(evidence)

    return Check(judge)


def _compared(ours: list["Expr"], wanted: list["Expr"], words: list[str]) -> Outcome:
    measured: Json = words[0] if len(words) == 1 else words
    same = len(ours) == len(wanted) and all(_equal(a, b) for a, b in zip(ours, wanted, strict=True))
    n = len(wanted)
    if same:
        return Outcome(True, measured, _EQUAL, _UNEQUAL, n=n)
    differences = list(filter(None, map(_difference, ours, wanted)))
    # The difference is computed from both expressions, so it gives what is printed.
    slip = Slip("; ".join(differences), shown=True) if differences else None
    return Outcome(False, measured, _EQUAL, _UNEQUAL, f"right is {'; '.join(words)}", slip, n)


def _equal(one: "Expr", other: "Expr") -> bool:
    """Equal as functions: simplified, or at points where they would not meet by coincidence."""
    import sympy

    difference = one - other
    if sympy.simplify(difference) == 0:
        return True
    names = sorted(difference.free_symbols, key=str)
    points = (
        {name: sympy.Rational(3 * i + 7 * k + 2, 5) for k, name in enumerate(names)}
        for i in range(-3, 4)
    )
    return all(abs(sympy.N(difference.subs(point))) < 1e-12 for point in points)


def _difference(ours: "Expr", right: "Expr") -> str:
    """Which monomials are exchanged: for polynomials, the ones that do not belong and the ones that
    are missing.
    """
    import sympy

    have = set(sympy.Add.make_args(sympy.expand(ours)))
    want = set(sympy.Add.make_args(sympy.expand(right)))
    extra = sorted(map(str, have - want))
    missing = sorted(map(str, want - have))
    if not extra or not missing or max(len(extra), len(missing)) > _MOST_TERMS:
        return ""
    swaps = sorted(set(_swaps(have - want, want - have)))
    listed = f"{', '.join(extra)} printed where {', '.join(missing)} belongs"
    return f"wrong index: {', '.join(swaps)} ({listed})" if swaps else listed


def _swaps(extra: set["Expr"], missing: set["Expr"]) -> Iterator[str]:
    """For each monomial that does not belong, the symbol that stands in the place of another."""
    for wrong in extra:
        for right in missing:
            pair = wrong.free_symbols ^ right.free_symbols
            printed_ones = pair & wrong.free_symbols
            right_ones = pair - wrong.free_symbols
            if len(pair) == 2 and printed_ones and right_ones:
                yield f"{next(iter(printed_ones))} in place of {next(iter(right_ones))}"
                break


def arithmetic(
    value: Callable[[], float], *, mend: Mend | None = None, evidence: str = ""
) -> Check:
    """A line `sum = result`: the sum as printed, its printed result, and the right value of the
    term.

    Args:
        value: the right value of the term.
        mend: puts an operand right; what was wrong is named if the line holds then.
    """

    def judge(claim: Claim) -> Finding:
        left, result = re.split(r"=|->", claim.quoted)
        summed = float(parse(left))
        (number,) = quotations.read(result)
        right = value()
        verdict = worst([number.against(summed), number.against(right)])
        words = "the printed sum and the right term both have the printed value"
        turns = quotations.turning([number])
        if verdict != Verdict.DIFFERS:
            return Finding(verdict, right, "", None, evidence, words, turns, n=2)
        measured = {"the sum as printed": summed, "the term": right}
        why = f"the printed sum comes to {summed:.6g}, the term is {right:.6g}"
        slip = _mended(left, number, mend)
        return Finding(verdict, measured, why, slip, evidence, words, turns, n=2)

    return Check(judge)


def _mended(left: str, number: quotations.PrintedNumber, mend: Mend | None) -> Slip | None:
    """What was wrong in the line, if the sum put right gives the printed result."""
    if mend is None:
        return None
    line, words = mend(left)
    value = float(parse(line))
    holds = number.against(value) != Verdict.DIFFERS
    return Slip(words, shown=True, gives=value) if holds else None
