"""Small faults in source code: the rules that create them, and the draw of a sample from src/.

A fault is described by module, function and source text, without line numbers, which identifies it in later code too.
"""

import ast
import copy
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FITTING = "fit|training_rows|dedup|row_weights|sharding|callbacks|history_grafts|training|network|classifier"
PACKAGES = {
    "data": r"\w+",
    "features": r"\w+",
    "evaluation": r"\w+",
    "search": r"\w+",
    "models": FITTING,
}  # and modules
LEFT_OUT = {"src/evaluation/plots.py", "src/search/plots.py", "src/evaluation/config.py"}  # figures, renamed keys
RENAMED = "protocol."  # statements with it read keys that have other names in later code
OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
}  # fmt: skip
OTHER_NAME = {"min": "max", "minimum": "maximum", "argmin": "argmax", "any": "all", "floor": "ceil", "sorted": "list"}
OTHER_NAME |= {new: old for old, new in OTHER_NAME.items() if old != "sorted"}
NOT_CODE = (
    ast.Raise,
    ast.Assert,
    ast.JoinedStr,
    ast.Import,
    ast.ImportFrom,
)  # messages; imports change no result
NOT_FIELDS = {"annotation", "returns", "decorator_list", "bases", "type_params"}


@dataclass(frozen=True)
class Mutation:
    """A change of one expression or statement, described without line numbers.

    Attributes:
        module: Path of the module from the root of the project.
        function: Qualified name of the function or class; empty at the top of the module.
        operator: Name of the rule that made the change.
        statement: First line of the statement with the change.
        before: Source text that is replaced.
        after: Source text that replaces it.
        index: Position among changes of the function that are otherwise equal.
    """

    module: str
    function: str
    operator: str
    statement: str
    before: str
    after: str
    index: int = 0


def mutations(module: str, source: str) -> dict[Mutation, str]:
    """Map every mutation of a module's source to the mutated source."""
    seen: Counter[tuple[str, ...]] = Counter()
    result = {}
    for function, statement, operator, node, after in _changes(ast.parse(source), "", ""):
        names = (module, function, operator, statement, ast.unparse(node), after)
        result[Mutation(*names, index=seen[names])] = _replaced(source, node, after)
        seen[names] += 1
    return result


def _changes(node: ast.AST, function: str, statement: str) -> Iterator[tuple[str, str, str, ast.AST, str]]:
    if isinstance(node, NOT_CODE) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function, statement = f"{function}.{node.name}".lstrip("."), f"def {node.name}"
    elif isinstance(node, ast.stmt):
        statement = ast.unparse(node).splitlines()[0]
    for operator, old, new in _rules(node):
        yield function, statement, operator, old, new
    for field, value in ast.iter_fields(node):
        if field not in NOT_FIELDS:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _changes(child, function, statement)


def _rules(node: ast.AST) -> Iterator[tuple[str, ast.AST, str]]:
    """Yield the changes of a node itself: name of the rule, node to replace, source text that replaces it."""

    def changed(**fields: object) -> str:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return f"({ast.unparse(new)})"

    match node:
        case ast.Compare(ops=[op]) if type(op) in OPPOSITE:
            yield "comparison", node, changed(ops=[OPPOSITE[type(op)]()])
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPPOSITE:
            texts = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
            strings = [side for side in (left, right) if isinstance(getattr(side, "value", None), str)]
            if not strings and not isinstance(left, texts) and not isinstance(right, texts):
                yield "arithmetic", node, changed(op=OPPOSITE[type(op)]())
        case ast.BoolOp(op=op):
            yield "and/or", node, changed(op=OPPOSITE[type(op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield "not removed", node, f"({ast.unparse(node.operand)})"
        case ast.Constant(value=bool()):
            yield "constant", node, str(not node.value)
        case ast.Constant(value=int() | float()):
            yield "constant", node, str(node.value + 1)
        case ast.Call(func=ast.Name(id=name)) if name in OTHER_NAME:
            yield "other function", node.func, OTHER_NAME[name]
        case ast.Call(func=ast.Attribute(attr=name)) if name in OTHER_NAME:
            yield "other function", node.func, f"({ast.unparse(node.func.value)}).{OTHER_NAME[name]}"
        case ast.Call(keywords=keywords) if any(ast.unparse(one) == "kind='stable'" for one in keywords):
            yield "order", node, changed(keywords=[one for one in keywords if one.arg != "kind"])
        case ast.Slice(lower=lower, upper=upper):
            for bound in filter(None, (lower, upper)):
                yield "slice", bound, f"({ast.unparse(bound)} + 1)"
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield "no result", node, "return None"
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield "statement removed", node, "pass"
    tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, "test", None)]
    yield from (("condition", test, f"(not ({ast.unparse(test)}))") for test in tests if test)


def _replaced(source: str, node: ast.AST, text: str) -> str:
    lines = source.encode().splitlines(keepends=True)  # offsets of syntax trees count bytes
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    return (source.encode()[:start] + text.encode() + source.encode()[end:]).decode()


def draw(root: Path, seed: int, count: int) -> list[Mutation]:
    """Draw a sample, spread over the packages and within a package over its modules and the rules."""
    generator = random.Random(seed)
    sample = []
    for number, (package, pattern) in enumerate(PACKAGES.items()):
        paths = [one for one in sorted((root / "src" / package).rglob("*.py")) if re.fullmatch(pattern, one.stem)]
        texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}
        found = (one for module in sorted(texts.keys() - LEFT_OUT) for one in mutations(module, texts[module]))
        left = [one for one in found if RENAMED not in one.statement]
        generator.shuffle(left)
        uses: Counter[str] = Counter()
        for _ in range(count // len(PACKAGES) + (number < count % len(PACKAGES))):
            drawn = min(left, key=lambda one: uses[one.module] + uses[one.operator])
            left.remove(drawn)
            sample.append(drawn)
            uses.update((drawn.module, drawn.operator))
    return sample
