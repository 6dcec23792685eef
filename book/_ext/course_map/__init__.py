"""The map of the course: objective, page, self-check, task, misconception.

``{course-map} objectives`` writes, page by page, what each objective is tested by;
``{course-map} misconceptions`` writes, task by task, what a wrong answer means and what
to read again; ``{course-map} mutants`` writes how many small changes of the solutions
the hidden tests catch. All of it is read from the sources: see `course.objectives` and
the banks in ``exercises/answers``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import answers
from answers import Misconception
from course import objectives
from course.objectives import Objective, SelfCheck
from docutils import nodes
from elements import MarkdownDirective, serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

#: Where `make mutants` leaves its scores.
MUTANTS = answers.SOURCE.parent / "mutants"


def in_order() -> list[str]:
    """Return the assignments in the order of the chapters."""
    place = {page: number for number, page in enumerate(objectives.pages())}
    return sorted(
        answers.assignments(), key=lambda name: place.get(f"{name}/assignment", 0)
    )


def tasks_of() -> dict[str, list[tuple[str, str]]]:
    """Return by objective the tasks that test it: pairs of assignment and task."""
    found: dict[str, list[tuple[str, str]]] = {}
    for assignment in in_order():
        for task in answers.titles(assignment):
            for name in answers.tested(assignment).get(task, []):
                found.setdefault(name, []).append((assignment, task))
    return found


def anchor(assignment: str, task: str) -> str:
    """Return where a task stands among the misconceptions."""
    return nodes.make_id(f"task-{assignment}-{task}")


# -- tables whose cells stand below one another on a phone


class map_node(nodes.General, nodes.Element):
    """A table; its children are rows."""


class map_row_node(nodes.General, nodes.Element):
    """One row: a `map_cell_node` for each column."""


class map_cell_node(nodes.General, nodes.Element):
    """What stands in one cell: blocks."""


def _visit_map(self, node: map_node) -> None:
    head = "".join(
        f'<th scope="col" role="columnheader">{title}</th>' for title in node["columns"]
    )
    self.body.append(
        f'<table class="course-map" role="table" aria-label="{node["label"]}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        '<tbody role="rowgroup">\n'
    )


def _depart_map(self, node: map_node) -> None:
    self.body.append("</tbody></table>\n")


def _visit_row(self, node: map_row_node) -> None:
    name = f' id="{node["name"]}"' if node["name"] else ""
    self.body.append(f'<tr role="row"{name}>')


def _depart_row(self, node: map_row_node) -> None:
    self.body.append("</tr>\n")


def _visit_cell(self, node: map_cell_node) -> None:
    column = node.parent.index(node)
    tag = 'td role="cell"' if column else 'th scope="row" role="rowheader"'
    title = node.parent.parent["columns"][column]
    self.body.append(f'<{tag} data-column="{title}">')


def _depart_cell(self, node: map_cell_node) -> None:
    self.body.append("</td>" if node.parent.index(node) else "</th>")


class PrintMap(SphinxPostTransform):
    """Turn each row into a list where there is no HTML."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        """Replace every table of the document."""
        if self.app.builder.format == "html":
            return
        for table in list(self.document.findall(map_node)):
            printed = nodes.bullet_list()
            for row in table:
                blocks = [block for cell in row for block in cell.children]
                printed += nodes.list_item("", *blocks)
            table.replace_self(printed)


# -- the directive


class CourseMap(MarkdownDirective):
    """Write one part of the map."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the part that the argument names."""
        parts = {
            "objectives": self._objectives,
            "misconceptions": self._misconceptions,
            "mutants": self._mutants,
        }
        which = self.arguments[0]
        if which not in parts:
            raise self.error(f"{which!r} is not one of {', '.join(parts)}")
        for path in sources():
            self.env.note_dependency(str(path))
        return list(parts[which]())

    # -- objective, self-checks, tasks

    def _objectives(self) -> Iterator[nodes.Node]:
        checks = objectives.selfchecks()
        tasks = tasks_of()
        by_page: dict[str, list[Objective]] = {}
        for one in objectives.objectives():
            by_page.setdefault(one.page, []).append(one)
        for page, these in by_page.items():
            title = objectives.title(page)
            section = nodes.section(ids=[nodes.make_id(f"map-{page}")])
            section += nodes.title("", "", *self._inline(title))
            table = map_node(
                label=f"Objectives of {title}",
                columns=["You will be able to", "Self-checks", "Tasks"],
            )
            for one in these:
                table += self._row(
                    self._line([self._link(one.words, one.page, one.name)]),
                    self._checks(
                        (check for check in checks if one.name in check.objectives),
                        page,
                    ),
                    self._tasks(tasks.get(one.name, [])),
                )
            section += table
            yield section

    def _checks(self, checks: Iterable[SelfCheck], here: str) -> nodes.Node | None:
        lines = []
        for check in checks:
            words = check.section
            if check.page != here:
                words = f"{words} ({objectives.title(check.page)})"
            lines.append([self._link(words, check.page, check.name)])
        return self._list(lines)

    def _tasks(self, tasks: Iterable[tuple[str, str]]) -> nodes.Node | None:
        lines = []
        for assignment, task in tasks:
            title = answers.titles(assignment)[task]
            there = anchor(assignment, task)
            words = f"{assignment.capitalize()}: {title}"
            lines.append([self._link(words, None, there)])
        return self._list(lines)

    # -- task, wrong answers, sections

    def _misconceptions(self) -> Iterator[nodes.Node]:
        for assignment in in_order():
            wrong: dict[str, list[Misconception]] = {}
            for found in answers.misconceptions(assignment):
                wrong.setdefault(found.task, []).append(found)
            section = nodes.section(ids=[nodes.make_id(f"misconceptions-{assignment}")])
            section += nodes.title("", assignment.capitalize())
            table = map_node(
                label=f"Wrong answers to the assignment {assignment}",
                columns=["Task", "Wrong answers, and what lies behind", "Read again"],
            )
            for task, title in answers.titles(assignment).items():
                these = wrong.get(task, [])
                table += self._row(
                    self._line(self._inline(title)),
                    self._meanings(these),
                    self._sections(these),
                    name=anchor(assignment, task),
                )
            section += table
            yield section

    def _meanings(self, wrong: list[Misconception]) -> nodes.Node | None:
        if not wrong:
            return self._line([nodes.Text("Marked by hand, by its rubric.")])
        return self._list(
            [*self._inline(f"{one.name}:"), nodes.Text(" "), *self._inline(one.why)]
            for one in wrong
        )

    def _sections(self, wrong: list[Misconception]) -> nodes.Node | None:
        checks = dict.fromkeys(check for one in wrong for check in one.read)
        return self._list(
            [self._link(check.section, check.page, check.heading)] for check in checks
        )

    # -- mutants

    def _mutants(self) -> list[nodes.Node]:
        return self.parsed(scores())

    # -- pieces

    def _row(self, *cells: nodes.Node | None, name: str = "") -> map_row_node:
        row = map_row_node(name=name)
        row += [map_cell_node("", cell) if cell else map_cell_node() for cell in cells]
        return row

    def _line(self, inline: Iterable[nodes.Node]) -> nodes.paragraph:
        return nodes.paragraph("", "", *inline)

    def _list(self, lines: Iterable[Iterable[nodes.Node]]) -> nodes.Node | None:
        items = [nodes.list_item("", self._line(line)) for line in lines]
        return nodes.bullet_list("", *items) if items else None

    def _inline(self, words: str) -> list[nodes.Node]:
        """Return a line of Markdown as nodes of a sentence."""
        (paragraph,) = self.parsed([words])
        return paragraph.children

    def _link(
        self, words: str, page: str | None, name: str | None = None
    ) -> nodes.reference:
        """Return a link to a place on a page of the book, or on this one."""
        address = f"#{name}" if name else ""
        if page is not None:
            builder, here = self.env.app.builder, self.env.docname
            address = builder.get_relative_uri(here, f"book/{page}") + address
        link = nodes.reference("", "", internal=True, refuri=address)
        link += self._inline(words)
        return link


