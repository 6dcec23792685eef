"""The evidence atlas: every row of ``data/curated/evidence.csv``, to filter and to see.

``{evidence-atlas} table`` writes the rows whose DOI was seen as one table, each with
its GRADE steps and its source folded below it. ``{evidence-atlas} without-doi`` does
so for the others. ``{evidence-atlas} pictures`` draws the effects, one figure for each
thing that a row can show; ``{evidence-atlas} differences`` lists the effects that
have no place on an axis of ratios; ``{evidence-atlas} counts`` how many rows there are.

In HTML the script ``evidence-atlas.js`` filters the table; without it, the table is
there in full and the details fold out. Other builders print paragraphs.
"""

from __future__ import annotations

import re
from functools import partial
from html import escape
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cohorts import curated
from course import style
from docutils import nodes
from elements import MarkdownDirective, serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

COLUMNS = [
    "Agent, what was given",
    "Disease: outcome",
    "Effect",
    "Certainty",
    "It shows",
]
NOT_RATED = "not rated"
RATINGS = [*reversed(curated.CERTAINTY), NOT_RATED]
#: What a row can show, in the order of the pictures: (short, long, colour).
SHOWS = {
    "benefit shown": ("A benefit is shown", style.BLUE),
    "harm shown": ("A harm is shown", style.VERMILION),
    "benefit excluded": ("A benefit that matters is excluded", style.INK),
    "harm excluded": ("A harm that matters is excluded", style.GREEN),
    "not shown": ("Not shown, and not excluded", style.GREY),
    "uncertain": ("Uncertain: the certainty is low or very low", style.ORANGE),
    "interval not seen": ("No interval was seen", style.PINK),
}
WHY = {
    "benefit shown": "the whole interval lies on the good side of no effect",
    "harm shown": "the whole interval lies on the bad side of no effect",
    "benefit excluded": "the interval reaches no effect, and does not reach a benefit "
    "that matters",
    "harm excluded": "the interval reaches no effect, and does not reach a harm that "
    "matters",
    "not shown": "the interval reaches no effect, and what would matter is still "
    "inside it, or the certainty is too low to exclude it",
    "uncertain": "the certainty is low or very low, or there is no estimate",
    "interval not seen": "the source that was seen gives no interval",
}
BASIS = {
    "published": "as the source prints it",
    "counts": "computed here from the counts",
    "published rates": "computed here from published rates",
    "trial data": "computed here from the data of the trials",
    "no estimate": "none could be seen",
}


# -- what a row says


def atlas() -> pd.DataFrame:
    """Return the evidence with the column ``shows``, agent by agent.

    Returns
    -------
    pandas.DataFrame
        All rows of the table ``evidence``, in the order of agent, indication,
        subgroup, outcome and study. ``shows`` is `cohorts.curated.verdict`.
    """
    evidence = curated.load("evidence")
    return (
        evidence.assign(shows=curated.verdict(evidence))
        .sort_values(
            ["agent", "indication", "subgroup", "outcome", "study"],
            key=lambda column: column.str.casefold(),
        )
        .reset_index(drop=True)
    )


def number(value: float, measure: str) -> str:
    """Return a number as a reader wants it: two decimals for ratios, a true minus."""
    if measure in curated.RATIOS:
        return f"{value:.2f}"
    return f"{value:g}".replace("-", "−")


def effect(row: NamedTuple) -> str:
    """Return the effect of a row with its interval and its unit, in words."""
    if pd.isna(row.estimate):
        return "no estimate"
    told = f"{row.measure} {number(row.estimate, row.measure)}"
    told += {"risk": " %", "risk difference": " points"}.get(row.measure, "")
    if pd.isna(row.ci_low):
        return f"{told} (interval not seen)"
    low, high = (number(end, row.measure) for end in (row.ci_low, row.ci_high))
    return f"{told} ({low} to {high})"


def rated(row: NamedTuple) -> str:
    """Return the certainty of a row, or that there was nothing to rate."""
    return NOT_RATED if pd.isna(row.certainty) else row.certainty


def what(row: NamedTuple) -> str:
    """Return disease, people and outcome, and its kind if it is not clinical."""
    kind = "" if row.kind == "clinical" else f" ({row.kind})"
    people = "" if pd.isna(row.subgroup) else f", {row.subgroup}"
    return f"{row.indication}{people}: {row.outcome}{kind}"


