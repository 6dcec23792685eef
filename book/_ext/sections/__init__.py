"""What stands where in the book: its pages, their sections, and what those speak of.

This element shows nothing. It reads each page once, as Sphinx does, and keeps what
the search, the index of concepts and the end of each chapter page are made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import clean_astext

#: Sections below this level belong to the one that they stand in; the page is level 1.
DEEPEST = 3
#: Stands where a formula, a source or the number of a figure stood.
GAP = "…"
#: Formulas that are words of a sentence.
SQUARE = {"I^2": "I²", r"\tau^2": "τ²", r"\chi^2": "χ²"}
#: What is no prose: code, outputs, and what a reader does not see.
NOT_READ = (
    nodes.literal_block,
    nodes.raw,
    nodes.comment,
    nodes.image,
    nodes.title,
    nodes.target,
    addnodes.index,
    addnodes.toctree,
)


@dataclass(frozen=True)
class Term:
    """An entry of a glossary.

    Parameters
    ----------
    page : str
        The page of the glossary.
    anchor : str
        Where the entry stands on it.
    names : tuple of str
        Its names, the longest first named by the glossary.
    text : str
        Its definition.
    """

    page: str
    anchor: str
    names: tuple[str, ...]
    text: str


@dataclass
class Section:
    """A section of a page, or the beginning of a page.

    Parameters
    ----------
    page : str
        The page's name, such as ``"book/risk/01-infection-rates"``.
    anchor : str
        Where it stands on the page; empty for the beginning of the page.
    title : str
        Its heading.
    level : int
        1 for a page, 2 and 3 for what stands in it.
    text : str
        What it says, without its deeper sections that are kept themselves.
    terms : list of str
        The glossary's names that it uses, in small letters, in their order.
    formulas : list of tuple
        Anchor, name and text of each formula that it lists.
    """

    page: str
    anchor: str
    title: str
    level: int
    text: str = ""
    terms: list[str] = field(default_factory=list)
    formulas: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Page:
    """What one page holds: its sections in their order, and its glossary's entries."""

    sections: list[Section] = field(default_factory=list)
    glossary: list[Term] = field(default_factory=list)


# -- reading


def read(page: str, document: nodes.document) -> Page:
    """Return what a page holds.

    Parameters
    ----------
    page : str
        Its name.
    document : docutils.nodes.document
        The page as Sphinx reads it, before links are resolved.
    """
    found = Page(glossary=list(_glossary(page, document)))
    for section in document.findall(nodes.section):
        level = _level(section)
        if level > DEEPEST or not isinstance(section[0], nodes.title):
            continue
        anchor = "" if level == 1 else section["ids"][0]
        one = Section(page, anchor, clean_astext(section[0]), level)
        one.text = _joined(_words(section, level))
        one.terms = list(dict.fromkeys(_terms(section, level)))
        one.formulas = list(_formulas(section, level))
        found.sections.append(one)
    return found


def _level(node: nodes.Node) -> int:
    """Return how deep a section stands; what stands in none has level 0."""
    level = 0
    while node is not None:
        level += isinstance(node, nodes.section)
        node = node.parent
    return level


def _inside(node: nodes.Element, level: int) -> Iterator[nodes.Node]:
    """Yield the children of a part of a section that belong to the section."""
    for child in node.children:
        deeper = isinstance(child, nodes.section) and level < DEEPEST
        if not deeper:
            yield child


def _words(node: nodes.Element, level: int) -> Iterator[str]:
    for child in _inside(node, level):
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif isinstance(child, nodes.math):
            yield SQUARE.get(child.astext(), GAP)
        elif isinstance(child, nodes.math_block) or _is_key(child):
            yield GAP
        elif isinstance(child, NOT_READ):
            continue
        else:
            yield from _words(child, level)
            if not isinstance(child, (nodes.Inline, addnodes.pending_xref)):
                yield " "


def _is_key(node: nodes.Node) -> bool:
    """Return whether a link has no words yet but the key of a source or a figure."""
    return isinstance(node, addnodes.pending_xref) and (
        node["refdomain"] == "cite" or node["reftype"] == "numref"
    )


