"""Does each sentence that compares or counts say why it is true, with any seed?

`listed` reads the notebooks that show synthetic data, and the pages in Markdown that
speak of them, and lists every sentence that compares ("most", "falls further") or
counts ("two of them", a typed number), such sentences of the comments ``# Look: ...``,
and all that is said of figures, live ones included. Of each it is kept, in
``tests/book/claims/<folder>-<page>.toml``, what makes it true::

    [[judged]]
    because = "assert: text: the two patients did not fare alike"
    sentences = ["CRP moved as hoped in both, and the patients did not fare alike."]

    [[judged]]
    because = "design: visits and arms are the trial's plan"
    sentences = ["...", "..."]

A sentence is guarded by an assertion of its notebook, which is named by its message
(or its condition, if the message is made of values), or by a test that runs on the page
as it is (``test: test_file.py::test_name``). What needs no guard, because no draw of
the data can make it false, says why after one of the `KINDS`. A word that is changed
makes another sentence, which has to be judged again.

Four things are not listed. A sentence that cites, and shows no computed number, has a
source. A question claims nothing; nor do the wrong options of a self-check or a
prediction. A self-check whose answer is a typed number makes up its case. And what an
assignment says of a function that is to be written is held by its hidden tests.

Of *Answers to look at* two things more are not listed. Headings and questions are
quoted from the notebook, where they are judged. And two texts with their marks are such
as somebody may hand in: they speak of the data as they come with the course, and right
is only what the marks call so.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

import cohorts
import nbformat
from nbformat.notebooknode import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
REGISTER = Path(__file__).parent / "claims"

#: Why a sentence needs no guard.
KINDS: Mapping[str, str] = {
    "glued": "its numbers are computed where it stands, and its words fit any of them",
    "design": "the cohort is made so, whoever is drawn: arms, visits, a planted value",
    "source": "a source says it, which is cited beside it",
    "reasoning": "it follows from definitions and arithmetic",
    "case": "it speaks of a made-up case, with the numbers that the text gives it",
    "task": "it says what is asked for, or how the page is used",
}
GUARDS = ("assert", "test")

#: Pages in Markdown that say nothing of patients who are drawn, and what they say.
#: Every other one has its register.
WITHOUT_DRAWS: Mapping[str, str] = {
    "index.md": "three real trials, and what the book has",
    "*/index.md": "what a chapter asks, needs and uses; commands of a term",
    "*/assignment.md": "how an assignment is done and handed in",
    "start/*": "how the book is used, and what one should know before",
    "teach/*": "commands, what they cost and find in a made-up class; how to mark",
    "reference/*": "definitions, cited facts, and what code writes of planted values",
    "answers/context.md": "facts of curated tables, and models without a draw",
    "evidence/06-*": "three abstracts that are made up, with the numbers they give",
    "evidence/07-*": "reports that are drawn once, and the rules of their key",
}

_NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    "fifty|hundreds?|thousands?|dozens?|zero"
)
_SHARES = (
    "half|halves|thirds?|quarters?|fifths?|tenths?|majority|minority|most|mostly|few|"
    "many|all|none|no|nobody|nothing|every|everybody|everyone|both|neither|only|never|"
    "always|alike|same|equal|equally|identical"
)
_DEGREES = (
    r"more|fewer|less|least|better|best|worse|worst|further|furthest|\w+er than|"
    "higher|highest|lower|lowest|larger|largest|smaller|smallest|longer|longest|"
    "shorter|shortest|earlier|earliest|later|latest|greater|greatest|wider|widest|"
    "narrower|narrowest|steeper|flatter|faster|fastest|slower|stronger|strongest|"
    "weaker|weakest|likelier|twice|doubled?|doubles|exceeds?|beyond|times|"
    "nearly|almost|hardly|barely|about|roughly|far|much|too"
)
_COURSES = (
    "rises?|rose|risen|falls?|fell|fallen|grows?|grew|grown|shrinks?|shrank|increases?|"
    "increased|decreases?|decreased|drops?|dropped|climbs?|climbed"
)
COMPARES = re.compile(
    rf"\b(?:{_NUMBERS}|{_SHARES}|{_DEGREES}|{_COURSES})\b|\d", re.IGNORECASE
)
#: What stands for something else: a role, code, a formula, the target of a link.
_ROLE = re.compile(r"\{[\w:+-]+\}(`+)[^`]*\1")
_OTHER = re.compile(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\]\{[^}]*\}|\]\[[^\]]*\]")
_BLOCKS = (
    re.compile(r"^(`{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"^:::\{div\} chapter-header$.*?^:::$", re.MULTILINE | re.DOTALL),
    re.compile(r"^## Further reading$.*", re.MULTILINE | re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    # What a function is to do, to the end of the cell: "**Write** `holm(p_values)`".
    re.compile(r"^\*\*Write\*\* (?:`\w+\(|(?:two|three) functions).*", re.M | re.S),
    # A self-check whose answer is a typed number.
    re.compile(
        r"^(:{3,})\{selfcheck\}(?:(?!^\1 *$).)*?^:answer: *[\d−.-]+ *$.*?^\1 *$",
        re.MULTILINE | re.DOTALL,
    ),
)
#: What stands alone: an option of a directive, its fence, a target, a table's rule.
_ALONE = re.compile(r":{3,}|:[\w-]+:|\([\w-]+\)=$|\|[-:| ]+\|$|\+\+\+|---$")
_MARK = re.compile(r"(?:>|#+|[-*]|\d+\.)\s+")
_OPTION = re.compile(r"[-*] \[( |x)\] ")
#: A full stop, perhaps within quotation marks, brackets or bold type, and what begins.
_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?][*\"”)])|(?<=[.!?]\*\*)|(?<=[.!?]\*[\"”)]))\s+"
    r"(?=[\"“(*{\[]*[A-Z0-9{])"
)


#: Of *Answers to look at*: what is quoted; two texts, and their marks.
_QUOTED = re.compile(r"^(?:>|## ).*$", re.MULTILINE)
_TWO_TEXTS = re.compile(r"^\*\*Text A\*\*$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


class Malformed(ValueError):
    """A register that cannot be read as one."""


def shows_data(notebook: NotebookNode) -> bool:
    """Return whether the code of a notebook reads a cohort, or a file of one."""
    code = "\n".join(one.source for one in notebook.cells if one.cell_type == "code")
    names = "|".join(map(re.escape, cohorts.names()))
    return bool(re.search(rf"\bcohorts\.(?!__)|\b(?:{names})\w*\.csv", code))


def pages() -> dict[str, Path]:
    """Return the pages that speak of synthetic data, by the name of their register."""
    found = {}
    for path in sorted(ROOT.glob("book/*/*.ipynb")):
        found[f"{path.parent.name}-{path.stem}"] = path
    for path in sorted(ROOT.glob("exercises/source/*/*.ipynb")):
        found[f"exercise-{path.stem}"] = path
    found = {name: path for name, path in found.items() if shows_data(read(path))}
    for path in sorted(ROOT.glob("book/**/*.md")):
        if not exempt(path.relative_to(ROOT / "book")):
            found[f"{path.parent.name}-{path.stem}"] = path
    return found


def exempt(page: Path) -> list[str]:
    """Return the patterns of `WITHOUT_DRAWS` that leave a page of the book out."""
    return [one for one in WITHOUT_DRAWS if fnmatch.fnmatch(page.as_posix(), one)]


def read(path: Path) -> NotebookNode:
    """Read a notebook, without the time that a look at its form takes.

    A page in Markdown is read as a notebook, with a cell for each section.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return nbformat.v4.reads(text)
    cells = []
    for part in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        name = re.sub(r"[^A-Za-z0-9]+", "-", part.partition("\n")[0]).strip("-")
        if path.parent.name == "answers":
            part = _QUOTED.sub("", _TWO_TEXTS.sub("", part))
        cells.append(nbformat.v4.new_markdown_cell(part, id=name[:64]))
    return nbformat.v4.new_notebook(cells=cells)


