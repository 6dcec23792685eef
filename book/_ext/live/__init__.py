"""Live figures: what `course.live` makes in a notebook can be moved on its page.

The build turns the specification into a picture and a sentence, which is what print,
a reader without a script and the search see. Beside it lies the specification of Vega,
in the page itself: a page opened from a folder could not fetch it. ``live.js`` shows
the sliders, and loads Vega when a reader first touches one. Below the figure a link
leads to its rows, as below the figures that do not move (`drawings`).
"""

from __future__ import annotations

import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import Any

from course import figures
from course.live import MIME
from docutils import nodes
from drawings import keep_numbers
from elements import Names, serve
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .compile import Compiled, compiled

LOGGER = logging.getLogger(__name__)
SIGN = 'class="live"'
NAMES = Names("live figure", "lv", "live_figures")
#: Vega 6.4.0 as npm has it, licence beside it: who takes another one looks at the
#: figures, and writes its digest here.
VEGA = Path(__file__).parents[2] / "static" / "vega" / "vega.min.js"
SHA256 = "8f6a3587cf8d4f42c7e08120e3eb05d067e746d554e39d2dcf52acc0bd5ba28f"


class live_node(nodes.General, nodes.Element):
    """The whole figure; its children are what is said in words."""


class part_node(nodes.General, nodes.TextElement):
    """One of its texts: the question, the sentence, or what there is to find."""


class LiveFigures:
    """Show the outputs of `course.live`, as myst-nb asks for it."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the figure of an output, or None for another output."""
        if data.mime_type != MIME:
            return None
        return [element(renderer.renderer.sphinx_env, data.content)]


class LiveFigureDirective(SphinxDirective):
    """Show a figure of `course.figures`, on a page that is no notebook."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure that the argument names."""
        make = getattr(figures, self.arguments[0], None)
        if make is None:
            raise self.error(f"course.figures has no {self.arguments[0]!r}")
        self.env.note_dependency(figures.__file__)
        return [element(self.env, make().spec)]


def element(env: BuildEnvironment, spec: dict[str, Any]) -> live_node:
    """Return a figure as the page holds it, from its specification."""
    words = spec["usermeta"]["live"]
    wrong = NAMES.claim(env, words["name"])
    if wrong:
        LOGGER.warning("live figure %r %s", words["name"], wrong, location=env.docname)
    made = compiled(spec, Path(env.doctreedir).parent / "live")
    figure = live_node(words=words, made=made, ids=[words["name"]])
    for kind, text in [
        ("question", words["question"]),
        ("says", made.says),
        ("found", words["found"]),
    ]:
        figure += part_node("", text, kind=kind)
    return figure


