"""Formulas are typeset when the book is built, as MathML.

Browsers draw MathML themselves, screen readers read it, and no script is needed. The
TeX of a page becomes MathML by `latex2mathml`_; what browsers show differently from TeX
is mended here, and ``formulas.css`` draws it with a font of the book's own.

.. _latex2mathml: https://github.com/roniemartinez/latex2mathml
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

from docutils import nodes
from elements import serve
from latex2mathml.converter import convert_to_element
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LOGGER = logging.getLogger(__name__)
#: An environment that latex2mathml knows under another name.
ALIGNED = re.compile(r"\\(begin|end)\{aligned\}")
#: Operators that it takes for identifiers: they need room on both sides.
OPERATORS = {"±", "∓"}
#: Named functions that it takes for operators: they need no room before a bracket.
FUNCTIONS = {"max", "min", "var"}
#: What stands close above a letter, and no smaller than it is.
ACCENTS = set("^˙¯¨~")
CAPITAL_GREEK = re.compile("[Α-Ω]")
THIN = "0.167em"
#: A length that has a name in MathML 3, and in browsers none.
NEGATIVE = {"negativethinmathspace": f"-{THIN}"}


# -- TeX to MathML


def mathml(tex: str, display: bool = False) -> str:
    r"""Return a formula as MathML.

    Parameters
    ----------
    tex : str
        The formula in TeX, without what encloses it, such as ``\frac{a}{b}``.
    display : bool
        Whether it stands in a line of its own.

    Returns
    -------
    str
        An element ``math``.

    Raises
    ------
    ValueError
        If the formula cannot be read, or holds a command that is not known.
    """
    known = ALIGNED.sub(r"\\\1{split}", tex)
    try:
        formula = convert_to_element(known, display="block" if display else "inline")
    except Exception as error:  # the library's own have no class in common
        said = f"{type(error).__name__} {error}".strip()
        raise ValueError(f"the formula {tex!r} cannot be read: {said}") from error
    for element in formula.iter():
        _mend(element)
    for row in list(formula.iter()):
        _space_functions(row)
    return ET.tostring(formula, encoding="unicode")


def _mend(element: ET.Element) -> None:
    """Write an element as browsers want it."""
    element.text = text = unescape(element.text or "")
    if text.startswith("\\"):
        raise ValueError(f"{text} in a formula is not known")
    if text in OPERATORS:
        element.tag = "mo"
    elif text in FUNCTIONS:
        element.tag = "mi"
    elif text == "/":  # TeX gives it no room
        element.attrib |= {"lspace": "0", "rspace": "0"}
    elif element.tag == "mi" and CAPITAL_GREEK.fullmatch(text):
        element.set("mathvariant", "normal")  # upright, as in TeX
    if element.tag == "mover" and unescape(element[1].text or "") in ACCENTS:
        element.set("accent", "true")
    if element.get("width") in NEGATIVE:
        element.set("width", NEGATIVE[element.attrib["width"]])


def _space_functions(row: ET.Element) -> None:
    """Put a thin space between ln and what it is taken of, if that has no bracket."""
    if row.tag not in ("mrow", "mtd", "mstyle"):
        return  # the place of a child has a meaning there
    for place in range(len(row) - 1, 0, -1):
        one, following = row[place - 1], row[place]
        base = one[0] if one.tag in ("msub", "msup") else one
        is_function = base.tag == "mi" and len(base.text or "") > 1
        if is_function and following.tag not in ("mo", "mspace", "mrow"):
            row.insert(place, ET.Element("mspace", width=THIN))


# -- HTML


def _typeset(self, node: nodes.math | nodes.math_block, display: bool) -> str:
    try:
        return mathml(node.astext(), display)
    except ValueError as error:
        LOGGER.warning("%s", error, location=node)
        return f"<code>{self.encode(node.astext())}</code>"


def _visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(_typeset(self, node, display=False) + "</span>")
    raise nodes.SkipNode


def _visit_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(_typeset(self, node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Typeset the formulas, and serve their style where there is one."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    serve(app, Path(__file__).parent, 'class="math')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
