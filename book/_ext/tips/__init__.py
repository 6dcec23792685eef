"""A link explains itself: what it leads to is shown where it stands.

A link to an entry of the glossary shows the entry, one to a source the source, one to a
section or a page its title and how it begins. What is shown stands in a script for each
page, which `load_only_used` fetches when a reader first touches the page. It is cut out
of the built pages, all of them at once: sphinx-tippy, which did so page by page while
they were written, took a fifth of the build's time, and loses the tips of pages that
are written by another process.

Tippy.js, which shows them, and Popper, which finds their place, lie in
``book/static/tippy``: the book asks no other host.
"""

from __future__ import annotations

import copy
import json
import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html
from sphinx.application import Sphinx

#: What shows the tips, in the order in which a browser needs it.
BEFORE, AFTER = ("tippy/popper.min.js", "tippy/tippy-bundle.umd.min.js"), "show-tips.js"
#: Where the tips of the pages lie. Their classes are those of the pages, and so they
#: stand with the other scripts.
FOLDER = "tippy/pages"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: A link to another place in the book, as Sphinx writes it.
LINK = 'class="reference internal"'
#: Links that show nothing, as ``show-tips.js`` has them.
SILENT = "contains(@class, 'headerlink') or contains(@class, 'sd-stretched-link')"
#: What is shown whole.
WHOLE = "self::aside or self::div[@class='citation']"
#: Of an entry of the glossary, so many paragraphs are shown.
PARAGRAPHS = 6


@dataclass(frozen=True)
class Page:
    """A built page: the element with its text, and its elements by id."""

    name: str
    text: html.HtmlElement
    by_id: dict[str, html.HtmlElement]

    def links(self) -> set[str]:
        """Return the addresses that the page's text links to."""
        return set(self.text.xpath(f".//a[not({SILENT})]/@href"))


def read(path: Path, name: str) -> Page | None:
    """Return a built page; None for one without an article, such as a redirect."""
    parser = html.HTMLParser(encoding="utf-8")
    whole = html.document_fromstring(path.read_bytes(), parser=parser)
    articles = whole.xpath("//article[contains(@class, 'bd-article')]")
    if not articles:
        return None
    by_id = {one.get("id"): one for one in articles[0].xpath(".//*[@id]")}
    return Page(name, articles[0], by_id)


def tips(page: Page, pages: dict[str, Page]) -> dict[str, str]:
    """Return what the links of a page show, by their addresses.

    Parameters
    ----------
    page : Page
        The page with the links.
    pages : dict of str to Page
        All pages, by name.

    Returns
    -------
    dict of str to str
        HTML; its own links lead from `page` to where they should.
    """
    found = {}
    for address in sorted(page.links()):
        there, anchor = urldefrag(address)
        if urlsplit(there).scheme or not (there or anchor):
            continue
        name = posixpath.normpath(urljoin(f"{page.name}.html", there))
        target = pages.get(name.removesuffix(".html")) if there else page
        parts = shown(target, anchor) if target else []
        if parts:
            folder = posixpath.dirname(there)
            found[address] = "".join(_moved(part, folder) for part in parts)
    return found


def shown(page: Page, anchor: str) -> list[html.HtmlElement]:
    """Return what a link to a place on a page shows; empty if nothing."""
    if not anchor:
        return _beginning(page.text)
    place = page.by_id.get(anchor)
    if place is None:
        return []
    if place.tag == "span" and not (len(place) or place.text or place.get("class")):
        place = place.getparent()  # a second name of what it stands in
    if place.xpath(WHOLE):
        return [place]
    if place.tag == "dt":
        return _entry(place)
    return _beginning(place) if place.tag == "section" else []


def _beginning(section: html.HtmlElement) -> list[html.HtmlElement]:
    """Return how a section begins: its heading and its first paragraph or two.

    Where a deeper section comes before the first paragraph, its beginning follows.
    """
    heading = next(section.iter(*HEADINGS), None)
    if heading is None:
        return []
    for below in heading.itersiblings("section", "p"):
        if below.tag == "section":
            return [heading, *_beginning(below)]
        following = below.getnext()
        paragraphs = [below, following] if _is(following, "p") else [below]
        return [heading, *paragraphs]
    return [heading]


def _entry(term: html.HtmlElement) -> list[html.HtmlElement]:
    """Return a name of a glossary's entry, the names after it, and the definition."""
    names = [term]
    while _is(names[-1].getnext(), "dt"):
        names.append(names[-1].getnext())
    definition = names[-1].getnext()
    if not _is(definition, "dd"):
        return names
    short = html.Element("dd")
    short.extend([copy.deepcopy(one) for one in definition.xpath("p")[:PARAGRAPHS]])
    return [*names, short]


def _is(element: html.HtmlElement | None, tag: str) -> bool:
    return element is not None and element.tag == tag


def _moved(part: html.HtmlElement, folder: str) -> str:
    """Return a part as HTML, its addresses as seen from another page's folder."""
    part = copy.deepcopy(part)
    for link in part.xpath(".//a[contains(@class, 'headerlink')]"):
        link.drop_tree()
    for attribute in ("href", "src"):
        for one in part.xpath(f"descendant-or-self::*[@{attribute}]"):
            address = one.get(attribute)
            if folder and not (urlsplit(address).scheme or address.startswith("#")):
                moved = posixpath.normpath(posixpath.join(folder, address))
                one.set(attribute, moved)
    return html.tostring(part, encoding="unicode", with_tail=False)


def link_scripts(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Let a page with links load its tips, and what shows them."""
    if app.builder.format != "html" or LINK not in context.get("body", ""):
        return
    for script in (*BEFORE, f"{FOLDER}/{page}.js", AFTER):
        app.add_js_file(script, loading_method="defer")


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the tips of every page, from the pages as they are built."""
    if error or app.builder.format != "html":
        return
    names = sorted(app.env.found_docs)
    built = {name: read(Path(app.outdir, f"{name}.html"), name) for name in names}
    pages = {name: page for name, page in built.items() if page}
    for name in names:
        found = tips(pages[name], pages) if name in pages else {}
        path = Path(app.outdir, "_static", FOLDER, f"{name}.js")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"var pageTips = {json.dumps(found)};\n", encoding="utf-8")


def serve(app: Sphinx) -> None:
    """Serve the script that shows the tips."""
    script = str(Path(__file__).parent / AFTER)
    app.config.html_static_path = [*app.config.html_static_path, script]


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are written, and to the end of the build."""
    app.connect("builder-inited", serve)
    app.connect("html-page-context", link_scripts)
    # Before the rules are dropped that no page and no script has a use for.
    app.connect("build-finished", write, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