# -- what is listed


def sentences(text: str) -> Iterator[str]:
    r"""Yield the sentences of Markdown, each in one line; a row of a table is one.

    >>> list(sentences("It fell\nin both. All rose.\n\n- [ ] no\n  Why not."))
    ['It fell in both.', 'All rose.', 'Why not.']
    """
    for block in _BLOCKS:
        text = block.sub("\n\n", text)
    paragraph: list[str] = []
    for line in map(str.strip, text.splitlines()):
        option = _OPTION.match(line)
        mark = option or _MARK.match(line)
        if mark or not line or line.startswith("|") or _ALONE.match(line):
            yield from _split(paragraph)
            paragraph = []
        if not line or _ALONE.match(line) or (option and option[1] == " "):
            continue
        paragraph.append(line[mark.end() :] if mark else line)
        if option or line.startswith("|"):
            yield from _split(paragraph)
            paragraph = []
    yield from _split(paragraph)


def _split(paragraph: Sequence[str]) -> list[str]:
    text = " ".join(paragraph)
    if not text or text.startswith("|"):
        return [text] if text else []
    return _END.split(text)


def compares(sentence: str) -> bool:
    """Return whether a sentence compares or counts in words of its own.

    >>> compares("CRP fell further.") and compares("Of 30 people some are ill.")
    True
    >>> compares("It is {glue:text}`half` %.") or compares("Is it 19 h?")
    False
    >>> compares("It falls by half in 19 h {cite:p}`Vigushin1993crp`.")
    False
    """
    if sentence.rstrip('*_")').endswith("?"):
        return False
    if "{cite" in sentence and "{glue" not in sentence:
        return False
    return bool(COMPARES.search(_OTHER.sub("", _ROLE.sub("", sentence))))