def name(row: NamedTuple) -> str:
    """Return the name of a row, once in the table, for links to it."""
    people = "" if pd.isna(row.subgroup) else row.subgroup
    words = f"{row.agent} {row.study} {row.indication} {people} {row.outcome} "
    words += row.intervention
    return "atlas-" + re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def details(row: NamedTuple) -> list[str]:
    """Return what folds out below a row, as lines of MyST Markdown."""
    told = f"- **Compared**: {row.intervention}, against {row.comparator}"
    if row.contrast == "package":
        told += "; the arms differ in more than the agent"
    if not pd.isna(row.pooled):
        told += f"; the source pools {row.pooled.replace(': ', ' (', 1)})"
    lines = [f"{told}."]
    told = f"- **Seen in**: {row.study}, {row.design}"
    if not pd.isna(row.n):
        told += f", {row.n:,} people"
    if not pd.isna(row.events_treated):
        told += f"; {row.events_treated:,} of {row.n_treated:,} with the outcome"
        if not pd.isna(row.events_control):
            told += f", against {row.events_control:,} of {row.n_control:,}"
    lines.append(f"{told}. The estimate: {BASIS[row.basis]}.")
    if pd.isna(row.start):
        lines.append("- **GRADE**: there is no result to rate.")
    else:
        why = "randomised" if row.start == "high" else "not randomised"
        steps = [
            f"{step.levels:+d} {step.domain} ({step.reason})".replace("-", "−", 1)
            if step.levels < 0
            else f"{step.levels:+d} {step.domain} ({step.reason})"
            for step in curated.grade_steps(row.steps)
        ]
        path = "; ".join(steps) or "no step down or up"
        lines.append(
            f"- **GRADE**: starts {row.start} ({why}); {path}; so **{row.certainty}**."
        )
        lines += precision(row)
    if not pd.isna(row.settled):
        lines.append(f"- **Judged first**: {row.own_rating}; {row.settled}.")
    lines.append(
        f"- **It shows** *{row.shows}*: {WHY[row.shows]} ({row.better} is better)."
    )
    cited = "{cite:t}`" + ",".join(curated.split(row.source)) + "`"
    doi = "no DOI was seen"
    if not pd.isna(row.doi):
        doi = f"DOI [{row.doi}](<https://doi.org/{row.doi}>)"
    lines.append(f"- **Source**: {cited}; {doi}.")
    return lines


def precision(row: NamedTuple) -> list[str]:
    """Return the thresholds of a row and its information size, as a line or none."""
    asked = curated.imprecision(row)
    if pd.isna(asked.good):
        return []
    good, bad = (number(round(end, 3), row.measure) for end in (asked.good, asked.bad))
    unit = " points" if row.measure == "risk difference" else ""
    told = (
        f"- **Precision**: at stake is a {row.stake}; a benefit matters from "
        f"{good}{unit} on, a harm from {bad}{unit}; {asked.reason}"
    )
    if not pd.isna(asked.information):
        told += (
            f"; the interval holds {asked.information:.0%} of the optimal "
            "information size"
        ).replace("%", " %")
    return [f"{told}."]


# -- the table


class atlas_node(nodes.General, nodes.Element):
    """The table; its children are records."""


class record_node(nodes.General, nodes.Element):
    """One row: a `cell_node` for each column and a `more_node`."""


class cell_node(nodes.General, nodes.TextElement):
    """What stands in one cell."""


class more_node(nodes.General, nodes.Element):
    """What folds out below a row: blocks."""


class EvidenceAtlas(MarkdownDirective):
    """Write one part of the atlas."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the part that the argument names."""
        parts = {
            "table": lambda rows: self._table(rows[rows["doi"].notna()], "atlas"),
            "without-doi": lambda rows: self._table(rows[rows["doi"].isna()], "nodoi"),
            "pictures": self._pictures,
            "differences": lambda rows: self.parsed(differences(rows)),
            "counts": lambda rows: self.parsed(counts(rows)),
        }
        which = self.arguments[0]
        if which not in parts:
            raise self.error(f"{which!r} is not one of {', '.join(parts)}")
        self.env.note_dependency(str(curated.FOLDER / "evidence.csv"))
        self.env.note_dependency(__file__)
        return parts[which](atlas())

    def _table(self, rows: pd.DataFrame, label: str) -> list[nodes.Node]:
        table = atlas_node(label=label, filtered=label == "atlas")
        for row in rows.itertuples():
            record = record_node(
                name=name(row),
                study=row.study,
                certainty=rated(row),
                shows=row.shows,
                kind=row.kind,
            )
            given = "" if row.intervention == row.agent else f" {row.intervention}"
            record += cell_node("", "", nodes.strong("", row.agent), nodes.Text(given))
            for text in (
                what(row),
                effect(row),
                rated(row),
                row.shows,
            ):
                record += cell_node("", text)
            record += more_node("", *self.parsed(details(row)))
            table += record
        return [table]

    def _pictures(self, rows: pd.DataFrame) -> list[nodes.Node]:
        lines = []
        drawn = on_ratio_axis(rows)
        for shows, (title, color) in SHOWS.items():
            some = drawn[drawn["shows"] == shows]
            if some.empty:
                continue
            label = f"atlas-{shows.replace(' ', '-')}"
            picture = self.drawn(label, partial(forest, some, color))
            lines += [
                f":::{{figure}} {picture}",
                f":name: fig-{label}",
                f":alt: {alternative(some, title)}",
                "",
                f"{title}. Rows: {len(some)}. In each, {WHY[shows]}.",
                ":::",
                "",
            ]
        return self.parsed(lines)


