"""The directive ``predict``: a question that is answered before the page goes on.

What follows it, to the end of the section, is covered until the reader answers or
says "show me". With ``:over: 1`` the next section is covered, too, and so on: for a
question that only a later section answers. The takeaways, which say again what the page
has shown, are covered until all of its predictions are made. The answer is kept in the
reader's browser, and comes back beside the truth in the chapter's takeaways.

Choice, with one right option or several::

    :::{predict} pr-metrics-line
    Will the straight line find 19 h, more, or less?

    - [ ] 19 h
    - [ ] less
    - [x] more

    > The line finds {glue:text}`crp_line` h.
    :::

Number, or a point on a line with ``:from:`` and ``:to:``; the number of the answer
stands in bold::

    :::{predict} pr-evidence-share
    :unit: %
    :from: 0
    :to: 100

    What share of the fall is the work of the remedy?

    > It was **{glue:text}`share`** %.
    :::

Curve, with a value to guess at each of the places ``:at:``; the answers stand in
bold, one after another::

    :::{predict} pr-mechanism-curve
    :unit: mg/L
    :from: 0
    :to: 100
    :at: 0 7 14 21 28
    :along: day

    Draw the mean CRP after one infusion.

    > On these days it was **100**, **40**, ... mg/L.
    :::

Words, if there is neither a list nor a unit. What else is asked, in a paragraph of its
own after the first, has a field of its own for words; what the page is going to show
answers it, too. The flag ``:later:`` covers nothing and
keeps the truth for the takeaways: for a question that the page settles at its end.

The quoted part at the end is what the page is going to show. Without a script, in
print and in other builders the question stands there alone, with its options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from elements import Names, serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

NAMES = Names("prediction", "pr", "predictions")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
BOX = re.compile(r"\[([ xX])\]\s+")
#: The section of a chapter page that says again what the reader predicted.
TAKEAWAYS = "Key takeaways"


class predict_node(nodes.General, nodes.Element):
    """The whole prediction."""


class asked_node(nodes.General, nodes.TextElement):
    """The first sentence of the question: inline content of the legend."""


class also_node(nodes.General, nodes.TextElement):
    """What else is asked: inline content of the label of a field for words."""


class offer_node(nodes.General, nodes.TextElement):
    """One option: inline content of its label."""


class shown_node(nodes.General, nodes.Element):
    """What the page is going to show: blocks."""


class covered_node(nodes.General, nodes.Element):
    """What is covered until the predictions in ``waits`` are made."""


class Predict(SphinxDirective):
    """Build the question, or say in one line what the author must mend."""

    required_arguments = 1
    final_argument_whitespace = False
    has_content = True
    option_spec = {
        "unit": directives.unchanged_required,
        "from": directives.unchanged_required,
        "to": directives.unchanged_required,
        "step": directives.unchanged_required,
        "at": directives.unchanged_required,
        "along": directives.unchanged_required,
        "over": directives.positive_int,
        "later": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Parse the content and return the question."""
        name = self.arguments[0]
        wrong = NAMES.claim(self.env, name)
        if wrong:
            raise self._refuse(wrong)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        parts = list(body.children)
        if not (len(parts) >= 2 and isinstance(parts[-1], nodes.block_quote)):
            raise self._refuse(
                "needs a question, and at its end, quoted with >, what the page is "
                "going to show"
            )
        if not isinstance(parts[0], nodes.paragraph):
            raise self._refuse("must open with a sentence that asks the question")
        shown = shown_node("", *parts.pop().children)
        options = parts.pop() if isinstance(parts[-1], nodes.bullet_list) else None

        later, over = "later" in self.options, self.options.get("over", 0)
        if later and over:
            raise self._refuse("covers nothing, by :later:, and has :over:, too")
        node = predict_node(ids=[name], name=name, later=later, over=over)
        node += asked_node("", "", *parts[0].children)
        if options is not None:
            node["kind"] = "choice"
        else:
            self._take_scale(node)
        more = nodes.container(classes=["predict-more"])
        for part in parts[1:]:
            more += self._also(part) if node["kind"] != "words" else part
        if more.children:
            node += more
        if options is not None:
            node += self._offers(options)
        if node["kind"] in ("number", "line", "curve"):
            self._check_bold(node, shown)
        node += shown
        self.set_source_info(node)
        return [node]

    def _refuse(self, what: str) -> Exception:
        return self.error(f"prediction {self.arguments[0]!r} {what}")

    def _also(self, part: nodes.Node) -> nodes.Node:
        """Return a paragraph as it is, or, if it asks, as the label of a field."""
        if isinstance(part, nodes.paragraph) and "?" in part.astext():
            return also_node("", "", *part.children)
        return part

    def _offers(self, options: nodes.bullet_list) -> list[offer_node]:
        for unwanted in ("unit", "from", "to", "step", "at", "along"):
            if unwanted in self.options:
                raise self._refuse(f"has a list to choose from, and :{unwanted}: too")
        made = []
        for item in options:
            inline = list(item[0].children) if len(item) else []
            lead = inline[0].astext() if inline else ""
            found = BOX.match(lead)
            if not found:
                raise self._refuse(
                    f"has the option {item.astext()!r}, which must begin with [ ] or, "
                    "if right, with [x]"
                )
            rest = [nodes.Text(lead[found.end() :]), *inline[1:]]
            made.append(offer_node("", "", *rest, right=found.group(1) in "xX"))
        if len(made) < 2:
            raise self._refuse("has one option; give two or more")
        if not any(offer["right"] for offer in made):
            raise self._refuse("has no right option; mark it with [x]")
        return made

    def _take_scale(self, node: predict_node) -> None:
        """Find out which kind a prediction without a list is, and its scale."""
        has = self.options.keys()
        node["unit"] = self.options.get("unit", "").strip("\"' ")
        if not has & {"unit", "from", "to", "step", "at", "along"}:
            node["kind"] = "words"
            return
        if ("from" in has) != ("to" in has):
            raise self._refuse("needs :from: and :to:, or neither")
        if "at" in has and not {"from", "along"} <= has:
            raise self._refuse("has :at:, which needs :along:, :from: and :to:")
        node["kind"] = "curve" if "at" in has else "line" if "from" in has else "number"
        for name in ("from", "to", "step"):
            if name in has:
                node[name] = self._number(name, self.options[name])
        if "from" in has and not float(node["from"]) < float(node["to"]):
            raise self._refuse("has a :from: that is not below its :to:")
        if "at" in has:
            places = self.options["at"].split()
            node["at"] = " ".join(self._number("at", one) for one in places)
            node["along"] = self.options["along"].strip()

    def _number(self, option: str, text: str) -> str:
        try:
            float(text)
        except ValueError:
            raise self._refuse(
                f"has {text!r} in :{option}:, which is not a number"
            ) from None
        return text.strip()

    def _check_bold(self, node: predict_node, shown: shown_node) -> None:
        """Refuse an answer whose numbers are not marked."""
        wanted = len(node["at"].split()) if node["kind"] == "curve" else 1
        marked = list(shown.findall(nodes.strong))
        if len(marked) != wanted:
            raise self._refuse(
                f"must have {wanted} number{'s' * (wanted > 1)} in bold in what the "
                f"page is going to show, and has {len(marked)}"
            )
        if node["kind"] == "number":
            return
        low, high = float(node["from"]), float(node["to"])
        for number in marked:
            text = number.astext().replace("\N{MINUS SIGN}", "-").replace(",", "")
            if not NUMBER.fullmatch(text):
                raise self._refuse(f"has {text!r} in bold, which is not a number")
            if not low <= float(text) <= high:
                raise self._refuse(
                    f"has the answer {text}, which is not on its scale from {low:g} "
                    f"to {high:g}"
                )