def link_rows(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the rows of a page's figures beside it, and link each figure's."""
    if app.builder.format != "html":
        return
    for figure in doctree.findall(live_node):
        words, made = figure["words"], figure["made"]
        name = words["name"].replace("lv-", "live-", 1)
        said = (
            "Data of this figure (CSV)"
            f'<span class="visually-hidden">: {escape(words["question"])}</span>'
        )
        figure += keep_numbers(app, docname, name, made.rows, said)


# -- HTML


def _visit(self, node: live_node) -> None:
    self.body.append(f'<div {SIGN} id="{node["ids"][0]}" role="group">\n')


def _depart(self, node: live_node) -> None:
    made: Compiled = node["made"]
    spec = json.dumps(made.vega, ensure_ascii=False, separators=(",", ":"))
    # In a script nothing is escaped, and only its end can end it.
    spec = spec.replace("</", "<\\/")
    self.body.append(f'<script type="application/json">{spec}</script>\n</div>\n')


def _visit_part(self, node: part_node) -> None:
    figure = node.parent
    if node["kind"] == "question":
        self.body.append('<p class="live-question"><span class="live-kicker">Try it')
        self.body.append(f'</span> <span id="{figure["ids"][0]}-question">')
    elif node["kind"] == "says":
        self.body.append(controls(figure["words"]))
        self.body.append(pictures(figure["words"], figure["made"]))
        self.body.append('<p class="live-says" aria-live="polite">')
    else:
        self.body.append('<details class="live-found"><summary>What there is to find')
        self.body.append("</summary>\n<p>")


def _depart_part(self, node: part_node) -> None:
    ends = {"question": "</span></p>\n", "says": "</p>\n", "found": "</p></details>\n"}
    self.body.append(ends[node["kind"]])


def controls(words: dict[str, Any]) -> str:
    """Return the sliders as HTML; the script shows them."""
    made = ['<div class="live-controls" hidden>']
    made += [_slider(f"{words['name']}-{one['name']}", one) for one in words["sliders"]]
    return "\n".join([*made, "</div>\n"])


def of_one(unit: str) -> str:
    """Return a slider's unit as it is said with 1: "year" for "years"."""
    if unit == "times":
        return unit
    return re.sub(r"^([a-z]{3,})s$", r"\1", unit)


def _slider(name: str, one: dict[str, Any]) -> str:
    low, width = one["low"], one["high"] - one["low"]
    ticks = "".join(
        f'<span style="--at:{(tick - low) / width:.4f}">{tick:g}</span>'
        for tick in one["ticks"]
    )
    unit, single = escape(one["unit"]), escape(of_one(one["unit"]))
    shown, words = (
        f"{one['value']:g} {single if one['value'] == 1 else unit}".strip(),
        "",
    )
    if "words" in one:
        shown = escape(one["words"][one["value"] - 1])
        words = f" data-words='{escape(json.dumps(one['words'], ensure_ascii=False))}'"
    return (
        '<div class="live-control">'
        f'<label for="{name}">{escape(one["label"])}</label> '
        f'<span class="live-value">{shown}</span>\n'
        f'<input type="range" id="{name}" name="{one["name"]}" min="{low:g}" '
        f'max="{one["high"]:g}" step="{one["step"]:g}" value="{one["value"]:g}" '
        f'aria-valuetext="{shown}" data-unit="{unit}" data-single="{single}"'
        f'{words} autocomplete="off">\n'
        f'<div class="live-ticks" aria-hidden="true">{ticks}</div></div>'
    )


def pictures(words: dict[str, Any], made: Compiled) -> str:
    """Return the picture before anything is moved, for both kinds of screen."""
    return (
        f'<div class="live-picture" role="img" aria-label="{escape(words["alt"])}">\n'
        f'<div class="live-wide">{made.wide}</div>\n'
        f'<div class="live-narrow">{made.narrow}</div>\n</div>\n'
    )


# -- every other builder


def _visit_text(self, node: part_node) -> None:
    self.visit_paragraph(node)


def _depart_text(self, node: part_node) -> None:
    self.depart_paragraph(node)


def _nothing(self, node: nodes.Node) -> None:
    """The texts stand there as paragraphs."""


def check_vega(app: Sphinx) -> None:
    """Refuse a copy of Vega that is not the one that was tried."""
    found = hashlib.sha256(VEGA.read_bytes()).hexdigest()
    if found != SHA256:
        raise ExtensionError(f"{VEGA} has the digest {found}, and {SHA256} was tried")


def setup(app: Sphinx) -> dict:
    """Register the figures with myst-nb and Sphinx."""
    # myst-nb finds what shows an output among installed packages. An element of this
    # book is none: it puts itself into the list.
    if LiveFigures not in load_mime_renders():
        load_mime_renders().append(LiveFigures)
    others = ("latex", "text", "man", "texinfo")
    app.add_node(
        live_node,
        html=(_visit, _depart),
        **dict.fromkeys(others, (_nothing, _nothing)),
    )
    app.add_node(
        part_node,
        html=(_visit_part, _depart_part),
        **dict.fromkeys(others, (_visit_text, _depart_text)),
    )
    app.add_directive("live-figure", LiveFigureDirective)
    app.connect("builder-inited", check_vega)
    app.connect("doctree-resolved", link_rows)
    NAMES.keep(app)
    serve(app, Path(__file__).parent, SIGN)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
