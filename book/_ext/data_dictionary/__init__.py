"""The data dictionary, written from the schemas of the package `cohorts`.

``{cohort}`acute_phase``` links to the section of a cohort.
``{cohort-table} acute_phase`` writes that section, ``{reference-tables} curated`` or
``trials`` one for every table of facts; ``{cohort}`agents``` links there. All of them
on one page were 7,600 elements, so each chapter has its own; ``{data-dictionary}``
lists them all, and answers to the addresses that they had when they stood there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cohorts
import matplotlib.pyplot as plt
import pandas as pd
import pandera.pandas as pa
from docutils import nodes
from elements import LinkRole, MarkdownDirective
from sphinx.application import Sphinx

KINDS = {"int": "whole number", "float": "number", "bool": "true or false"}
#: Tables of facts: nothing is planted in them.
REFERENCE = {"curated": cohorts.curated, "trials": cohorts.trials}


def label(name: str) -> str:
    """Return the label of a cohort's section: ``data-acute-phase``."""
    return f"data-{name.replace('_', '-')}"


class CohortRole(LinkRole):
    """Link to the section of a cohort, or of a table of facts."""

    def shown(self) -> nodes.Node:
        """Return the name of the data, as code."""
        return nodes.literal("", self.text)

    def label(self) -> str:
        """Return the label of the section."""
        return label(self.text)


class old_place_node(nodes.Inline, nodes.Element):
    """An anchor that links from elsewhere may still lead to."""


class DataDictionary(MarkdownDirective):
    """List all tables, each with a link to its section."""

    def run(self) -> list[nodes.Node]:
        """Return a table of the cohorts, and one of the tables of facts."""
        synthetic = {name: cohorts.get(name).title for name in cohorts.names()}
        facts = {
            name: schema.description
            for module in REFERENCE.values()
            for name, schema in module.TABLES.items()
        }
        return [*self._list("Cohort", synthetic), *self._list("Table", facts)]

    def _list(self, what: str, titles: Mapping[str, str]) -> list[nodes.Node]:
        lines = [f"| {what} | What it holds |", "|---|---|"]
        lines += [
            _row([f"{{cohort}}`{name}`", f"{title}."]) for name, title in titles.items()
        ]
        written = self.parsed([*lines, ""])
        (table,) = written
        rows = list(table.findall(nodes.row))[1:]
        for name, row in zip(titles, rows, strict=True):
            row[0][0].insert(0, old_place_node(ids=[label(name)]))
        return written


class CohortTable(MarkdownDirective):
    """Write the section of one cohort."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the Markdown of the section."""
        name = self.arguments[0]
        try:
            cohort, made = cohorts.get(name), cohorts.load(name)
        except (ValueError, FileNotFoundError) as error:
            raise self.error(str(error)) from error
        self.env.note_dependency(inspect.getsourcefile(cohort.make))
        for table in cohort.tables:
            self.env.note_dependency(str(cohorts.SYNTHETIC / cohort.filename(table)))
        files = {
            table: self.address(cohorts.SYNTHETIC / cohort.filename(table))
            for table in cohort.tables
        }
        picture = self._picture(cohort, made)
        return self.parsed(markdown(cohort, cohort.frames(made), files, picture))

    def _picture(self, cohort: cohorts.Cohort, made: Any) -> str | None:
        if cohort.picture is None or cohort.sealed:
            return None

        def draw() -> plt.Figure:
            figure, ax = plt.subplots(figsize=(6.0, 2.8))
            cohort.picture(ax, made)
            return figure

        return self.drawn(cohort.name, draw)


class ReferenceTables(MarkdownDirective):
    """Write the sections of the curated tables, or of the real trials."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the Markdown of each section."""
        which = self.arguments[0]
        if which not in REFERENCE:
            raise self.error(f"{which!r} is not one of {', '.join(REFERENCE)}")
        module, lines = REFERENCE[which], []
        self.env.note_dependency(inspect.getsourcefile(module))
        for name, schema in module.TABLES.items():
            path = module.FOLDER / f"{name}.csv"
            self.env.note_dependency(str(path))
            lines += [f"({label(name)})=", f"### `{name}`", ""]
            lines += [f"**{schema.description}.**", ""]
            lines += described(f"`{path.name}`", schema, len(module.load(name)))
        return self.parsed(lines)


# -- Markdown


