"""The directive ``selfcheck``: one question, and a reason for every answer.

Choice, with one right option (or several, with the flag ``:several:``)::

    :::{selfcheck} sc-metrics-rcv
    A patient's CRP rises from 8 to 14 mg/L. What can you say?

    - [ ] It rose: treat.
      The reason why this is wrong.
    - [x] Not yet.
      The reason why this is right.
    :::

Number, with the tolerance that counts as right::

    :::{selfcheck} sc-metrics-halflife
    :answer: 12.5
    :tolerance: 0.5
    :unit: mg/L

    CRP is 100 mg/L and synthesis stops. What is it after 57 h?

    - 33.3: You divided by three; each half-life halves.
    - else: 57 h is three half-lives.
    - right: 100 · 0.5³ = 12.5.
    :::

The first line of an option is what the reader chooses; the lines after it are
the reason. In HTML the script ``selfcheck.js`` checks the answer; without it,
and in print, the reasons fold out. Other builders print a list.

Options are shown in an order that `shown_order` draws from the name of the
question: the same in every build, with a script, without one and in print.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path

from course import objectives
from docutils import nodes
from docutils.parsers.rst import directives
from elements import Names, serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

NAMES = Names("self-check", "sc", "selfchecks")
BOX = re.compile(r"\[([ xX])\]\s+")
WORTH = re.compile(r"([^:\n]+):\s*")

#: Drawn with every name. Another word draws all orders of the book anew.
DRAW = "course"
#: What points at an option by its place, which the author does not know.
PLACED = re.compile(
    r"\b(of|than|as) (the|those) (above|below)\b"
    r"|\b(option|answer|choice|statement)s? (above|below|before|after|[A-F1-9])\b"
    r"|\b(first|second|third|fourth|last|next|previous|other) "
    r"(\w+ )?(option|answer|choice)s?\b",
    re.IGNORECASE,
)
#: What points so at the beginning of an option.
PLACED_FIRST = re.compile(
    r"(the )?(first|second|third|fourth|last|former|latter)( one)?\b(?! \w)"
    r"|(all|both|none|neither|either) of (these|them)\b",
    re.IGNORECASE,
)


def shown_order(name: str, size: int) -> list[int]:
    """Return the places that the options have in the source, in the order shown.

    The order is drawn from the name of the self-check and the number of its
    options, and from nothing else: an option that is rewritten keeps its place,
    and one that is added last moves into a place of its own among the others.

    Parameters
    ----------
    name : str
        Name of the self-check.
    size : int
        Number of its options.

    Returns
    -------
    list of int
        A permutation of ``range(size)``.
    """

    def drawn(place: int) -> bytes:
        return hashlib.sha256(f"{DRAW}/{name}/{place}".encode()).digest()

    return sorted(range(size), key=drawn)


class check_node(nodes.General, nodes.Element):
    """The whole question."""


class question_node(nodes.General, nodes.TextElement):
    """The question itself: inline content of the legend."""


class fold_node(nodes.General, nodes.Element):
    """The answers of a numeric question, folded together."""


class option_node(nodes.General, nodes.Element):
    """One option: a `choice_node`, if it is a choice, and a `reason_node`.

    A choice has its number as it is shown; `shown_order` says where it was written.
    """


class choice_node(nodes.General, nodes.TextElement):
    """What the reader chooses: inline content of the label."""


class reason_node(nodes.General, nodes.Element):
    """Why the option is right or wrong: blocks."""


class SelfCheck(SphinxDirective):
    """Build the question, or say in one line what the author must mend."""

    required_arguments = 1
    final_argument_whitespace = False
    has_content = True
    option_spec = {
        "answer": directives.unchanged_required,
        "tolerance": directives.unchanged_required,
        "unit": directives.unchanged_required,
        "several": directives.flag,
        # Ask how sure the reader is, for the page My course.
        "sure": directives.flag,
        # Which objectives it tests: `course.objectives` reads it, the reader does not.
        "objective": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Parse the content and return the question."""
        name = self.arguments[0]
        wrong = NAMES.claim(self.env, name)
        if wrong:
            raise self._refuse(wrong)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if not (len(body) >= 2 and isinstance(body[-1], nodes.bullet_list)):
            raise self._refuse(
                "needs a question, a blank line and then a list of options, in this "
                "order and nothing after it"
            )
        if not isinstance(body[0], nodes.paragraph):
            raise self._refuse("must open with a sentence that asks the question")
        *question, options = body.children

        check = check_node(ids=[name], kind="choice", name=name)
        check["sure"] = "sure" in self.options
        check += question_node("", "", *question[0].children)
        if len(question) > 1:
            more = nodes.container(classes=["selfcheck-more"])
            more += question[1:]
            check += more
        if "answer" in self.options:
            check += self._number(check, options)
        else:
            check += self._choice(check, options)
        self.set_source_info(check)
        return [check]

    def _refuse(self, what: str) -> Exception:
        return self.error(f"self-check {self.arguments[0]!r} {what}")

    def _choice(
        self, check: check_node, options: nodes.bullet_list
    ) -> list[nodes.Element]:
        for unwanted in ("tolerance", "unit"):
            if unwanted in self.options:
                raise self._refuse(
                    f"has :{unwanted}: but no :answer:; a question that asks for a "
                    "number needs both :answer: and :tolerance:"
                )
        several = "several" in self.options
        check["kind"] = "several" if several else "choice"
        made = []
        for item in options:
            mark, text, reason = self._split(
                item, BOX, "must begin with [ ] or, if right, with [x]"
            )
            if not text:
                raise self._refuse("has an option with no text after its box")
            self._check_order_free("".join(part.astext() for part in text), reason)
            option = option_node(right=mark in "xX")
            option += choice_node("", "", *text)
            option += reason
            made.append(option)
        right = sum(option["right"] for option in made)
        if len(made) < 2:
            raise self._refuse("has one option; give two or more")
        if right == 0:
            raise self._refuse("has no right option; mark it with [x]")
        if right > 1 and not several:
            raise self._refuse(
                f"has {right} right options; leave one, or add the flag :several: if "
                "the reader is to tick them all"
            )
        shown = [made[place] for place in shown_order(check["name"], len(made))]
        for number, option in enumerate(shown, 1):
            option["number"] = number
        return shown

    def _check_order_free(self, text: str, reason: reason_node) -> None:
        """Refuse an option that points at another one by its place."""
        found = PLACED.search(text) or PLACED_FIRST.match(text)
        found = found or PLACED.search(reason.astext())
        if found:
            raise self._refuse(
                f"says {found[0]!r} in the option {text!r}, but options are shown in "
                "an order drawn at random; name what is meant"
            )

    def _number(
        self, check: check_node, options: nodes.bullet_list
    ) -> list[nodes.Element]:
        if "several" in self.options:
            raise self._refuse("has both :answer: and :several:; leave one of them")
        answer = self._float("answer", self.options["answer"])
        tolerance = self._tolerance()
        check["kind"] = "number"
        check["answer"] = self.options["answer"].strip()
        check["tolerance"] = self.options["tolerance"].strip()
        check["unit"] = self.options.get("unit", "").strip()

        fold, seen = fold_node(), set()
        for item in options:
            worth, text, reason = self._split(
                item,
                WORTH,
                "must begin with a wrong number and a colon, with `else:` or with "
                "`right:`",
            )
            worth = worth.strip()
            # With a number the reason may start on the first line already.
            if text:
                reason.insert(0, nodes.paragraph("", "", *text))
            if not reason.children:
                raise self._refuse(f"gives no reason for {worth!r}")
            if worth in seen:
                raise self._refuse(f"lists {worth!r} twice")
            seen.add(worth)
            if worth not in ("else", "right"):
                wrong = self._float("wrong number", worth)
                if abs(wrong - answer) <= tolerance:
                    raise self._refuse(
                        f"lists {worth} as wrong, but it is within the tolerance of "
                        f"the answer {answer:g}"
                    )
            option = option_node(right=worth == "right", worth=worth)
            option += reason
            fold += option
        if "else" not in seen:
            raise self._refuse(
                "has no `else:`; give the reason for any other wrong number"
            )
        return [fold]

    def _tolerance(self) -> float:
        if "tolerance" not in self.options:
            raise self._refuse(
                "has an :answer: but no :tolerance:; say how far off still counts as "
                "right"
            )
        tolerance = self._float("tolerance", self.options["tolerance"])
        if tolerance < 0:
            raise self._refuse(f"has the tolerance {tolerance:g}; give 0 or more")
        return tolerance

    def _float(self, what: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not abs(value) < float("inf"):
            raise self._refuse(f"has the {what} {text!r}, which is not a number")
        return value

    def _split(
        self, item: nodes.list_item, opening: re.Pattern, rule: str
    ) -> tuple[str, list[nodes.Node], reason_node]:
        """Return the mark of an option, its first line, and its reason."""
        first = item[0] if len(item) else None
        inline = list(first.children) if isinstance(first, nodes.paragraph) else []
        lead = inline[0].astext() if inline and _is_text(inline[0]) else ""
        found = opening.match(lead)
        if not found:
            said = first.astext().splitlines()[0] if first is not None else ""
            raise self._refuse(f"has the option {said!r}, which {rule}")
        rest = lead[found.end() :]
        if rest:
            inline[0] = nodes.Text(rest)
        else:
            inline.pop(0)
        line_end = next(
            (i for i, node in enumerate(inline) if _is_text(node) and node == "\n"),
            len(inline),
        )
        text, later = inline[:line_end], inline[line_end + 1 :]
        reason = reason_node()
        if later:
            reason += nodes.paragraph("", "", *later)
        reason += item.children[1:]
        if opening is BOX and not reason.children:
            said = "".join(node.astext() for node in text)
            raise self._refuse(
                f"gives no reason for the option {said!r}; write it on the next line, "
                "indented"
            )
        return found.group(1), text, reason


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Text)


