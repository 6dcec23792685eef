"""Build tiny Sphinx projects with the book's own extensions."""

import io
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book/_ext"))

EXTENSIONS = [
    "myst_nb",
    "sphinx_design",
    "selfcheck",
    "assignments",
    "data_dictionary",
    "lean_pages",
]


class Built:
    """What a build left: its folder, its warnings, its pages."""

    def __init__(self, folder, warnings):
        self.folder = folder
        self.warnings = warnings

    def page(self, name):
        """Return a page as parsed HTML."""
        text = (self.folder / f"{name}.html").read_text()
        return BeautifulSoup(text, "html.parser")

    def warned(self, name):
        """Return the warnings about one source file, as one text."""
        return "\n".join(
            line for line in self.warnings.splitlines() if f"{name}.md" in line
        )


def build(source, pages, builder="html", **settings):
    """Write `pages` (name to Markdown) into the folder `source` and build them."""
    source.mkdir(parents=True, exist_ok=True)
    listed = "\n".join(pages)
    (source / "index.md").write_text(
        f"# Index\n\n```{{toctree}}\n{listed}\n```\n", encoding="utf-8"
    )
    for name, text in pages.items():
        (source / f"{name}.md").write_text(f"# {name}\n\n{text}\n", encoding="utf-8")
    out, warnings = source / f"_{builder}", io.StringIO()
    settings = {
        "extensions": EXTENSIONS,
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
