"""Build tiny Sphinx projects with the book's own extensions."""

import io
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
#: What the book itself builds with: its own elements, and what they write for. Style
#: sheets stay apart: a test sees which of them a page asks for.
ELEMENTS = [
    name for name in CONFIG["sphinx"]["local_extensions"] if name != "one_sheet"
]
EXTENSIONS = ["myst_nb", "sphinx_design", *ELEMENTS]


class Built:
    """What a build left: its folder, its warnings, its pages."""

    def __init__(self, folder, warnings):
        self.folder = folder
        self.warnings = warnings

    def page(self, name):
        """Return a page as parsed HTML."""
        text = (self.folder / f"{name}.html").read_text()
        return BeautifulSoup(text, "html.parser")

    def served(self, name):
        """Return the names of the styles and scripts that a page asks for."""
        page = self.page(name)
        asked = [one["href"] for one in page.select("link[rel=stylesheet]")]
        asked += [one["src"] for one in page.select("script[src]")]
        beside = (self.folder / name).parent
        files = [beside / address.split("?")[0] for address in asked]
        assert all(file.is_file() for file in files), files
        return {file.name for file in files}

    def warned(self, name):
        """Return the warnings about one source file, as one text."""
        return "\n".join(
            line for line in self.warnings.splitlines() if f"{name}.md" in line
        )


def build(source, pages, builder="html", contents=None, **settings):
    """Write `pages` (name to Markdown) into the folder `source` and build them.

    Their order is that of a table of contents in ``index``, or `contents`: what stands
    in ``_toc.yml``, as in the book.
    """
    source.mkdir(parents=True, exist_ok=True)
    listed = "\n".join(pages)
    index = f"# Index\n\n```{{toctree}}\n{listed}\n```\n"
    extensions = EXTENSIONS
    if contents:
        index = "# Index\n"
        extensions = [*EXTENSIONS, "sphinx_external_toc"]
        (source / "_toc.yml").write_text(contents, encoding="utf-8")
    (source / "index.md").write_text(index, encoding="utf-8")
    for name, text in pages.items():
        path = source / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\n{text}\n", encoding="utf-8")
    out, warnings = source / f"_{builder}", io.StringIO()
    settings = {
        "extensions": extensions,
        "exclude_patterns": ["_*", "exercises"],
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "nb_execution_mode": "off",
        "html_theme": "basic",
    } | settings
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            source,
            None,
            out,
            source / f"_trees_{builder}",
            builder,
            confoverrides=settings,
            status=None,
            warning=warnings,
        )
        app.build()
    return Built(out, warnings.getvalue())


@pytest.fixture
def project(tmp_path):
    """Return a function that builds pages in a fresh folder."""
    return lambda pages, **settings: build(tmp_path / "source", pages, **settings)
