"""What a page or an assignment needs is said at its top, and learnt from one page."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGE = (BOOK / "start/what-you-need.md").read_text(encoding="utf-8")
#: Label of an entry: its title.
ENTRIES = dict(re.findall(r"^\((need-[a-z]+)\)=\n### (.+)$", PAGE, re.MULTILINE))
LINE = re.compile(r"^- \*\*You need first\*\* (.+)$", re.MULTILINE)
LISTED = re.compile(
    r"^The page \*What you need\* of the book \(`book/start/what-you-need.md`\) "
    r"has a question on each of these: (.+)\.$",
    re.MULTILINE,
)
NAMED = re.compile(r"\]\(#(need-[a-z]+)\)")

#: What code asks of its reader, and by which signs it is seen.
DEMANDS = {
    "need-functions": r"^def ",
    "need-masks": r"\w\[[^\]\n]*(==|<|>|~)|\.loc\[[^\]\n]*(==|<|>|~)|\.query\(",
    "need-groupby": r"\.(groupby|merge|pivot|pivot_table|melt|transform)\(|crosstab\(",
    "need-broadcasting": r"\[(\.\.\.|:), None\]|\[None, :|newaxis|einsum",
    "need-logarithms": r"\bnp\.(log|exp|log10|log2|log1p|expm1)\b",
    "need-normal": r"\bnorm\.(cdf|sf|ppf|pdf|isf|logpdf)\b",
    "need-rates": r"\b(solve_ivp|odeint|eigvals|eig)\(",
    "need-fits": r"\b(least_squares|curve_fit|minimize|minimize_scalar|polyfit)\(",
    "need-formulas": r"\bsmf\.|\bformula=|from_formula",
    "need-survival": r"\b(SurvfuncRight|CumIncidenceRight|PHReg|kaplan_meier)\b",
}

#: What students read; pages for teachers say themselves what they need.
PAGES = [
    path
    for path in sorted(BOOK.glob("*/*.ipynb"))
    if not {".ipynb_checkpoints", "teach"} & set(path.parts)
]
ASSIGNMENTS = sorted(ROOT.glob("exercises/source/*/*.ipynb"))


def cells(path, kind):
    """Return the cells of a notebook of this kind."""
    found = nbformat.read(path, as_version=4).cells
    return [cell for cell in found if cell.cell_type == kind]


def asked(sources):
    """Return what these sources ask of their reader."""
    code = "\n".join(sources)
    return {name for name, sign in DEMANDS.items() if re.search(sign, code, re.M)}


def shown(path):
    """Return the code of a page that its reader can open."""
    removed = {"remove-cell", "remove-input"}
    return [
        cell.source
        for cell in cells(path, "code")
        if not removed & set(cell.metadata.get("tags", []))
    ]


def solved(path):
    """Return the solutions of an assignment, without its tests."""
    return [
        cell.source
        for cell in cells(path, "code")
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]


def line(path):
    """Return what a notebook says one needs first."""
    text = "\n".join(cell.source for cell in cells(path, "markdown")[:2])
    found = LINE.search(text)
    return found[1] if found else ""


def named_in_assignment(path):
    """Return the labels of the entries that an assignment names, by their titles."""
    labels = {title.lower(): label for label, title in ENTRIES.items()}
    found = LISTED.search(cells(path, "markdown")[0].source)
    said = found[1].split("; ") if found else []
    return {labels.get(one.lower(), one) for one in said}


def test_the_page_has_ten_entries_with_a_question_and_a_link_each():
    assert set(ENTRIES) == set(DEMANDS) and len(ENTRIES) == 10
    parts = re.split(r"^\(need-[a-z]+\)=$", PAGE, flags=re.MULTILINE)[1:]
    for part in parts:
        entry = part.split("\n## ")[0]
        assert entry.count(":::{selfcheck} ") == 1
        assert re.search(r"^\*Learn it\*: \[.+\]\(https://", entry, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_names_all_that_its_code_needs(path):
    named = set(NAMED.findall(line(path)))
    assert named and named <= set(ENTRIES)
    assert asked(shown(path)) <= named


@pytest.mark.parametrize("path", ASSIGNMENTS, ids=lambda path: path.stem)
def test_an_assignment_names_all_that_its_solutions_need(path):
    named = named_in_assignment(path)
    assert named and named <= set(ENTRIES), "a name that is no entry of the page"
    assert asked(solved(path)) <= named


def test_the_table_of_chapters_says_what_their_pages_say():
    rows = re.findall(r"^\| \[.+?\]\(\.\./(\w+)/index\.md\) \| (.+) \|$", PAGE, re.M)
    assert {chapter for chapter, _ in rows} == {path.stem for path in ASSIGNMENTS}
    for chapter, said in rows:
        pages = [path for path in PAGES if path.parent.name == chapter]
        needs = {name for path in pages for name in NAMED.findall(line(path))}
        needs |= named_in_assignment(
            ROOT / f"exercises/source/{chapter}/{chapter}.ipynb"
        )
        assert set(NAMED.findall(said)) == needs, chapter


def test_what_code_asks_is_seen():
    assert asked(["def f(x):\n    return np.log(x[:, None])"]) == {
        "need-functions",
        "need-broadcasting",
        "need-logarithms",
    }
    assert asked(["table[table.crp > 5].groupby('patient')"]) == {
        "need-masks",
        "need-groupby",
    }
    assert asked(["a = 1"]) == set()
