"""Formulas in feedback: set as MathML, whatever a student typed."""

import xml.etree.ElementTree as ET

import nbformat
import pytest

pytest.importorskip("latex2mathml")
from miniature import EXERCISES
from nbgrader_apart import formulas, safehtml


def shown(element):
    return "".join(element.itertext())


def test_a_formula_becomes_mathml_and_other_text_stays():
    html = "<p>If $\\frac{a}{b} &lt; c$, then pay $5 and $6.</p><pre>$x$</pre>"
    made = formulas.typeset(html)
    assert made.startswith("<p>If <math") and "then pay $5 and $6.</p>" in made
    assert made.endswith("<pre>$x$</pre>")
    math = ET.fromstring(made[made.index("<math") : made.index("</math>") + 7])
    (fraction,) = math.iter("mfrac")
    assert [shown(part) for part in fraction] == ["a", "b"]
    assert shown(math) == "ab<c"


def test_a_formula_of_its_own_line():
    made = formulas.typeset("$$\n\\sum_{i=1}^n x_i\n$$")
    assert 'display="block"' in made and "$" not in made


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{",
        r"\nonsense{x}",
        r"\href{javascript:alert(1)}{x}",
        "{" * 900,
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\style{position:fixed}{x}",
        r"\class{a}{x}",
        r"\color{red&quot; onclick=&quot;alert(1)}{x}",
        r"\begin{matrix} a",
    ],
)
def test_what_a_student_types_is_harmless(tex):
    made = formulas.typeset(f"<p>${tex}$</p>")
    for word in ("<script", "href=", "style=", "onclick=", "class="):
        assert word not in made
    assert made.startswith("<p>") and made.endswith("</p>")


@pytest.mark.parametrize(
    "path", sorted(EXERCISES.glob("source/*/*.ipynb")), ids=lambda path: path.stem
)
def test_every_formula_of_the_assignments_is_set(path):
    from nbconvert.filters import markdown2html

    cells = nbformat.read(path, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "markdown":
            made = formulas.typeset(safehtml.clean_markdown(markdown2html(cell.source)))
            outside = "".join(formulas.TAG.split(made)[::2])
            assert "$" not in outside and "\\" not in outside, cell.source
