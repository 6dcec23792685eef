"""Formulas in feedback, set as MathML: browsers draw it without a script or a network.

The TeX may be a student's. What comes of it is taken over element by element, and what
is not known, or cannot be read, stays as it was typed.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape, unescape

try:
    from latex2mathml import converter
except ImportError:  # the package's extra `formulas` is not installed
    converter = None  # type: ignore[assignment]

ELEMENTS = frozenset(
    "math mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub "
    "msubsup msup mtable mtd mtext mtr munder munderover".split()
)
ATTRIBUTES = frozenset(
    "accent columnalign columnspacing display displaystyle fence form largeop "
    "linethickness lspace mathvariant maxsize minsize rowspacing rspace scriptlevel "
    "separator stretchy width".split()
)
#: What stands between tags is text; in these elements it is code.
TAG = re.compile(r"(<[^>]*>)")
CODE = re.compile(r"<(/?)(?:pre|code|kbd|samp)\b")
#: An amount of money is none: `$5 and $6`.
FORMULA = re.compile(
    r"\$\$(?P<block>[^$]{1,3000})\$\$|\$(?=\S)(?P<inline>[^$\n]{1,1000})(?<=\S)\$(?!\d)"
)
ALIGNED = re.compile(r"\\(begin|end)\{aligned\}")


def typeset(html: str) -> str:
    """Return some HTML with MathML in the place of its formulas.

    Parameters
    ----------
    html : str
        As it may be shown: nothing in it is checked here.
    """
    if converter is None or "$" not in html:
        return html
    depth, made = 0, []
    for place, part in enumerate(TAG.split(html)):
        if place % 2 == 0 and depth == 0:
            part = FORMULA.sub(_formula, part)
        elif code := CODE.match(part):
            depth = max(0, depth + (-1 if code[1] else 1))
        made.append(part)
    return "".join(made)


def _formula(found: re.Match[str]) -> str:
    block = found["block"] is not None
    tex = unescape(found["block"] if block else found["inline"])
    try:
        return mathml(tex, block)
    except ValueError:
        return found[0]


def mathml(tex: str, block: bool = False) -> str:
    r"""Return a formula as MathML.

    Parameters
    ----------
    tex : str
        Without the dollars around it.
    block : bool
        Whether it stands in a line of its own.

    Raises
    ------
    ValueError
        If it cannot be read, or something in it is not known.
    """
    if converter is None:
        raise ValueError("latex2mathml is not installed")
    known = ALIGNED.sub(r"\\\1{split}", tex)
    try:
        made = converter.convert(known, display="block" if block else "inline")
        return _written(ET.fromstring(made))
    except Exception as error:  # the library's own have no class in common
        raise ValueError(f"{tex!r} cannot be read: {error}") from error


def _written(element: ET.Element) -> str:
    """Return an element as text, if it is one of those that set formulas."""
    name = element.tag.rpartition("}")[2]
    text = unescape(element.text or "")
    if name not in ELEMENTS or text.startswith("\\"):
        raise ValueError(f"{text or name} is not known")
    attributes = "".join(
        f' {one}="{escape(value)}"'
        for one, value in element.items()
        if one in ATTRIBUTES
    )
    inside = "".join(map(_written, element))
    return f"<{name}{attributes}>{escape(text)}{inside}</{name}>"