def _joined(words: Iterator[str]) -> str:
    text = " ".join("".join(words).split())
    # A source before the full stop is no gap in the sentence.
    text = re.sub(rf" ?{GAP}(?=[.,;:)]|$)", "", text)
    return re.sub(r" ?\(\)| (?=[.,;:)])", "", text)


def _terms(node: nodes.Element, level: int) -> Iterator[str]:
    for child in _inside(node, level):
        if isinstance(child, addnodes.pending_xref) and child["reftype"] == "term":
            yield key(child["reftarget"])
        elif isinstance(child, nodes.Element):
            yield from _terms(child, level)


def _formulas(section: nodes.section, level: int) -> Iterator[tuple[str, str, str]]:
    here = (part for part in _inside(section, level) if isinstance(part, nodes.table))
    for row in (row for table in here for row in table.findall(nodes.row)):
        for name in row.findall(nodes.inline):
            if name["ids"] and name["ids"][0].startswith("fo-"):
                text = _joined(_words(row, DEEPEST))
                yield name["ids"][0], name.astext(), text


def _glossary(page: str, document: nodes.document) -> Iterator[Term]:
    for glossary in document.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            terms = [one for one in item if isinstance(one, nodes.term)]
            names = tuple(_joined(_words(term, DEEPEST)) for term in terms)
            text = _joined(_words(item[-1], DEEPEST))
            yield Term(page, terms[0]["ids"][0], names, text)


def key(name: str) -> str:
    """Return a name of the glossary as links and entries have it in common."""
    return " ".join(name.lower().replace("’", "'").split())


# -- what has been read


def pages(env: BuildEnvironment) -> dict[str, Page]:
    """Return every page that was read, by its name."""
    if not hasattr(env, "book_sections"):
        env.book_sections = {}
    return env.book_sections


def in_order(env: BuildEnvironment) -> list[str]:
    """Return the pages in the order of the table of contents, which is the reader's.

    Pages that it does not list come last.
    """
    order: dict[str, None] = {}

    def add(page: str) -> None:
        if page not in order:
            order[page] = None
            for below in env.toctree_includes.get(page, []):
                add(below)

    add(env.config.root_doc)
    rest = sorted(set(pages(env)) - set(order))
    return [page for page in (*order, *rest) if page in pages(env)]


def glossary(env: BuildEnvironment) -> list[Term]:
    """Return the entries of the glossary, by their first names."""
    terms = [term for page in pages(env).values() for term in page.glossary]
    return sorted(terms, key=lambda term: term.names[0].lower())


def chapter(env: BuildEnvironment, page: str) -> str:
    """Return the name of the part of the table of contents that a page stands in."""
    contents = getattr(env, "external_site_map", None)
    if contents is None:
        return ""
    for tree in contents.root.subtrees:
        if page in _listed(contents, tree):
            return tree.caption or ""
    return ""


def _listed(contents: Any, tree: Any) -> Iterator[str]:
    """Yield the pages of a part of the table of contents, and those below them."""
    for page in tree.files():
        yield page
        if page in contents:
            for below in contents[page].subtrees:
                yield from _listed(contents, below)


def name(env: BuildEnvironment, page: str) -> str:
    """Return a page's name in the table of contents, or else its title."""
    contents = getattr(env, "external_site_map", None)
    listed = contents[page].title if contents is not None and page in contents else None
    if listed:
        return listed
    found = pages(env)[page].sections
    return found[0].title if found else page


def link(app: Sphinx, here: str, page: str, anchor: str, text: str) -> nodes.reference:
    """Return a link from one page to a place on another."""
    address = app.builder.get_relative_uri(here, page)
    address += f"#{anchor}" if anchor else ""
    return nodes.reference("", text, internal=True, refuri=address)


def setup(app: Sphinx) -> dict:
    """Keep what each page holds true while pages are read again, and in parallel."""

    def keep(app: Sphinx, document: nodes.document) -> None:
        pages(app.env)[app.env.docname] = read(app.env.docname, document)

    def purge(app: Sphinx, env: BuildEnvironment, page: str) -> None:
        pages(env).pop(page, None)

    def merge(app: Sphinx, env: BuildEnvironment, read_there: set[str], other) -> None:
        there = pages(other)
        pages(env).update({page: there[page] for page in read_there if page in there})

    app.connect("doctree-read", keep)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
