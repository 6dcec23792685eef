"""One search for the whole book, which loads when a reader opens it.

Sphinx's own search knows no part of a word, no typing error and no synonym, sorts by
the alphabet, and its index weighs as much as three chapter pages. Pagefind would bring
excerpts and an index in pieces, but fetches them and runs WebAssembly: a browser
refuses both to a page from the file system, and this book is read from there too. So
`MiniSearch <https://github.com/lucaong/minisearch>`_ (7 kB, prefixes, typing errors,
BM25+) weighs the entries of an index that is made here, while the book is built:

``synonyms.yml``
    What readers type for what the book says: abbreviations, trade names.
``words.py``, ``index.py``
    What is found: sections, glossary entries, agents, formulas; and by which terms.
``search-opener.js``
    On every page; fetches the rest, as scripts, when the search field is reached.
``search-engine.js``, ``search.js``
    What a query finds, and how it is shown.
``queries.yml``
    Queries with the page that has to come first: a test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import sections
from build_faster.share import beside
from sphinx.application import Sphinx
from sphinx.search.en import js_porter_stemmer

from search import index

HERE = Path(__file__).parent
#: Where the index lies in the built book: not among the scripts of ``_static``, whose
#: words `drop_unused_rules` takes for names of classes.
INDEX = "search-index.js"
OPENER = "search-opener.js"
#: What the opener fetches, in this order.
SCRIPTS = ("search-engine.js", "search.js")
MINISEARCH = "minisearch.min.js"
#: The page where agents have their entries.
CONCEPTS = "book/reference/concepts"
PAGE = """<section><h1>Search</h1>
<form class="bd-search d-flex align-items-center" method="get" role="search">
<input type="search" class="form-control" name="q" aria-label="Search the book"
 placeholder="Search the book" autocomplete="off" autocapitalize="off"
 spellcheck="false" />
</form>
<noscript><p>The search needs a script. Without it, the index of concepts and agents and
the glossary, at the end of the contents, lead to what the book says.</p></noscript>
</section>"""


def take_over(app: Sphinx) -> None:
    """Turn Sphinx's own search off, and serve the files of this one."""
    if app.builder.format != "html":
        return
    app.builder.search = False
    files = [HERE / "search.css", *(HERE / name for name in (OPENER, *SCRIPTS))]
    files.append(HERE / MINISEARCH)
    paths = [str(path) for path in files]
    app.config.html_static_path = [*app.config.html_static_path, *paths]


def link_opener(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Let every page load the style and the opener, which knows the other files."""
    if app.builder.format != "html":
        return
    static = [f"_static/{name}" for name in (*SCRIPTS, MINISEARCH)]
    order = [static[-1], INDEX, *static[:-1]]
    files = " ".join(context["pathto"](name, 1) for name in order)
    app.add_css_file("search.css", priority=801)
    app.add_js_file(OPENER, loading_method="defer", **{"data-files": files})


def search_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Add the page of results, which has the query in its address."""
    yield "search", {"title": "Search", "body": PAGE}, "page.html"


def write_index(app: Sphinx) -> None:
    """Write the index, and the stemmer that goes with it."""
    if app.builder.format != "html":
        return
    env = app.env
    leads = getattr(app.config, "page_descriptions", {})
    found = index.entries(env, leads)
    if CONCEPTS in sections.pages(env):
        found += index.agents(CONCEPTS)
    same = index.Synonyms(index.groups(sections.glossary(env)))
    packed = index.packed(found, env, app.builder.get_target_uri, same)
    written = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, INDEX).write_text(
        f"{js_porter_stemmer}\nvar BOOK_SEARCH_INDEX = {written};\n", encoding="utf-8"
    )


def setup(app: Sphinx) -> dict:
    """Take the search over."""
    app.setup_extension("sections")
    app.connect("builder-inited", take_over)
    app.connect("html-page-context", link_opener)
    app.connect("html-collect-pages", search_page)
    beside(app, write_index)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