# -- the heading that a self-check stands below


def _mark_headings(app: Sphinx, doctree: nodes.document) -> None:
    """Give each section the anchors of its self-checks: a link that reads it again."""
    for check in doctree.findall(check_node):
        section = check.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if section is not None:
            section["ids"].append(objectives.heading_of(check["name"]))


# -- HTML


def _visit_check(self, node: check_node) -> None:
    data = {"kind": node["kind"]}
    if node["kind"] == "number":
        data |= {"answer": node["answer"], "tolerance": node["tolerance"]}
    attributes = "".join(f' data-{key}="{escape(data[key])}"' for key in data)
    self.body.append(
        f'<div class="selfcheck" id="{node["name"]}"{attributes}>\n<fieldset>\n'
    )


def _depart_check(self, node: check_node) -> None:
    if node["sure"]:
        field = f"{node['name']}-sure"
        self.body.append(
            f'<p class="selfcheck-sure" hidden><label for="{field}">How sure are you '
            f'that your answer is right?</label> <input type="range" id="{field}" '
            'min="0" max="100" step="5" value="50"> <output>50 %</output></p>\n'
        )
    # The script shows the button; the live region must be there from the start.
    self.body.append(
        '<button type="button" class="selfcheck-button" hidden>Check</button>\n'
        '<div class="selfcheck-verdict" role="status" aria-live="polite"></div>\n'
        "</fieldset>\n</div>\n"
    )


