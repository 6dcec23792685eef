"""The end of a chapter page: the tasks that use what it taught, and its terms.

Nothing is written for it. What a task tests stands in its bank of answers
(``exercises/answers``), what a page teaches in its header, and its terms are those
that it links to the glossary.
"""

from __future__ import annotations

from pathlib import Path

import answers
import sections
from course import objectives
from course_map import in_order, tasks_of
from docutils import nodes
from elements import serve
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def taught(page: str) -> list[str]:
    """Return the objectives of a page, by their names."""
    return [one.name for one in objectives.objectives() if f"book/{one.page}" == page]


def tasks(page: str) -> dict[str, list[str]]:
    """Return the titles of the tasks that test what a page teaches, by assignment."""
    by_objective = tasks_of()
    wanted = {task for name in taught(page) for task in by_objective.get(name, [])}
    found = {
        assignment: [
            title
            for task, title in answers.titles(assignment).items()
            if (assignment, task) in wanted
        ]
        for assignment in in_order()
    }
    return {assignment: titles for assignment, titles in found.items() if titles}


def terms(env: BuildEnvironment, page: str) -> list[sections.Term]:
    """Return the terms that a page links to the glossary, by the alphabet."""
    used = {
        key for section in sections.pages(env)[page].sections for key in section.terms
    }
    return [
        term
        for term in sections.glossary(env)
        if used & {sections.key(name) for name in term.names}
    ]


def close(app: Sphinx, document: nodes.document, page: str) -> None:
    """Write the end of a page that has objectives."""
    if not taught(page):
        return
    last = next(document.findall(nodes.section), None)
    if last is None:
        return

    end = nodes.container(classes=["page-end"])
    for assignment, titles in tasks(page).items():
        there = f"book/{assignment}/assignment"
        if there not in app.env.all_docs:
            continue
        line = nodes.paragraph("", "", nodes.strong("", "Tasks that use this page"))
        line += nodes.Text(" in ")
        line += sections.link(app, page, there, "", f"assignment {assignment}")
        end += line
        items = [
            nodes.list_item("", nodes.paragraph("", title.replace("`", "")))
            for title in titles
        ]
        end += nodes.bullet_list("", *items)
    used = terms(app.env, page)
    if used:
        line = nodes.paragraph("", "", nodes.strong("", "Terms of this page"))
        line += nodes.Text(" in the glossary: ")
        for number, term in enumerate(used):
            line += nodes.Text(" · " if number else "")
            line += sections.link(app, page, term.page, term.anchor, term.names[0])
        end += line
    if end.children:
        last += end


def hang_on(app: Sphinx, document: nodes.document) -> None:
    """Let a page be built again when the tasks of its chapter change."""
    parts = app.env.docname.split("/")
    if taught(app.env.docname) and len(parts) == 3:
        bank = answers.SOURCE.parent / "answers" / f"{parts[1]}.py"
        app.env.note_dependency(str(bank))


def load_banks(app: Sphinx) -> None:
    """Load the banks of answers before there are processes that would each do so."""
    for assignment in answers.assignments():
        answers.load(assignment)


def setup(app: Sphinx) -> dict:
    """Close the pages before they are written."""
    app.setup_extension("sections")
    app.connect("builder-inited", load_banks)
    app.connect("doctree-read", hang_on)
    app.connect("doctree-resolved", close)
    serve(app, Path(__file__).parent, 'class="page-end')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