def sources() -> list[Path]:
    """Return every file that the map is read from."""
    book, exercises = objectives.BOOK, answers.SOURCE.parent
    return [
        *book.glob("*/*.ipynb"),
        *book.glob("*/*.md"),
        *exercises.glob("answers/*.py"),
        *exercises.glob("source/*/*.ipynb"),
        *exercises.glob("mutants/*.*"),
    ]


def judged(path: Path) -> list[str]:
    """Return the verdicts on what survives in an assignment."""
    if not path.is_file():
        return []
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return [entry["verdict"] for entry in entries]


def scores(folder: Path = MUTANTS) -> list[str]:
    """Return the scores of the hidden tests, as lines of Markdown."""
    lines = [
        "| Assignment | Wrong answers | Small changes | Caught | Same in every input "
        "| Outside the domain | Score |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for assignment in in_order():
        wrong = len(answers.misconceptions(assignment))
        path = folder / f"{assignment}.json"
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if set(found) != set(answers.load(assignment).WRONG):
            lines.append(f"| {assignment} | {wrong} | not yet run | | | | |")
            continue
        tasks = found.values()
        mutants = sum(task["mutants"] for task in tasks)
        alive = sum(len(task["survivors"]) for task in tasks)
        verdicts = judged(folder / f"{assignment}.toml")
        same, outside = map(verdicts.count, ("equivalent", "outside the domain"))
        share = (mutants - alive) / (mutants - same - outside)
        numbers = [assignment, wrong, mutants, mutants - alive, same, outside]
        lines.append(f"| {' | '.join(map(str, numbers))} | {100 * share:.0f} % |")
    return [*lines, ""]


def setup(app: Sphinx) -> dict:
    """Register the directive with Sphinx."""
    pairs = {
        map_node: (_visit_map, _depart_map),
        map_row_node: (_visit_row, _depart_row),
        map_cell_node: (_visit_cell, _depart_cell),
    }
    for node, visitors in pairs.items():
        app.add_node(node, html=visitors)
    app.add_directive("course-map", CourseMap)
    app.add_post_transform(PrintMap)
    serve(app, Path(__file__).parent, 'class="course-map"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
