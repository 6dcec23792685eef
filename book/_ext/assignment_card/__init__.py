"""Roles and a card that tie the pages to the assignments.

``{assignment}`metrics``` links to the page of an assignment, the one that
holds its card. ``{assignment-card} metrics`` shows tasks, points and time, as
the notebook itself has them, offers the released folder as one ZIP file, and links
to the formulas that the tasks name and to the page *Answers to look at*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import answers_to_look_at
import nbformat
import run
from build_faster.share import beside
from course import formulas
from docutils import nodes
from elements import LinkRole, serve, zipped
from nbgrader_apart.cells import is_graded, mark
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

LOGGER = logging.getLogger(__name__)
TASK = re.compile(r"^#+ +Task +\d+", re.MULTILINE)
#: Where the ZIP files lie in the built site.
FOLDER = "_static/assignments"


@dataclass(frozen=True)
class Facts:
    """What a card tells of an assignment.

    Parameters
    ----------
    tasks : int
        Number of headings that begin with "Task" and a number.
    points : float
        Sum of the points of the graded cells.
    minutes : str
        Time a student needs, e.g. ``"60 to 90"``; empty if the notebook's
        metadata ``course.minutes`` does not say.
    """

    tasks: int
    points: float
    minutes: str

    @classmethod
    def of(cls, notebook: nbformat.NotebookNode) -> Facts:
        """Read them from a source or a released notebook."""
        graded = [mark(cell) for cell in notebook.cells if is_graded(cell)]
        return cls(
            tasks=sum(
                len(TASK.findall(cell.source))
                for cell in notebook.cells
                if cell.cell_type == "markdown"
            ),
            points=sum(cell["points"] for cell in graded),
            minutes=str(notebook.metadata.get("course", {}).get("minutes", "")),
        )


def packed(folder: Path) -> bytes:
    """Return a released assignment as a ZIP file, the same bytes for the same files."""
    inside = {path: path.relative_to(folder.parent) for path in folder.rglob("*")}
    return zipped(
        {
            to.as_posix(): path.read_bytes()
            for path, to in inside.items()
            if path.is_file() and not any(part.startswith(".") for part in to.parts)
        }
    )


class AssignmentRole(LinkRole):
    """Link to the page of an assignment."""

    def shown(self) -> nodes.Node:
        """Return the name of the assignment, as words of the sentence."""
        return nodes.inline("", f"assignment {self.text}")

    def label(self) -> str:
        """Return the label of the assignment's page."""
        return f"assignment-{self.text}"


class download_node(nodes.General, nodes.Element):
    """The link to the ZIP file, as a button."""


class AssignmentCard(SphinxDirective):
    """Show what an assignment asks for and offer it for download."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the card."""
        name = self.arguments[0]
        course = Path(self.env.srcdir, self.config.exercises_folder)
        released = course / "release" / name / f"{name}.ipynb"
        source = course / "source" / name / f"{name}.ipynb"
        for path in (released, source):
            self.env.note_dependency(str(path))

        card = nodes.container(classes=["assignment-card"])
        known = next((path for path in (released, source) if path.is_file()), None)
        if known is None:
            LOGGER.warning(
                "there is no assignment %r: %s is missing",
                name,
                source,
                location=self.get_location(),
            )
            return []
        notebook = nbformat.read(known, as_version=4)
        facts = Facts.of(notebook)
        told = [f"{facts.tasks} tasks", f"{facts.points:g} points"]
        if facts.minutes:
            told.append(f"{facts.minutes} minutes")
        card += nodes.paragraph("", "", nodes.strong("", " · ".join(told)))
        if released.is_file():
            size = len(packed(released.parent)) / 1e3
            card += download_node(name=name, text=f"Download {name}.zip", kb=size)
        else:
            LOGGER.warning(
                "assignment %r is not released: run `make release` before the book",
                name,
                location=self.get_location(),
            )
            card += nodes.paragraph("", "It is not released yet.")
        if formulas.named(notebook):
            card += self._formulas(formulas.named(notebook))
        answers = answers_to_look_at.link(self.env, name)
        if answers is not None:
            told = nodes.Text(": for what no test marks, once you have your own.")
            card += nodes.paragraph("", "", answers, told)
        return [card]

    def _formulas(self, names: list[str]) -> nodes.paragraph:
        """Return a line with a link to each formula that the tasks name."""
        self.env.note_dependency(str(formulas.BOOK / f"{formulas.PAGE}.md"))
        anchors = formulas.anchors()
        page = self.env.app.builder.get_relative_uri(
            self.env.docname, f"book/{formulas.PAGE}"
        )
        line = nodes.paragraph("", "On the page Formulas: ")
        for place, name in enumerate(names):
            if name.lower() not in anchors:
                raise self.error(
                    f"a task names *{name}*, which the page Formulas does not have"
                )
            address = f"{page}#{anchors[name.lower()]}"
            line += nodes.Text(", " * (place > 0))
            line += nodes.reference("", name, internal=True, refuri=address)
        return line


def _visit_download(self, node: download_node) -> None:
    here = self.builder.get_target_uri(self.builder.current_docname)
    there = relative_uri(here, f"{FOLDER}/{node['name']}.zip")
    self.body.append(
        f'<p><a class="assignment-download" href="{there}" download>{node["text"]}</a> '
        f"({node['kb']:,.0f} kB: the notebook and its data)</p>\n"
    )
    if self.builder.config.run_pyodide:
        path = f"exercises/{node['name']}/{node['name']}.ipynb"
        self.body.append(
            f'<p><a class="run-lab" href="{run.lab_address(here, path)}">Do it in '
            "JupyterLab in the browser</a>: nothing to install.</p>\n"
        )
    raise nodes.SkipNode


def _skip(self, node: download_node) -> None:
    raise nodes.SkipNode


def _write_archives(app: Sphinx) -> None:
    """Put every released assignment into the site, in each build anew."""
    if app.builder.format != "html":
        return
    release = Path(app.srcdir, app.config.exercises_folder, "release")
    for notebook in sorted(release.glob("*/*.ipynb")):
        if notebook.stem == notebook.parent.name:
            to = Path(app.outdir, FOLDER, f"{notebook.stem}.zip")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(packed(notebook.parent))


def setup(app: Sphinx) -> dict:
    """Register role, directive and the writing of the ZIP files with Sphinx."""
    app.add_config_value("exercises_folder", "exercises", "env", [str])
    app.add_role("assignment", AssignmentRole())
    app.add_directive("assignment-card", AssignmentCard)
    app.add_node(
        download_node,
        html=(_visit_download, None),
        latex=(_skip, None),
        text=(_skip, None),
    )
    beside(app, _write_archives)
    serve(app, Path(__file__).parent, 'class="assignment-card')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
