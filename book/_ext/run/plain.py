"""A notebook of the book as a notebook for everybody: nothing in it needs the book.

In Jupyter nothing stands for the book's roles and directives. In the copy their place
is taken by what the page shows: numbers, references, terms; a question of the page is a
quotation, its answer folded. The cells that keep numbers for the text are left out.
"""

from __future__ import annotations

import ast
import functools
import re
import symtable
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import nbformat
from selfcheck import shown_order
from truth import printed

#: A number is kept for the text by this function, imported in the setup cell.
KEEPS = "glue"
IMPORT = re.compile(rf"^from myst_nb import {KEEPS}\n", re.MULTILINE)
#: The cells that the page leaves out hold nothing else.
UNSEEN = "remove-cell"

ROLE = re.compile(r"\{(?P<role>[a-z:-]+)\}`(?P<text>[^`]+)`")
TARGET = re.compile(r"(?P<words>[^<]+?)\s*<[^<>]+>")
ANCHOR = re.compile(r"^\([a-z0-9-]+\)=\n", re.MULTILINE)
NAMED = re.compile(r"\[(?P<words>[^\[\]]+)\]\{#[a-z0-9-]+\}")
#: A link to another page, or to a place on one.
INSIDE = re.compile(r"(?<!!)\[(?P<words>[^\[\]]+)\]\((?!https?:)[^()]*\)")
OPEN = re.compile(r"(?P<colons>:{3,})\{(?P<name>[a-z-]+)\} ?(?P<argument>.*)")
OPTION = re.compile(r":(?P<name>[a-z-]+): ?(?P<value>.*)")
ANSWER = re.compile(r"^- (?:\[(?P<box>[ x])\]|(?P<key>[^:\n]+):) ", re.MULTILINE)


def copied(
    notebook: nbformat.NotebookNode, references: Mapping[str, str], source: str = ""
) -> nbformat.NotebookNode:
    """Return a copy of a notebook that needs nothing of the book.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    references : mapping of str to str
        What stands for a citation, in Markdown, by key of the bibliography.
    source : str, optional
        What its first cell tells of where it is from, in Markdown.
    """
    numbers, figures = _kept(notebook), _figures(notebook)
    text = _Words(numbers, figures, references)
    cells = []
    for cell in without_keeping(notebook.cells):
        cell = nbformat.from_dict(cell)
        if cell.cell_type == "markdown":
            cell.source = text.plain(cell.source)
        else:
            cell.metadata.pop("mystnb", None)
        cells.append(cell)
    if source:
        cells[0].source = f"{cells[0].source.rstrip()}\n\n{source}"
    return nbformat.v4.new_notebook(metadata=notebook.metadata, cells=cells)


