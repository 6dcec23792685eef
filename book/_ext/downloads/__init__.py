"""``{downloads} notebooks`` lists every file of one kind that the site hands out.

The kinds: ``data`` (each table as CSV), ``assignments`` and ``notebooks`` (ZIP files
that other elements pack), and ``book`` (the whole book as PDF and as a ZIP file to read
offline, if ``book_files`` in ``_config.yml`` says where they lie).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

import cohorts
from assignment_card import FOLDER as ASSIGNMENTS
from cohorts import curated, trials
from docutils import nodes
from elements import MarkdownDirective
from run.archive import FOLDER as NOTEBOOKS
from run.archive import name_of
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

#: What ``make pdf`` and ``make offline`` call their files, and what they are.
BOOK = {
    "immune-modulators.pdf": ("the whole book as one PDF file", "pdf"),
    "immune-modulators.zip": (
        "the whole site as one ZIP file: unpack it and open `html/index.html`; search "
        "and live figures work without a network",
        "offline",
    ),
}


class Downloads(MarkdownDirective):
    """List the files of one kind."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the list as Markdown."""
        kinds = {
            "book": self._book,
            "assignments": self._assignments,
            "notebooks": self._notebooks,
            "data": self._data,
        }
        kind = self.arguments[0]
        if kind not in kinds:
            raise self.error(f"{kind!r} is not one of {', '.join(kinds)}")
        return self.parsed(list(kinds[kind]()))

    def _book(self) -> Iterator[str]:
        folder = self.config.book_files.rstrip("/")
        for file, (what, command) in BOOK.items():
            if folder:
                yield f"- {self._link(f'{folder}/{file}')}: {what}"
            else:
                yield f"- {what}: `make {command}` in a copy of the repository makes it"

    def _link(self, path: str) -> str:
        here = self.env.app.builder.get_target_uri(self.env.docname)
        address = path if "://" in path else relative_uri(here, path)
        return f'<a href="{escape(address)}" download>{escape(Path(path).name)}</a>'

    def _assignments(self) -> Iterator[str]:
        release = Path(self.env.srcdir, self.config.exercises_folder, "release")
        found = sorted(path.parent.name for path in release.glob("*/*.ipynb"))
        for name in found:
            file = self._link(f"{ASSIGNMENTS}/{name}.zip")
            yield f"- {{assignment}}`{name}`: {file}"

    def _notebooks(self) -> Iterator[str]:
        for path in sorted(Path(self.env.srcdir, "book").glob("*/*.ipynb")):
            page = path.relative_to(self.env.srcdir).with_suffix("").as_posix()
            if page in self.env.found_docs:
                file = self._link(f"{NOTEBOOKS}/{name_of(page)}.zip")
                yield f"- [](/{page}.ipynb): {file}"

    def _data(self) -> Iterator[str]:
        yield "| Table | File | Size (kB) |"
        yield "|---|---|---|"
        for cohort in cohorts.COHORTS.values():
            for table in cohort.tables:
                path = cohorts.SYNTHETIC / cohort.filename(table)
                yield self._row(cohort.name, path)
        for module in (curated, trials):
            for name in module.TABLES:
                yield self._row(name, module.FOLDER / f"{name}.csv")

    def _row(self, name: str, path: Path) -> str:
        self.env.note_dependency(str(path))
        file = f"{{download}}`{path.name} <{self.address(path)}>`"
        return f"| {{cohort}}`{name}` | {file} | {path.stat().st_size / 1e3:,.1f} |"


def setup(app: Sphinx) -> dict:
    """Register the directive and the setting with Sphinx."""
    app.add_config_value("book_files", "", "env", [str])
    app.add_directive("downloads", Downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
