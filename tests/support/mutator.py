"""Small changes to a piece of code, each of which should make a test fail.

A mutant differs from the code by one change of the kind that people make: another
operator or comparison, a constant that is a little off, a condition turned round, a
statement or a keyword argument left out, arguments exchanged, a slice off by one,
nothing returned. What cannot change a value is left alone: docstrings, annotations,
imports and what an exception says.

mutmut and cosmic-ray do this for a project of modules under pytest, and write each
mutant to disk for a run of its own; a solution is one cell of a notebook, whose tests
are cells, so that here 300 lines are less than what would adapt them.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

#: What stands for what, by the operator's class.
OPERATORS = {
    ast.Add: ("+", ["-"]),
    ast.Sub: ("-", ["+"]),
    ast.Mult: ("*", ["/"]),
    ast.Div: ("/", ["*"]),
    ast.FloorDiv: ("//", ["/"]),
    ast.Mod: ("%", ["*"]),
    ast.Pow: ("**", ["*"]),
    ast.BitAnd: ("&", ["|"]),
    ast.BitOr: ("|", ["&"]),
    ast.And: ("and", ["or"]),
    ast.Or: ("or", ["and"]),
    # The edge, and the other side.
    ast.Lt: ("<", ["<=", ">="]),
    ast.LtE: ("<=", ["<", ">"]),
    ast.Gt: (">", [">=", "<="]),
    ast.GtE: (">=", [">", "<"]),
    ast.Eq: ("==", ["!="]),
    ast.NotEq: ("!=", ["=="]),
    ast.Is: ("is", ["is not"]),
    ast.IsNot: ("is not", ["is"]),
    ast.In: ("in", ["not in"]),
    ast.NotIn: ("not in", ["in"]),
}
#: Functions and methods that are taken for one another.
TWINS = {
    **{"min": "max", "any": "all", "first": "last", "head": "tail", "floor": "ceil"},
    **{"minimum": "maximum", "nanmin": "nanmax", "argmin": "argmax"},
    **{"idxmin": "idxmax", "cummin": "cummax", "ffill": "bfill", "log": "log10"},
    **{"mean": "median", "std": "var", "sum": "mean", "lower": "upper"},
}
TWINS |= {
    "max": "min", "all": "any", "last": "first", "tail": "head", "ceil": "floor",
    "maximum": "minimum", "nanmax": "nanmin", "argmax": "argmin",
    "idxmax": "idxmin", "cummax": "cummin", "bfill": "ffill", "log10": "log",
    "log2": "log", "median": "mean", "var": "std", "upper": "lower",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A piece of code with one change.

    Parameters
    ----------
    before, after : str
        The changed lines, before and after, without needless space.
    number : int
        Counts mutants that read alike, from 1.
    source : str
        The whole code, changed.
    """

    before: str
    after: str
    number: int
    source: str


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of a piece of code, each once, in the order of its lines."""
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    seen, alike, made = {source}, Counter(), []
    edits = sorted(_Editor(data, starts).edits(ast.parse(source)))
    for begin, end, new in edits:
        changed = (data[:begin] + new + data[end:]).decode()
        if changed in seen or not _compiles(changed):
            continue
        seen.add(changed)
        # The lines that the change touches.
        first = data.rfind(b"\n", 0, begin) + 1
        last = data.find(b"\n", end) if b"\n" in data[end:] else len(data)
        before = _plain(data[first:last])
        after = _plain(data[first:begin] + new + data[end:last])
        alike[before, after] += 1
        made.append(Mutant(before, after, alike[before, after], changed))
    return made


def _plain(lines: bytes) -> str:
    return re.sub(r"\s+", " ", lines.decode()).strip()


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that 0 is no object to ask for with `is`
            compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


#: A change: from this byte to that one there stands something else.
Edit = tuple[int, int, bytes]


class _Editor:
    """Finds the changes in a piece of code."""

    def __init__(self, data: bytes, starts: list[int]):
        self.data = data
        self.starts = starts

    def edits(self, tree: ast.AST) -> Iterator[Edit]:
        """Yield all changes below a node."""
        for node in _mutable(tree):
            if isinstance(node, ast.stmt):
                yield from self._statement(node)
            for kind, change in {
                ast.BinOp: self._binary,
                ast.AugAssign: self._augmented,
                ast.BoolOp: self._boolean,
                ast.Compare: self._comparison,
                ast.UnaryOp: self._unary,
                ast.Constant: self._constant,
                ast.Call: self._call,
                ast.Slice: self._slice,
                (ast.If, ast.While, ast.IfExp): self._condition,
                ast.comprehension: self._filters,
            }.items():
                if isinstance(node, kind):
                    yield from change(node)

    # -- places

    def _begin(self, node: ast.AST) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.AST) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.AST) -> bytes:
        return self.data[self._begin(node) : self._end(node)]

    def _instead(self, node: ast.AST, new: bytes | str) -> Edit:
        new = new.encode() if isinstance(new, str) else new
        return self._begin(node), self._end(node), new

    def _between(
        self, left: ast.AST, right: ast.AST, operator: ast.AST
    ) -> Iterator[Edit]:
        """Yield the other operators for the one between two operands."""
        if type(operator) not in OPERATORS:
            return
        old, others = OPERATORS[type(operator)]
        begin = self.data.index(old.encode(), self._end(left), self._begin(right))
        for other in others:
            yield begin, begin + len(old), other.encode()

    # -- expressions

    def _binary(self, node: ast.BinOp) -> Iterator[Edit]:
        yield from self._between(node.left, node.right, node.op)

    def _augmented(self, node: ast.AugAssign) -> Iterator[Edit]:
        yield from self._between(node.target, node.value, node.op)

    def _boolean(self, node: ast.BoolOp) -> Iterator[Edit]:
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._between(left, right, node.op)

    def _comparison(self, node: ast.Compare) -> Iterator[Edit]:
        operands = [node.left, *node.comparators]
        for place, operator in enumerate(node.ops):
            yield from self._between(operands[place], operands[place + 1], operator)

    def _unary(self, node: ast.UnaryOp) -> Iterator[Edit]:
        yield self._instead(node, self._text(node.operand))

    def _constant(self, node: ast.Constant) -> Iterator[Edit]:
        value = node.value
        if isinstance(value, bool):
            yield self._instead(node, str(not value))
        elif isinstance(value, int):
            yield self._instead(node, str(value + 1))
            yield self._instead(node, str(value - 1))
        elif isinstance(value, float):
            # A tenth more and less; a tolerance is a power of ten.
            by = 1.1 if abs(value) >= 1e-4 or not value else 1000
            yield self._instead(node, f"{value * by or 0.1:.6g}")
            yield self._instead(node, f"{value / by or -0.1:.6g}")
        elif isinstance(value, str):
            yield self._instead(node, repr(f"{value}x"))
        elif value is None:
            yield self._instead(node, "0")

    def _call(self, node: ast.Call) -> Iterator[Edit]:
        named = node.func
        if isinstance(named, ast.Attribute) and named.attr in TWINS:
            end = self._end(named)
            yield end - len(named.attr), end, TWINS[named.attr].encode()
        elif isinstance(named, ast.Name) and named.id in TWINS:
            yield self._instead(named, TWINS[named.id])
        for left, right in zip(node.args, node.args[1:], strict=False):
            gap = self.data[self._end(left) : self._begin(right)]
            swapped = self._text(right) + gap + self._text(left)
            yield self._begin(left), self._end(right), swapped
        everything = [*node.args, *node.keywords]
        for place, keyword in enumerate(everything):
            if not isinstance(keyword, ast.keyword):
                continue
            if place:
                begin, end = self._end(everything[place - 1]), self._end(keyword)
            elif len(everything) > 1:
                begin, end = self._begin(keyword), self._begin(everything[1])
            else:
                begin, end = self._begin(keyword), self._end(keyword)
            yield begin, end, b""

    def _slice(self, node: ast.Slice) -> Iterator[Edit]:
        for end in (node.lower, node.upper):
            if end is not None and not isinstance(end, ast.Constant):
                yield self._instead(end, self._text(end) + b" + 1")
                yield self._instead(end, self._text(end) + b" - 1")
        if node.lower is None:
            yield self._begin(node), self._begin(node), b"1"
        if node.upper is None and node.step is None:
            yield self._end(node), self._end(node), b"-1"

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> Iterator[Edit]:
        yield self._instead(node.test, b"not (" + self._text(node.test) + b")")

    def _filters(self, node: ast.comprehension) -> Iterator[Edit]:
        for test in node.ifs:
            yield self._instead(test, b"not (" + self._text(test) + b")")

    # -- statements

    def _statement(self, node: ast.stmt) -> Iterator[Edit]:
        if isinstance(node, ast.Return):
            if node.value is not None:
                yield self._instead(node, b"return None")
        elif isinstance(node, ast.Break | ast.Continue):
            other = b"continue" if isinstance(node, ast.Break) else b"break"
            yield self._instead(node, other)
            yield self._instead(node, b"pass")
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Pass):
            yield self._instead(node, b"pass")


def _mutable(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes whose change can change a value."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue  # a docstring
        if isinstance(child, ast.Raise):
            # That it is raised counts, not what it says.
            yield child
            continue
        if child is getattr(tree, "annotation", None):
            continue
        if child is getattr(tree, "returns", None):
            continue
        yield from _mutable(child)