def _visit_question(self, node: question_node) -> None:
    self.body.append('<legend><span class="selfcheck-kicker">Check yourself</span> ')


def _depart_question(self, node: question_node) -> None:
    self.body.append("</legend>\n")


def _visit_fold(self, node: fold_node) -> None:
    check = node.parent
    field = f"{check['name']}-field"
    unit = escape(check["unit"])
    within = f" (± {escape(check['tolerance'])})" if float(check["tolerance"]) else ""
    label = f"Your answer, in {unit}" if unit else "Your answer"
    self.body.append(
        f'<p class="selfcheck-field"><label for="{field}">{label}</label> '
        f'<input type="number" step="any" id="{field}" autocomplete="off"></p>\n'
        '<details class="selfcheck-why"><summary>Answer and reasons</summary>\n'
        f"<p><strong>{escape(check['answer'])} {unit}</strong>{within}</p>\n"
    )


def _depart_fold(self, node: fold_node) -> None:
    self.body.append("</details>\n")


def _visit_option(self, node: option_node) -> None:
    right = str(node["right"]).lower()
    worth = f' data-worth="{escape(node["worth"])}"' if "worth" in node else ""
    self.body.append(f'<div class="selfcheck-option" data-right="{right}"{worth}>\n')


def _depart_option(self, node: option_node) -> None:
    self.body.append("</div>\n")