def looks(code: str) -> str:
    """Return what the comment of a cell ``# Look: ...`` asks and says.

    >>> looks("# Look: all fell.\\n# Why?\\nprint(1)  # no")
    'Look: all fell.\\nWhy?'
    """
    comment = re.match(r"# Look(?:.*\n#)*.*", code)
    return re.sub(r"^# ?", "", comment[0], flags=re.MULTILINE) if comment else ""


def said_of_live_figures(code: str) -> str:
    """Return what is typed of the findings and pictures of live figures."""
    if "live.figure(" not in code:
        return ""
    return "\n\n".join(
        keyword.value.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "live.figure"
        for keyword in node.keywords
        if keyword.arg in ("found", "picture")
        and isinstance(keyword.value, ast.Constant)
    )


def listed(notebook: NotebookNode) -> dict[str, str]:
    """Return the sentences that compare or count, each with its place.

    Of a figure, which is drawn from the data, all that is said is listed.
    """
    found: dict[str, str] = {}
    for cell in notebook.cells:
        shown = cell.metadata.get("mystnb", {})
        is_code = cell.cell_type == "code"
        parts = {
            "": looks(cell.source) if is_code else cell.source,
            ", live figure": said_of_live_figures(cell.source) if is_code else "",
            ", caption": shown.get("figure", {}).get("caption", ""),
            ", alternative text": shown.get("image", {}).get("alt", ""),
        }
        for part, text in parts.items():
            for sentence in sentences(text):
                if part or compares(sentence):
                    found.setdefault(sentence, f"cell {cell.id}{part}")
    return found


# -- what is judged


def judged(path: Path) -> dict[str, str]:
    """Return why each sentence of a register is true.

    Raises
    ------
    Malformed
        If the file is no register, or says one sentence twice.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["judged"]
        groups = [(str(one["because"]), list(one["sentences"])) for one in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(
            f"{path.name} has no [[judged]] with because and sentences: {error}"
        ) from None
    found: dict[str, str] = {}
    for because, texts in groups:
        for text in texts:
            if text in found:
                raise Malformed(f"{path.name} judges twice: {text}")
            found[text] = because
    return found


def assertions(notebook: NotebookNode) -> set[str]:
    """Return what the cells of a notebook assert: messages, and conditions."""
    code = (one.source for one in notebook.cells if one.cell_type == "code")
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Assert):
            found.add(ast.unparse(node.test))
            if isinstance(node.msg, ast.Constant):
                found.add(str(node.msg.value))
    return found


@functools.cache
def tests() -> frozenset[str]:
    """Return the tests of book and exercises, as ``test_file.py::test_name``."""
    return frozenset(
        f"{path.name}::{node.name}"
        for folder in ("book", "exercises")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def faults(
    notebook: NotebookNode, register: Mapping[str, str], known: Set[str]
) -> Iterator[str]:
    """Yield a line for every sentence that nobody has judged, or not as it stands.

    Parameters
    ----------
    notebook : NotebookNode
    register : mapping of str to str
        Sentences, and why they are true.
    known : set of str
        The tests that there are.
    """
    there = listed(notebook)
    for text, place in there.items():
        if text not in register:
            yield f"new or changed, and not judged: {text} ({place})\n{entry(text)}"
    asserted = assertions(notebook)
    for text, because in register.items():
        kind, _, what = because.partition(": ")
        if text not in there:
            yield f"judged, but no longer there: {text}"
        elif kind == "assert" and what not in asserted:
            yield f"no cell asserts {what!r}, which is to guard: {text}"
        elif kind == "test" and what not in known:
            yield f"there is no test {what}, which is to guard: {text}"
        elif kind not in {*GUARDS, *KINDS} or not what:
            yield f"{because!r} says none of {', '.join([*GUARDS, *KINDS])}: {text}"


def entry(text: str) -> str:
    """Return the lines of a register that wait for a judgement."""
    quoted = json.dumps(text, ensure_ascii=False)
    return f'[[judged]]\nbecause = ""\nsentences = [{quoted}]'