# -- HTML


class CoverWhatFollows(SphinxPostTransform):
    """Put what follows a prediction into a cover; other builders print it plainly."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        """Work through all predictions of the document."""
        found = list(self.document.findall(predict_node))
        if self.app.builder.format != "html":
            for node in found:
                node.replace_self(_printed(node))
            return
        waits: list[predict_node] = []
        for node in found:
            if node["later"]:
                continue
            waits.append(node)
            # One cover waits for all that stand in a row.
            if not isinstance(_after(node), predict_node):
                _cover(node, waits)
                waits = []
        names = [node["name"] for node in found if not node["later"]]
        for section in list(self.document.findall(nodes.section)):
            if names and _title(section) == TAKEAWAYS:
                _wrap(section, section.index(section.next_node(nodes.title)) + 1, names)


def _title(section: nodes.section) -> str:
    return section.next_node(nodes.title).astext()


def _after(node: nodes.Node) -> nodes.Node | None:
    """Return what the reader sees next to a node in its section."""
    for following in node.parent[node.parent.index(node) + 1 :]:
        if not isinstance(following, nodes.target | nodes.comment):
            return following
    return None


def _sections_after(node: nodes.Node) -> Iterator[nodes.section]:
    """Return the sections that follow a node on its page, up to the takeaways.

    Those within one that is returned are not returned themselves.
    """
    while isinstance(node.parent, nodes.section | covered_node):
        for following in node.parent[node.parent.index(node) + 1 :]:
            if not isinstance(following, nodes.section):
                continue
            if _title(following) == TAKEAWAYS:
                return
            yield following
        node = node.parent


def _cover(node: predict_node, waits: list[predict_node]) -> None:
    """Cover the rest of the section, or the next section if there is none.

    And as many of the following sections as one of `waits` says.
    """
    names = [one["name"] for one in waits]
    following = list(_sections_after(node))
    over = max(one["over"] for one in waits)
    after = _after(node)
    if after is None or isinstance(after, nodes.section):
        over += 1
    else:
        _wrap(node.parent, node.parent.index(node) + 1, names)
    for section in following[:over]:
        for part in list(section.findall(nodes.section)):
            _wrap(part, part.index(part.next_node(nodes.title)) + 1, names)


def _wrap(parent: nodes.Element, start: int, names: list[str]) -> None:
    """Move the children from `start` on, up to the first section, into a cover."""
    end = start
    while end < len(parent) and not isinstance(parent[end], nodes.section):
        end += 1
    if end == start:
        return
    cover = covered_node(waits=names)
    inside = parent[start:end]
    del parent[start:end]
    cover += inside
    parent.insert(start, cover)


def _visit_predict(self, node: predict_node) -> None:
    data = {"kind": node["kind"], "later": str(node["later"]).lower()}
    data |= {
        name: node[name]
        for name in ("unit", "from", "to", "step", "at", "along")
        if name in node
    }
    attributes = "".join(f' data-{key}="{escape(data[key])}"' for key in data)
    self.body.append(
        f'<div class="predict" id="{node["name"]}"{attributes}>\n<fieldset>\n'
    )


def _depart_predict(self, node: predict_node) -> None:
    self.body.append("</fieldset>\n</div>\n")


def _visit_asked(self, node: asked_node) -> None:
    self.body.append('<legend><span class="predict-kicker">Predict</span> ')


def _depart_asked(self, node: asked_node) -> None:
    self.body.append("</legend>\n")


def _visit_also(self, node: also_node) -> None:
    self.body.append('<div class="predict-also"><p>')


def _depart_also(self, node: also_node) -> None:
    self.body.append("</p></div>\n")


def _visit_offer(self, node: offer_node) -> None:
    parent = node.parent
    offers = [one for one in parent if isinstance(one, offer_node)]
    several = sum(one["right"] for one in offers) > 1
    kind = "checkbox" if several else "radio"
    self.body.append(
        f'<label class="predict-offer" data-right="{str(node["right"]).lower()}">'
        f'<input type="{kind}" name="{parent["name"]}" '
        f'value="{offers.index(node) + 1}"> <span>'
    )


def _depart_offer(self, node: offer_node) -> None:
    self.body.append("</span></label>\n")


def _visit_shown(self, node: shown_node) -> None:
    # The script makes the form; what was said then stands before what is shown.
    self.body.append(
        '<div class="predict-form"></div>\n'
        '<div class="predict-verdict" role="status" aria-live="polite"></div>\n'
        '<div class="predict-shown" hidden>\n'
    )


def _depart_shown(self, node: shown_node) -> None:
    self.body.append("</div>\n")


def _visit_covered(self, node: covered_node) -> None:
    waits = " ".join(node["waits"])
    self.body.append(f'<div class="predict-covered" data-waits="{waits}">\n')


def _depart_covered(self, node: covered_node) -> None:
    self.body.append("</div>\n")


# -- every other builder


def _printed(node: predict_node) -> list[nodes.Node]:
    lead = [nodes.strong("", "Predict."), nodes.Text(" ")]
    printed: list[nodes.Node] = []
    offers = nodes.bullet_list(bullet="-")
    for part in node.children:
        if isinstance(part, asked_node):
            printed.append(nodes.paragraph("", "", *lead, *part.children))
        elif isinstance(part, offer_node):
            offers += nodes.list_item("", nodes.paragraph("", "", *part.children))
        elif not isinstance(part, shown_node):
            printed += [_plain(one) for one in part.children]
    return [*printed, offers] if len(offers) else printed


def _plain(node: nodes.Node) -> nodes.Node:
    """Return a part of the question without its field."""
    if isinstance(node, also_node):
        return nodes.paragraph("", "", *node.children)
    return node


def setup(app: Sphinx) -> dict:
    """Register the directive with Sphinx."""
    pairs = {
        predict_node: (_visit_predict, _depart_predict),
        asked_node: (_visit_asked, _depart_asked),
        also_node: (_visit_also, _depart_also),
        offer_node: (_visit_offer, _depart_offer),
        shown_node: (_visit_shown, _depart_shown),
        covered_node: (_visit_covered, _depart_covered),
    }
    for node, visitors in pairs.items():
        app.add_node(node, html=visitors)
    app.add_directive("predict", Predict)
    app.add_post_transform(CoverWhatFollows)
    NAMES.keep(app)
    serve(app, Path(__file__).parent, 'class="predict"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