def _visit_choice(self, node: choice_node) -> None:
    option, check = node.parent, node.parent.parent
    kind = "checkbox" if check["kind"] == "several" else "radio"
    self.body.append(
        f'<label><input type="{kind}" name="{check["name"]}" '
        f'value="{option["number"]}"> <span>'
    )


def _depart_choice(self, node: choice_node) -> None:
    self.body.append("</span></label>\n")


def _visit_reason(self, node: reason_node) -> None:
    option = node.parent
    if "worth" in option:
        heading = _worth_heading(option)
        self.body.append(
            f'<p class="selfcheck-case">{escape(heading)}</p>\n'
            '<div class="selfcheck-reason">\n'
        )
        return
    verdict = "Right." if option["right"] else "Wrong."
    self.body.append(
        '<details class="selfcheck-why"><summary>Reason'
        f'<span class="visually-hidden"> for option {option["number"]}</span>'
        f"</summary>\n<p><strong>{verdict}</strong></p>\n"
        '<div class="selfcheck-reason">\n'
    )


def _depart_reason(self, node: reason_node) -> None:
    self.body.append("</div>\n")
    if "worth" not in node.parent:
        self.body.append("</details>\n")


def _worth_heading(option: option_node) -> str:
    """Return what an answer of a numeric question is called in its list."""
    names = {"right": "Why this is right", "else": "Any other number"}
    unit = option.parent.parent["unit"]
    return names.get(option["worth"], f"{option['worth']} {unit}".strip())


# -- every other builder


class PrintSelfChecks(SphinxPostTransform):
    """Turn each question into a paragraph and a list where there is no HTML."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        """Replace every question of the document."""
        if self.app.builder.format == "html":
            return
        for check in list(self.document.findall(check_node)):
            check.replace_self(_printed(check))


def _printed(check: check_node) -> list[nodes.Node]:
    question, *rest = check.children
    lead = [nodes.strong("", "Check yourself."), nodes.Text(" ")]
    printed = [nodes.paragraph("", "", *lead, *question.children)]
    answers = nodes.bullet_list(bullet="-")
    for part in rest:
        if isinstance(part, nodes.container):
            printed += part.children
        elif isinstance(part, fold_node):
            told = f"{check['answer']} {check['unit']}".strip()
            if float(check["tolerance"]):
                told += f" (± {check['tolerance']})"
            answers += nodes.list_item(
                "", nodes.paragraph("", "", nodes.strong("", f"Answer: {told}"))
            )
            for option in part:
                heading = nodes.paragraph("", f"{_worth_heading(option)}:")
                answers += nodes.list_item("", heading, *option[-1].children)
        else:
            choice, reason = part.children
            verdict = nodes.emphasis("", "Right." if part["right"] else "Wrong.")
            text = [*choice.children, nodes.Text(" "), verdict]
            heading = nodes.paragraph("", "", *text)
            answers += nodes.list_item("", heading, *reason.children)
    return [*printed, answers]


def setup(app: Sphinx) -> dict:
    """Register the directive with Sphinx."""
    pairs = {
        check_node: (_visit_check, _depart_check),
        question_node: (_visit_question, _depart_question),
        fold_node: (_visit_fold, _depart_fold),
        option_node: (_visit_option, _depart_option),
        choice_node: (_visit_choice, _depart_choice),
        reason_node: (_visit_reason, _depart_reason),
    }
    for node, visitors in pairs.items():
        app.add_node(node, html=visitors)
    app.add_directive("selfcheck", SelfCheck)
    app.add_post_transform(PrintSelfChecks)
    NAMES.keep(app)
    app.connect("doctree-read", _mark_headings)
    serve(app, Path(__file__).parent, 'class="selfcheck"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