def markdown(
    cohort: cohorts.Cohort,
    frames: Mapping[str, pd.DataFrame],
    files: Mapping[str, str],
    picture: str | None,
) -> list[str]:
    """Return the section of a cohort as lines of MyST Markdown.

    Parameters
    ----------
    cohort : cohorts.Cohort
        What the section describes.
    frames : mapping of str to pandas.DataFrame
        The shipped tables, by name.
    files : mapping of str to str
        Address of each table's CSV file.
    picture : str or None
        Address of the cohort's picture.
    """
    lines = [f"({label(cohort.name)})=", f"## `{cohort.name}`", ""]
    lines += [f"**{cohort.title}.**", "", inspect.cleandoc(cohort.about), ""]
    if picture is not None:
        shown = _shown(cohort)
        lines += [
            f":::{{figure}} {picture}",
            f":alt: Chart of {cohort.name}. {shown}",
            "",
            shown,
            ":::",
            "",
        ]
    for table, schema in cohort.tables.items():
        file = f"{{download}}`{Path(files[table]).name} <{files[table]}>`"
        lines += described(file, schema, len(frames[table]))
    if cohort.sealed:
        return [*lines, "What was planted is for you to find out.", ""]
    lines += [
        f":::{{dropdown}} What was planted in `{cohort.name}`",
        ":icon: eye",
        "",
        "| Parameter | Value | Unit | Meaning | Source |",
        "|---|---|---|---|---|",
    ]
    for name, planted in cohort.truth.items():
        cells = [
            f"`{name}`",
            _number(planted.value),
            _unit(planted.unit),
            planted.meaning,
            _source(planted.source),
        ]
        lines.append(_row(cells))
    return [*lines, ":::", ""]


def described(file: str, schema: pa.DataFrameSchema, rows: int) -> list[str]:
    """Return what a table holds, column by column, as lines of MyST Markdown."""
    key = ", ".join(f"`{column}`" for column in schema.unique)
    lines = [
        f"**{file}**: {rows:,} rows; one row for each {key}.",
        "",
        "| Column | Meaning | Unit | Values |",
        "|---|---|---|---|",
    ]
    for column in schema.columns.values():
        cells = [
            f"`{column.name}`",
            column.description,
            _unit(column.metadata["unit"]),
            _values(column),
        ]
        lines.append(_row(cells))
    return [*lines, "", *_missing(schema), ""]


def _shown(cohort: cohorts.Cohort) -> str:
    """Return what the picture shows: the first line of its docstring."""
    said = (inspect.getdoc(cohort.picture) or cohort.title).splitlines()[0]
    said = re.sub(r"^Draw\s+(the\s+)?", "", said)
    return said[0].upper() + said[1:]


def _missing(schema: pa.DataFrameSchema) -> list[str]:
    """Return which columns may lack a value, and why: one line for each rule."""
    rules: dict[str, list[str]] = {}
    for column in schema.columns.values():
        if column.metadata["missing"]:
            rules.setdefault(column.metadata["missing"], []).append(f"`{column.name}`")
    if not rules:
        return ["No value is missing."]
    lines = ["Values may be missing here, and in no other column:", ""]
    return lines + [f"- {', '.join(names)}: {rule}." for rule, names in rules.items()]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _unit(unit: str | None) -> str:
    return "–" if unit in (None, "1") else unit


def _number(value: Any) -> str:
    """Return a planted value in words: a number, a list, or group by group."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_number(one)}" for key, one in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(_number(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _values(column: pa.Column) -> str:
    """Return the type and the allowed values of a column in words."""
    about = column.metadata
    if about["isin"] is not None:
        return ", ".join(str(value) for value in about["isin"])
    held = str(column.dtype).lower()  # Int64 is an int64 that may be missing
    kind = next(
        (kind for start, kind in KINDS.items() if held.startswith(start)), "text"
    )
    if about["between"] is not None:
        low, high = about["between"]
        return f"{kind}, {low:g} to {high:g}"
    return kind


def _source(source: str) -> str:
    return "teaching assumption" if source == "teaching" else f"{{cite:t}}`{source}`"


def _visit_old_place(self, node: old_place_node) -> None:
    self.body.append(f'<span id="{node["ids"][0]}"></span>')


def _leave(self, node: old_place_node) -> None:
    pass


def setup(app: Sphinx) -> dict:
    """Register the role and the directives with Sphinx."""
    nothing = (_leave, _leave)
    app.add_node(
        old_place_node, html=(_visit_old_place, _leave), text=nothing, latex=nothing
    )
    app.add_role("cohort", CohortRole())
    app.add_directive("cohort-table", CohortTable)
    app.add_directive("data-dictionary", DataDictionary)
    app.add_directive("reference-tables", ReferenceTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
