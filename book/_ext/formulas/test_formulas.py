"""The script that typesets formulas comes where there is one, and MathJax with it."""

import pytest


@pytest.mark.parametrize(
    ("text", "served"),
    [("$x^2$", True), ("$$x^2$$", True), ("The price is 2 $.", False), ("", False)],
)
def test_the_script_comes_only_where_there_is_a_formula(project, text, served):
    built = project({"a": text})
    assert ("formulas.js" in built.served("a")) is served


def test_mathjax_itself_waits_for_the_script(project):
    built = project({"a": "$x^2$"}, mathjax_path="mathjax/tex-chtml.js")
    assert not built.page("a").select("script[src*=mathjax]")