def counts(rows: pd.DataFrame) -> list[str]:
    """Return how many rows show what with which certainty, as lines of Markdown."""
    seen = rows[rows["doi"].notna()]
    lines = [
        "| It shows | " + " | ".join(RATINGS) + " | All |",
        "|---|" + "--:|" * (len(RATINGS) + 1),
    ]
    for shows, (title, _) in SHOWS.items():
        here = seen[seen["shows"] == shows]
        ratings = here["certainty"].fillna(NOT_RATED)
        cells = [(ratings == rating).sum() for rating in RATINGS]
        lines.append(f"| {title} | " + " | ".join(map(str, [*cells, len(here)])) + " |")
    return [*lines, ""]


def on_ratio_axis(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a DOI whose effect is a ratio, the strongest last."""
    drawn = rows[rows["doi"].notna() & rows["measure"].isin(curated.RATIOS)]
    return drawn.sort_values(["better", "estimate"], ascending=[False, True])


def differences(rows: pd.DataFrame) -> list[str]:
    """Return the rows with a DOI whose effect is no ratio, as lines of Markdown."""
    others = rows[rows["doi"].notna() & ~rows["measure"].isin(curated.RATIOS)]
    lines = ["| Agent, disease | Outcome | Effect | Certainty |", "|---|---|---|---|"]
    lines += [
        f"| {row.agent}, {row.indication} | {row.outcome} | {effect(row)} "
        f"| {rated(row)} |"
        for row in others.itertuples()
    ]
    return [*lines, ""]


# -- the pictures

#: Size of a point by certainty; below moderate it is open.
SIZE = {"high": 8, "moderate": 5.5, "low": 7, "very low": 4.5}


def forest(rows: pd.DataFrame, color: str) -> plt.Figure:
    """Draw effects with their intervals on a logarithmic axis, one row below another.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows whose effect is a ratio.
    color : str
        Colour of points and lines.
    """
    figure, ax = plt.subplots(figsize=(5.2, 0.8 + 0.62 * len(rows)))
    # No effect: a line that stops below the words of each row.
    places = np.arange(len(rows))
    ax.vlines(np.ones(len(rows)), places - 0.4, places + 0.18, color=style.LIMIT, lw=1)
    for place, row in enumerate(reversed(list(rows.itertuples()))):
        sure = row.certainty in ("moderate", "high")
        line = {"color": color, "ls": "-" if sure else (0, (3, 1.5))}
        if not pd.isna(row.ci_low):
            ends = [row.ci_low, row.ci_high]
            ax.plot(ends, [place] * 2, marker="|", ms=8, mew=1.6, **line)
        fill = color if sure else "white"
        size = SIZE[row.certainty]
        ax.plot(row.estimate, place, "o", color=color, ms=size, mfc=fill, zorder=3)
        more = "" if row.better == "lower" else " (more is better)"
        said = what(row)
        if len(said) > 84:  # as many as fit: the table says the rest
            said = said.replace(row.indication, row.indication.split(",")[0])
        ax.text(
            *(0, place + 0.2, f"{row.intervention}\n{said}{more}"),
            transform=ax.get_yaxis_transform(),
            fontsize=7.6,
            linespacing=1.15,
            va="bottom",
        ).set_in_layout(False)
    ticks = [0.03, 0.1, 0.3, 1, 3, 10, 30]
    ax.set(
        xscale="log",
        xlim=(0.018, 100),
        ylim=(-0.4, len(rows) - 0.15),
        xlabel="Ratio, treated against control (log scale)",
        yticks=[],
    )
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.spines["left"].set_visible(False)
    return figure


def alternative(rows: pd.DataFrame, title: str) -> str:
    """Return what a picture says, for those who do not see it."""
    distance = np.log(rows["estimate"]).abs()
    strongest, weakest = rows.loc[distance.idxmax()], rows.loc[distance.idxmin()]
    told = (
        f"Effects with their intervals on a log axis of ratios. {title}. Furthest from "
        f"no effect is {strongest.agent} on {strongest.outcome}"
    )
    if len(rows) > 1:
        told += f", nearest is {weakest.agent} on {weakest.outcome}"
    return told + "; the table holds every number."


# -- HTML

CHOICES = {
    "shows": ("It shows", list(SHOWS)),
    "certainty": ("Certainty", RATINGS),
    "kind": ("Outcome", ["clinical", "surrogate", "harm"]),
}


def _visit_atlas(self, node: atlas_node) -> None:
    label = node["label"]
    if node["filtered"]:
        # Without the script nothing can be filtered: it shows the form.
        self.body.append(
            f'<form class="atlas-form" data-for="{label}" role="search" '
            'aria-label="Filter the evidence atlas" hidden>\n'
            f'<p><label for="{label}-words">Words</label> <input type="search" '
            f'id="{label}-words" name="words" autocomplete="off" '
            'placeholder="agent, disease, outcome, study"></p>\n'
        )
        for key, (title, options) in CHOICES.items():
            listed = "".join(f"<option>{escape(one)}</option>" for one in options)
            self.body.append(
                f'<p><label for="{label}-{key}">{title}</label> '
                f'<select id="{label}-{key}" name="{key}">'
                f'<option value="">all</option>{listed}</select></p>\n'
            )
        self.body.append(
            '<p><button type="reset">Show all</button></p>\n'
            '<p class="atlas-count" role="status" aria-live="polite"></p>\n</form>\n'
        )
    head = "".join(
        f'<th scope="col" role="columnheader">{title}</th>' for title in COLUMNS
    )
    told = "Evidence atlas" if node["filtered"] else "Rows without a DOI"
    self.body.append(
        f'<table class="atlas" id="{label}" role="table" aria-label="{told}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
    )


def _depart_atlas(self, node: atlas_node) -> None:
    self.body.append("</table>\n")


def _visit_record(self, node: record_node) -> None:
    data = "".join(
        f' data-{key}="{escape(node[key])}"' for key in ("certainty", "shows", "kind")
    )
    # On a phone the cells stand below one another: only the roles keep it a table.
    self.body.append(
        f'<tbody class="atlas-record" role="rowgroup" id="{node["name"]}"{data}>\n'
        '<tr role="row">'
    )


def _depart_record(self, node: record_node) -> None:
    self.body.append("</tbody>\n")


def _visit_cell(self, node: cell_node) -> None:
    column = node.parent.index(node)
    tag = 'td role="cell"' if column else 'th scope="row" role="rowheader"'
    self.body.append(f'<{tag} data-column="{COLUMNS[column]}">')


def _depart_cell(self, node: cell_node) -> None:
    self.body.append("</td>" if node.parent.index(node) else "</th>")


def _visit_more(self, node: more_node) -> None:
    record = node.parent
    self.body.append(
        f'</tr>\n<tr class="atlas-more" role="row"><td role="cell" '
        f'colspan="{len(COLUMNS)}"><details><summary>'
        f"{escape(record['study'])}: comparison, GRADE steps, source"
        f'<span class="visually-hidden"> for {escape(record[0].astext())}, '
        f"{escape(record[1].astext())}</span></summary>\n"
    )


def _depart_more(self, node: more_node) -> None:
    self.body.append("</details></td></tr>\n")


# -- every other builder


class PrintAtlas(SphinxPostTransform):
    """Turn each row into a paragraph and its list where there is no HTML."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        """Replace every table of the document."""
        if self.app.builder.format == "html":
            return
        for table in list(self.document.findall(atlas_node)):
            printed: list[nodes.Node] = []
            for record in table:
                *cells, more = record.children
                line = " · ".join(cell.astext() for cell in cells)
                printed += [nodes.paragraph("", line), *more.children]
            table.replace_self(printed)


def setup(app: Sphinx) -> dict:
    """Register the directive with Sphinx."""
    pairs = {
        atlas_node: (_visit_atlas, _depart_atlas),
        record_node: (_visit_record, _depart_record),
        cell_node: (_visit_cell, _depart_cell),
        more_node: (_visit_more, _depart_more),
    }
    for node, visitors in pairs.items():
        app.add_node(node, html=visitors)
    app.add_directive("evidence-atlas", EvidenceAtlas)
    app.add_post_transform(PrintAtlas)
    serve(app, Path(__file__).parent, 'class="atlas"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