def _kept(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return the numbers that the notebook keeps for its text, as it shows them."""
    return {
        output.metadata.scrapbook.name: _shown(output.data)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    }


def _shown(data: Mapping[str, Any]) -> str:
    text = next(data[mime] for mime in data if mime.endswith("text/plain"))
    return text.strip("'\"")


def _figures(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """Return the numbers of the figures, by name."""
    found = [
        cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for cell in notebook.cells
    ]
    return {name: place for place, name in enumerate(filter(None, found), 1)}


# -- code


def without_keeping(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return the cells without what keeps numbers for the text.

    Of a cell that the page does not show, what a later cell uses stays.

    Raises
    ------
    ValueError
        If a cell that the page shows keeps a number.
    """
    statements = [
        statement
        for cell in cells
        if cell.cell_type == "code"
        for statement in ast.parse(cell.source).body
    ]
    # A function reads names when it is called, wherever it was defined.
    always = set().union(*map(_read_in_functions, statements))
    left, used = [], set[str]()
    for cell in reversed(cells):
        cell = nbformat.from_dict(cell)
        if cell.cell_type == "code":
            cell.source = IMPORT.sub("", f"{cell.source}\n").rstrip("\n")
            body = ast.parse(cell.source).body
            if UNSEEN in cell.metadata.get("tags", []):
                body = _needed(body, used | always)
                parts = [ast.get_source_segment(cell.source, one) for one in body]
                cell.source, cell.outputs = "\n".join(map(str, parts)), []
                if not body:
                    continue
            for statement in reversed(body):
                used = used - _replaced(statement) | _read(statement)
            if KEEPS in used:
                raise ValueError(
                    f"a cell without the tag {UNSEEN} calls {KEEPS}(): "
                    "give the call a cell of its own, with the tag"
                )
        left.append(cell)
    return left[::-1]


def _needed(statements: list[ast.stmt], used: set[str]) -> list[ast.stmt]:
    """Return the statements that make what is used later."""
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        if KEEPS not in _read(statement) and _made(statement) & used:
            kept.append(statement)
            used = used - _replaced(statement) | _read(statement)
    return kept[::-1]


@functools.lru_cache(maxsize=4096)
def _read(statement: ast.stmt) -> frozenset[str]:
    """Return the names that a statement reads; of a function, those outside it."""
    whole = symtable.symtable(ast.unparse(statement), "cell", "exec")
    return frozenset(
        symbol.get_name()
        for scope in (whole, *_inner(whole))
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (scope is whole or symbol.is_global())
    )


def _inner(scope: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in scope.get_children():
        yield child
        yield from _inner(child)


def _read_in_functions(statement: ast.stmt) -> frozenset[str]:
    defined = isinstance(statement, ast.FunctionDef | ast.ClassDef)
    called_later = any(isinstance(node, ast.Lambda) for node in ast.walk(statement))
    return _read(statement) if defined or called_later else frozenset()


def _replaced(statement: ast.stmt) -> set[str]:
    """Return the names that have another value after a statement, whatever it was."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    parts = [part for one in targets for part in getattr(one, "elts", [one])]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _made(statement: ast.stmt) -> set[str]:
    """Return the names that a statement may change, or change something in."""
    made = _replaced(statement)
    for node in ast.walk(statement):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            made |= _names(node)
        elif isinstance(node, ast.Expr):
            made |= _names(node)
    return made


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


# -- words


class _Words:
    """What stands for roles and directives.

    Parameters
    ----------
    numbers : mapping of str to str
        The numbers that the notebook keeps for its text.
    figures : mapping of str to int
        The numbers of its figures.
    references : mapping of str to str
        What stands for a citation.
    """

    def __init__(
        self,
        numbers: Mapping[str, str],
        figures: Mapping[str, int],
        references: Mapping[str, str],
    ) -> None:
        self.numbers, self.figures, self.references = numbers, figures, references

    def plain(self, text: str) -> str:
        """Return Markdown that any notebook shows."""
        text = self.blocks(ANCHOR.sub("", text))
        text = NAMED.sub(r"\g<words>", text)
        text = INSIDE.sub(r"\g<words>", text)
        return ROLE.sub(self.role, text)

    def role(self, found: re.Match[str]) -> str:
        """Return what stands for a role; of one that only links, its words."""
        text = found["text"].strip()
        stands = {
            "glue:text": lambda: self.numbers.get(text.partition(":")[0], text),
            "truth": lambda: printed(text),
            "cite:p": lambda: f"({self.cited(text)})",
            "cite:t": lambda: self.cited(text),
            "numref": lambda: f"Figure {self.figures[text]}",
            "cohort": lambda: f"`{text}`",
            "assignment": lambda: f"assignment *{text}*",
        }
        if found["role"] in stands:
            return stands[found["role"]]()
        words = TARGET.fullmatch(text)
        return words["words"] if words else text

    def cited(self, keys: str) -> str:
        """Return what stands for the keys of a citation."""
        each = [key.strip() for key in keys.split(",")]
        return "; ".join(self.references.get(key, key) for key in each)

    def blocks(self, text: str) -> str:
        """Return the text with what stands for its directives."""
        lines, made = text.split("\n"), []
        while lines:
            line = lines.pop(0)
            opened = OPEN.fullmatch(line.rstrip())
            if not opened:
                made.append(line)
                continue
            end = next(
                (i for i, one in enumerate(lines) if one.rstrip() == opened["colons"]),
                len(lines),
            )
            inside, lines = lines[:end], lines[end + 1 :]
            made.append(self.block(opened["name"], opened["argument"], inside))
            if lines and lines[0].strip():
                made.append("")  # what follows is not part of a quotation
        return "\n".join(made)

    def block(self, name: str, argument: str, lines: list[str]) -> str:
        """Return what stands for a directive."""
        options: dict[str, str] = {}
        while lines and (found := OPTION.fullmatch(lines[0])):
            options[found["name"]] = found["value"]
            lines = lines[1:]
        body = self.blocks("\n".join(lines)).strip()
        if name == "div":
            return body
        if name == "selfcheck":
            return _selfcheck(argument, options, body)
        if name == "predict":
            return _prediction(body)
        title = argument if name == "admonition" else name.replace("-", " ").title()
        return _quoted(f"**{title}**\n\n{body}")


def _quoted(text: str) -> str:
    return textwrap.indent(text, "> ", lambda line: True).replace("> \n", ">\n")


def _folded(text: str) -> str:
    return f"<details><summary>Answer</summary>\n\n{text}\n\n</details>"


def _prediction(body: str) -> str:
    """Return a prediction: what is asked as a quotation, then the answer, folded."""
    lines = body.split("\n")
    right = [line[6:] for line in lines if line.startswith("- [x] ")]
    told = [line.removeprefix(">").strip() for line in lines if line.startswith(">")]
    asked = [line for line in lines if not line.startswith(">")]
    text = re.sub(r"^- \[[ x]\] ", "- ", "\n".join(asked).strip(), flags=re.MULTILINE)
    answer = "\n".join([*(f"**{one}**\n" for one in right), *told])
    question = _quoted(f"**Predict**\n\n{text}")
    return f"{question}\n\n{_folded(answer)}" if answer else question


def _selfcheck(name: str, options: Mapping[str, str], body: str) -> str:
    """Return a self-check: the question as a quotation, then the answer, folded."""
    first = ANSWER.search(body)
    start = first.start() if first else len(body)
    question, answers = body[:start].strip(), _answers(body[start:])
    asked, told = f"**Check yourself.** {question}", []
    if "answer" in options:
        right = f"{options['answer']} {options.get('unit', '').strip(chr(34))}".strip()
        told.append(f"- **{right}**")
        told += [f"- {answer['key']}: {answer['text']}" for answer in answers]
    else:
        answers = [answers[place] for place in shown_order(name, len(answers))]
        letters = "ABCDEFGHIJ"[: len(answers)]
        choices = []
        for letter, answer in zip(letters, answers, strict=True):
            choice, _, reason = answer["text"].partition("\n")
            choices.append(f"- {letter}. {choice}")
            mark = "right" if answer["box"] == "x" else "wrong"
            told.append(f"- {letter} is **{mark}**. {textwrap.dedent(reason)}")
        asked += "\n\n" + "\n".join(choices)
    return f"{_quoted(asked)}\n\n" + _folded("\n".join(told))


def _answers(text: str) -> list[dict[str, str]]:
    """Return the options of a self-check, each with its reason."""
    found = list(ANSWER.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return [
        {
            "box": one["box"] or "",
            "key": one["key"] or "",
            "text": text[one.end() : end].strip(),
        }
        for one, end in zip(found, ends, strict=True)
    ]
