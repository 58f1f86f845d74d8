"""Claims about formulas: the printed one is parsed and compared with the right one, or evaluated."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fashion_nn.ledger import figures
from fashion_nn.ledger.findings import DIFFERS, Check, Claim, Finding, statement, worst

if TYPE_CHECKING:
    from sympy import Expr

_SYMBOL = re.compile(r"[A-Za-z]+_?[a-z]?\d*'?")
_FUNCTIONS = ("tanh", "exp", "log")


def parse(text: str) -> "Expr":
    """A printed formula: factors stand side by side, braces and |z| as in mathematics.

    Symbols are letters with a number (w12, x1, b') or single words (yhat). `e^` is the exponential, `sigma`(z) the
    logistic function, written without its argument it is one of z.
    """
    import sympy

    text = text.replace("{", "(").replace("}", ")").replace("^", "**").replace("²", "**2")
    text = re.sub(r"\|(\w+)\|", r"Abs(\1)", text)
    text = re.sub(r"\be\*\*(?:\((-?z)\)|(-?z))", lambda m: f"exp({m[1] or m[2]})", text)
    text = re.sub(r"\btanh\*\*2\(z\)", "tanh(z)**2", text)
    text = re.sub(r"\bsigma(?:\(z\))?", "(sigma_z)", text)
    text = re.sub(r"(?<=[0-9])(?=[a-zA-Z(])", "*", text)  # w11x1, 2(3)
    text = re.sub(r"(?<=[)])(?=[\w(])", "*", text)  # (a + b)(c + d)
    text = re.sub(r"(?<=[\w)]) +(?=[A-Za-z(])", "*", text)
    text = re.sub(r"\b([A-Za-z]\w*)\(", lambda m: m[0] if m[1] in (*_FUNCTIONS, "Abs") else f"{m[1]}*(", text)
    names = {name: sympy.Symbol(name, real=True) for name in _SYMBOL.findall(text) if name not in (*_FUNCTIONS, "Abs")}
    logistic = 1 / (1 + sympy.exp(-sympy.Symbol("z", real=True)))
    names |= {"sigma_z": logistic, "exp": sympy.exp, "tanh": sympy.tanh, "Abs": sympy.Abs}
    return sympy.sympify(text, locals=names)


def expression(right: Callable[[], Any], *, evidence: str = "") -> Check:
    """Whether each printed expression (divided by `;`, after `=` if there is one) is equal to the right one.

    Args:
        right: the right expressions, as SymPy or as text.
    """

    def check(claim: Claim) -> Finding:
        import sympy

        wanted = right()
        wanted = list(wanted) if isinstance(wanted, tuple | list) else [wanted]
        words = [str(one) for one in wanted]
        wanted = [parse(one) if isinstance(one, str) else _real(one) for one in wanted]
        try:
            printed = [parse(part.partition("=")[2] or part) for part in claim.quoted.split(";")]
        except (sympy.SympifyError, SyntaxError, TypeError, AttributeError):
            return Finding(DIFFERS, words, "the printed line is no expression", evidence=evidence)
        same = len(printed) == len(wanted) and all(_equal(a, b) for a, b in zip(printed, wanted, strict=True))
        shown = words[0] if len(words) == 1 else words
        slip = "" if same else "; ".join(filter(None, map(_difference, printed, wanted)))
        why = "" if same else f"right is {'; '.join(words)}"
        return statement(same, shown, why, slip=slip, evidence=evidence)

    return check


def _real(expression: "Expr") -> "Expr":
    import sympy

    return expression.subs({symbol: sympy.Symbol(symbol.name, real=True) for symbol in expression.free_symbols})


def _equal(one: "Expr", other: "Expr") -> bool:
    """Equal as functions: simplified, or at points that no coincidence meets."""
    import sympy

    if sympy.simplify(one - other) == 0:
        return True
    names = sorted((one - other).free_symbols, key=str)
    at = [{name: sympy.Rational(3 * i + 7 * k + 2, 5) for k, name in enumerate(names)} for i in range(-3, 4)]
    return all(abs(sympy.N((one - other).subs(point))) < 1e-12 for point in at)


def _difference(printed: "Expr", right: "Expr") -> str:
    """Which monomials are exchanged: for polynomials the ones that do not belong, and the ones missing."""
    import sympy

    have, want = (set(sympy.Add.make_args(sympy.expand(one))) for one in (printed, right))
    extra, missing = (sorted(map(str, terms)) for terms in (have - want, want - have))
    if not extra or not missing or max(len(extra), len(missing)) > 12:
        return ""
    swaps = set()
    for wrong in have - want:
        near = [wrong.free_symbols ^ other.free_symbols for other in want - have]
        for pair in (pair for pair in near if len(pair) == 2):
            wrong_one = next(iter(pair & wrong.free_symbols), None)
            right_one = next(iter(pair - wrong.free_symbols), None)
            if wrong_one is not None and right_one is not None:
                swaps.add(f"{wrong_one} in place of {right_one}")
                break
    listed = f"{', '.join(extra)} printed where {', '.join(missing)} belongs"
    return f"wrong index: {', '.join(sorted(swaps))} ({listed})" if swaps else listed


def arithmetic(
    value: Callable[[], float], *, mend: Callable[[str], tuple[str, str]] | None = None, evidence: str = ""
) -> Check:
    """A line `sum = result`: the sum as printed, its printed result, and the right value of the term.

    Args:
        mend: the line with the operand put right, and what was wrong in words; named when it then holds.
    """

    def check(claim: Claim) -> Finding:
        left, result = re.split(r"=|->", claim.quoted)
        summed, (printed,) = float(parse(left)), figures.read(result)
        right = value()
        verdict = worst([printed.against(summed), printed.against(right)])
        measured = right if verdict != DIFFERS else {"the sum as printed": summed, "the term": right}
        slip = ""
        if verdict == DIFFERS and mend:
            mended, words = mend(left)
            slip = words if printed.against(float(parse(mended))) != DIFFERS else ""
        why = "" if verdict != DIFFERS else f"the printed sum comes to {summed:.6g}, the term is {right:.6g}"
        return Finding(verdict, measured, why, slip, evidence)

    return check
