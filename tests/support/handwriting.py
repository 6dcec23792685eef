"""Writes right code in one person's own way, and as somebody who copied it would.

The bank of answers has each answer once; people write it each in their own way. Here
the syntax tree of an answer is changed without changing what it computes: comparisons
turned round, results given a name first, conditional expressions written out, factors
exchanged, lines that look at something. Which of these, a person's own random numbers
decide. A copy has the same tree with other names.
"""

import ast
import builtins
import random

NAMES = (
    "alpha beta gamma delta kappa sigma omega theta lam mu nu xi rho tau phi".split()
)
TURNED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}


class Hand(ast.NodeTransformer):
    """One person's way to write.

    Parameters
    ----------
    draw : random.Random
        The person's own.
    """

    def __init__(self, draw):
        self.draw, self.named = draw, 0

    def likes(self, share=0.5):
        return self.draw.random() < share

    def visit_Compare(self, node):
        self.generic_visit(node)
        operator = type(node.ops[0])
        if len(node.ops) == 1 and operator in TURNED and self.likes():
            turned = TURNED[operator]()
            return ast.Compare(node.comparators[0], [turned], [node.left])
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and self.likes():
            node.left, node.right = node.right, node.left
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and self.likes():
            read = ast.Name(node.target.id, ast.Load())
            return ast.Assign([node.target], ast.BinOp(read, node.op, node.value))
        return node

    def visit_Return(self, node):
        self.generic_visit(node)
        value = node.value
        if isinstance(value, ast.IfExp) and self.likes(0.7):
            first, second = ast.Return(value.body), ast.Return(value.orelse)
            return ast.If(value.test, [first], [second])
        if value is None or isinstance(value, (ast.Name, ast.Constant)):
            return node
        return [*self.taken_apart(node), node]

    def visit_Assign(self, node):
        self.generic_visit(node)
        return [*self.taken_apart(node), node]

    def taken_apart(self, statement):
        """Give parts of a statement's value names of their own, before it."""
        before = []
        value = statement.value
        for _ in range(3):
            if not isinstance(value, (ast.Call, ast.BinOp, ast.Compare)):
                break
            if not self.likes(0.6):
                break
            self.named += 1
            name = f"step{self.named}"
            before.append(ast.Assign([ast.Name(name, ast.Store())], value))
            statement.value = value = ast.Name(name, ast.Load())
        if before and self.likes(0.3):
            look = ast.parse(f"print({self.draw.randint(1, 99)}, {name})").body[0]
            before.append(look)
        return before


def own(source, draw):
    """Return code as one person would write it."""
    tree = Hand(draw).visit(ast.parse(source))
    body = tree.body
    for _ in range(draw.randint(0, 2)):
        helper = ast.parse(
            f"def check{draw.randint(1, 99)}(a):\n    return a {draw.choice('+-*')} "
            f"{draw.randint(2, 99)}"
        ).body[0]
        body.insert(draw.randint(0, len(body)), helper)
    return ast.unparse(ast.fix_missing_locations(tree))


def renamed(source, draw):
    """Return code with other names and comments, and the rest as it was."""
    tree = ast.parse(source)
    local = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } - set(dir(builtins))
    names = {old: f"{draw.choice(NAMES)}_{number}" for number, old in enumerate(local)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    lines = ast.unparse(tree).splitlines()
    for _ in range(3):
        at = draw.randrange(len(lines) + 1)
        lines.insert(at, f"# {draw.choice(NAMES)} comes {draw.choice(NAMES)}")
    return "\n".join(lines)


def person(name):
    """Return the random numbers of a person."""
    return random.Random(f"hand of {name}")
