"""The book is built on all cores, and asks for nothing twice."""

import io
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from jupyter_book.config import get_final_config
from PIL import Image
from pybtex import plugin
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.parallel import parallel_available

from build_faster import set_once, share, sidebar

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def app(tmp_path):
    """Return the book's own build, before it reads a page."""
    options = {"external_toc_path": str(ROOT / "_toc.yml")}
    options["latex_individualpages"] = False
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml", cli_config=options, sourcedir=ROOT
    )
    with patch_docutils(), docutils_namespace():
        yield Sphinx(
            ROOT, None, tmp_path, tmp_path / "trees", "html", config, status=None
        )


def test_pages_may_be_read_and_written_in_several_processes(app):
    assert app.is_parallel_allowed("read")
    assert app.is_parallel_allowed("write")
    assert app.builder._read_parallel.func is share.read
    assert app.builder._write_parallel.func is share.write


def test_a_plug_in_is_looked_for_once(app):
    find = plugin.find_plugin
    assert find("pybtex.backends", "plaintext") is find("pybtex.backends", "plaintext")
    assert find.cache_info().hits


# -- processes

forks = pytest.mark.skipif(not parallel_available, reason="needs a system that forks")
FIGURES = """
:::{figure} a.png
:name: fig-a
:alt: A line.

Seen.
:::

:::{figure} a.png
:name: fig-b
:alt: A line.

Seen.
:::
"""
PAGES = {
    "index": "```{toctree}\n:caption: First\none\nfolder/two\n```\n\n"
    "```{toctree}\n:caption: More\nmore-0\nmore-1\nmore-2\nmore-3\n```",
    "one": "(here)=\n## Part\n\nSee {ref}`there` and {numref}`fig-b`.",
    "folder/two": f"(there)=\n## Other part\n{FIGURES}\nOf {{numref}}`fig-a`.\n\n"
    "```{toctree}\ndeep\n```",
    "folder/deep": "Back to {ref}`here`.",
    **{f"more-{number}": "On {ref}`there` & here." for number in range(4)},
}


def build(
    folder, pages=PAGES, parallel=1, theme="basic", also=lambda app: None, warned=None
):
    """Build pages that refer to each other; return the files that were written."""
    for name, text in pages.items():
        path = folder / "src" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\n{text}\n")
        Image.new("RGB", (8, 8)).save(path.parent / "a.png")
    settings = {
        "extensions": ["myst_nb", "search", "build_faster"],
        "myst_enable_extensions": ["colon_fence"],
        "numfig": True,
        "html_theme": theme,
        "nb_execution_mode": "off",
    }
    out = folder / "out"
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            folder / "src",
            None,
            out,
            folder / "trees",
            "html",
            settings,
            status=None,
            warning=warned,
            parallel=parallel,
        )
        also(app)
        app.build()
    kinds = ("html", "png", "inv")
    files = (path for kind in kinds for path in out.rglob(f"*.{kind}"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@forks
def test_several_processes_write_what_one_does(tmp_path):
    alone = build(tmp_path / "alone")
    assert build(tmp_path / "shared", parallel=3) == alone
    assert {"_images/a.png", "folder/deep.html"} <= set(alone)
    assert b"Fig. 2" in alone["one.html"]


@forks
def test_several_processes_warn_of_what_one_does(tmp_path):
    """Of a link that leads nowhere, and of a directive that does not exist."""
    wrong = {"more-0": "To {ref}`nowhere`.", "more-2": ":::{nothing}\n:::"}
    told = []
    for parallel in (1, 3):
        warned, folder = io.StringIO(), tmp_path / str(parallel)
        build(folder, PAGES | wrong, parallel, warned=warned)
        told.append(sorted(warned.getvalue().replace(str(folder), "").splitlines()))
    assert told[0] == told[1]
    assert any("nowhere" in line for line in told[0])
    assert any("nothing" in line for line in told[0])


def test_each_page_is_taken_once():
    waiting = share.Waiting(["a", "b", "c"])
    first, second = iter(waiting), iter(waiting)
    assert [next(first), next(second), *first, *second] == ["a", "b", "c"]


@pytest.mark.parametrize("parallel", [1, pytest.param(2, marks=forks)])
def test_what_is_done_beside_the_pages_is_done_when_they_are(tmp_path, parallel):
    made = tmp_path / "made"

    def work(app):
        made.write_text(" ".join(sorted(app.env.all_docs)))

    def look(app, error):
        assert made.read_text() == "index other"

    def also(app):
        share.beside(app, work)
        app.connect("build-finished", look)

    build(tmp_path, {"index": "Text.", "other": "Text."}, parallel, also=also)
    assert made.is_file()


@forks
def test_what_fails_beside_the_pages_fails_the_build(tmp_path):
    def fail(app):
        raise RuntimeError("no index")

    with pytest.raises(ExtensionError, match="see above"):
        build(
            tmp_path,
            {"index": "Text."},
            parallel=2,
            also=lambda app: share.beside(app, fail),
        )


# -- the sidebar

CONTENTS = """<ul class="nav bd-sidenav">
<li class="toctree-l1"><a class="reference internal" href="a/one.html">One</a></li>
<li class="toctree-l1 has-children"><a class="reference internal" href="a/two.html">Two
</a><details><summary></summary><ul>
<li class="toctree-l2"><a class="reference internal" href="a/deep.html">Deep</a></li>
</ul></details></li>
</ul>"""


def test_a_page_is_marked_in_the_contents_with_all_that_it_stands_in():
    contents = BeautifulSoup(CONTENTS, "html.parser")
    sidebar.mark(contents.find("a", href="a/deep.html"))
    link = contents.select_one("a.current")
    assert link.text == "Deep" and link["href"] == "#"
    marked = [entry.a.text.strip() for entry in contents.select("li.current.active")]
    assert marked == ["Two", "Deep"]
    assert len(contents.select("ul.current")) == 2
    assert contents.select_one("details")["open"] == "open"
    assert "current" not in contents.select("li")[0]["class"]


def test_the_contents_are_those_that_the_theme_makes_on_each_page(
    tmp_path, monkeypatch
):
    ours = build(tmp_path / "ours", theme="sphinx_book_theme")
    monkeypatch.setattr(sidebar, "make_once", lambda app: None)
    theirs = build(tmp_path / "theirs", theme="sphinx_book_theme")
    assert ours == theirs
    deep = BeautifulSoup(ours["folder/deep.html"], "html.parser")
    contents = deep.select_one("nav.bd-docs-nav")
    assert [link.text for link in contents.select("a.current")] == ["folder/deep"]


def test_an_entry_is_set_once_in_a_row():
    asked = []

    def format_entry(style, label, entry):
        asked.append((style, label))
        return [label, *entry]

    once = set_once(format_entry)
    one, other = ["A"], ["A"]
    first = once("plain", "a", one)
    again = once("plain", "a", one)
    assert again is first and asked == [("plain", "a")]
    # Another entry, label or style is set anew.
    assert once("plain", "a", other) is not first
    assert once("plain", "b", other) == ["b", "A"]
    assert once("bold", "b", other) == ["b", "A"]
    assert asked[1:] == [("plain", "a"), ("plain", "b"), ("bold", "b")]
