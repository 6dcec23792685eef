"""The index of concepts: where the book introduces and uses a term, a method, an agent.

``{concept-index} terms`` writes where each entry of the glossary is used first, and
where again; ``methods`` does so for each formula, ``agents`` for each agent of
``data/curated/agents.csv``. A term is used where a page links to the glossary, and if
no page does, where its words stand; methods and agents where their names stand. The
index is written anew whenever a page has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sections
from cohorts import curated
from docutils import nodes
from elements import serve
from search import index, words
from sections import Section
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOGGER = logging.getLogger(__name__)
PARTS = ("terms", "methods", "agents")
#: Pages that teach nothing: what stands there is no use of a concept.
NO_USE = ("book/reference/", "book/teach/", "book/answers/", "book/index")
#: Where the agents stand whom no chapter names.
TABLE, TABLE_ANCHOR = "book/reference/data-facts", "data-agents"
#: So many pages are named for one concept; a term of all pages needs no list of them.
MOST = 8


class index_node(nodes.General, nodes.Element):
    """Where a part of the index stands; it is written when all pages were read."""


@dataclass(frozen=True)
class Concept:
    """One entry of the index.

    Parameters
    ----------
    name : str
        What it is called.
    page, anchor : str
        Where it is defined; empty if nowhere.
    own : str
        Its own anchor in the index; empty if nothing links there.
    about : str
        A few words beside the name.
    uses : tuple of Section
        Where it is used, at most one section of a page, in the order of the book.
    """

    name: str
    page: str
    anchor: str
    own: str
    about: str
    uses: tuple[Section, ...]


# -- what stands in it


def taught(env: BuildEnvironment) -> list[Section]:
    """Return the sections that teach, in the order of the book."""
    pages = sections.pages(env)
    return [
        section
        for page in sections.in_order(env)
        if not page.startswith(NO_USE) and not pages[page].glossary
        for section in pages[page].sections
    ]


def concepts(env: BuildEnvironment, part: str) -> list[Concept]:
    """Return the entries of one part of the index.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        What has been read.
    part : str
        One of `PARTS`.
    """
    makers = {"terms": _terms, "methods": _methods, "agents": _agents}
    return makers[part](env)


def _terms(env: BuildEnvironment) -> list[Concept]:
    places = taught(env)
    found = []
    for term in sections.glossary(env):
        keys = {sections.key(name) for name in term.names}
        uses = [place for place in places if keys & set(place.terms)]
        uses = uses or _speaking(places, term.names)
        if not uses:
            LOGGER.warning(
                "no page uses the term %r: link it where it is introduced, or take it "
                "out of the glossary",
                term.names[0],
                location=term.page,
            )
        about = ", ".join(term.names[1:])
        found.append(
            Concept(term.names[0], term.page, term.anchor, "", about, _by_page(uses))
        )
    return found


def _methods(env: BuildEnvironment) -> list[Concept]:
    places = taught(env)
    found = [
        Concept(name, page, anchor, "", "", _by_page(_speaking(places, [name])))
        for page in sections.in_order(env)
        for section in sections.pages(env)[page].sections
        for anchor, name, _ in section.formulas
    ]
    return sorted(found, key=lambda one: one.name.lower())


def _agents(env: BuildEnvironment) -> list[Concept]:
    places = taught(env)
    found = []
    for row in curated.load("agents").to_dict("records"):
        names = [index.plain(row["inn"]), *index.trade_names(row["inn"])]
        about = ", ".join([row["class"], *names[1:]])
        found.append(
            Concept(
                row["inn"],
                "",
                "",
                index.agent_anchor(row["inn"]),
                about,
                _by_page(_speaking(places, names)),
            )
        )
    return sorted(found, key=lambda one: one.name.lower())


def _speaking(places: Iterable[Section], names: Iterable[str]) -> list[Section]:
    """Return the sections in whose words one of the names stands."""
    phrases = [words.flat(name) for name in names]
    return [place for place in places if any(one in _flat(place) for one in phrases)]


def _flat(place: Section) -> str:
    return words.flat(f"{place.title} {place.text}")


def _by_page(uses: Iterable[Section]) -> tuple[Section, ...]:
    """Return the first section of each page."""
    first: dict[str, Section] = {}
    for one in uses:
        first.setdefault(one.page, one)
    return tuple(first.values())


# -- how it is written


class ConceptIndex(SphinxDirective):
    """Write one part of the index."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a place that is filled when all pages were read."""
        part = self.arguments[0]
        if part not in PARTS:
            raise self.error(f"{part!r} is not one of {', '.join(PARTS)}")
        self.env.note_dependency(str(curated.FOLDER / "agents.csv"))
        self.env.note_dependency(str(index.SYNONYMS))
        return [index_node(part=part)]


def fill(app: Sphinx, document: nodes.document, page: str) -> None:
    """Write the parts of the index that stand on a page."""
    for place in list(document.findall(index_node)):
        entries = nodes.definition_list(classes=["concept-index"])
        for one in concepts(app.env, place["part"]):
            item = nodes.definition_list_item("", _name(app, page, one))
            item += nodes.definition("", _where(app, page, one))
            entries += item
        place.replace_self(entries)


def _name(app: Sphinx, here: str, one: Concept) -> nodes.term:
    name = nodes.term(ids=[one.own] if one.own else [])
    if one.page:
        name += sections.link(app, here, one.page, one.anchor, one.name)
    else:
        name += nodes.Text(one.name)
    if one.about:
        name += nodes.inline("", f" {one.about}", classes=["concept-about"])
    return name


def _where(app: Sphinx, here: str, one: Concept) -> nodes.paragraph:
    line = nodes.paragraph()
    for number, use in enumerate(one.uses[:MOST]):
        line += nodes.Text(" · " if number else "")
        title = sections.name(app.env, use.page)
        line += sections.link(app, here, use.page, use.anchor, title)
    left = len(one.uses) - MOST
    if left > 0:
        line += nodes.Text(f" · and {left} more")
    if not one.uses and one.page:
        line += nodes.Text("only there")
    elif not one.uses:
        line += sections.link(app, here, TABLE, TABLE_ANCHOR, "the table of agents")
    return line


def again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages that hold the index: they hang on all the others."""
    return [
        page
        for page in env.found_docs
        if page in env.all_docs and page in getattr(env, "concept_pages", ())
    ]


def note(app: Sphinx, document: nodes.document) -> None:
    """Remember which pages hold a part of the index."""
    pages = set(getattr(app.env, "concept_pages", ()))
    pages.discard(app.env.docname)
    if next(document.findall(index_node), None) is not None:
        pages.add(app.env.docname)
    app.env.concept_pages = pages


def merge(app: Sphinx, env: BuildEnvironment, read_there: set[str], other) -> None:
    """Take over what another process has read."""
    there = set(getattr(other, "concept_pages", ())) & set(read_there)
    env.concept_pages = set(getattr(env, "concept_pages", ())) - set(read_there) | there


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.setup_extension("sections")
    app.add_node(index_node)
    app.add_directive("concept-index", ConceptIndex)
    app.connect("doctree-read", note)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", again)
    app.connect("doctree-resolved", fill)
    serve(app, Path(__file__).parent, "concept-index")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
