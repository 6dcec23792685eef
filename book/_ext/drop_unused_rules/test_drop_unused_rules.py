"""A style sheet keeps what a page or a script may use, and loses the rest."""

from types import SimpleNamespace

import pytest

from drop_unused_rules import drop_unused_rules

PAGE = '<p class="note wide">text</p>'
SCRIPT = 'box.classList.add("opened")'


@pytest.fixture
def styled(tmp_path):
    """Return a function: style sheet → what is left of it, without white space."""
    sheet = tmp_path / "_static/styles/pydata-sphinx-theme.css"
    sheet.parent.mkdir(parents=True)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "_static/box.js").write_text(SCRIPT)

    def left(css, error=None):
        sheet.write_text(css)
        app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
        drop_unused_rules(app, error)
        return "".join(sheet.read_text().split())

    return left


@pytest.mark.parametrize(
    "rule",
    [
        "p{color:red}",
        ".note.wide>p{color:red}",
        ".opened{color:red}",
        "p:not(.absent){color:red}",
        ":is(.absent,.note):not(:is(.a,.b)){color:red}",
        ".absent,.note{color:red}",
        ".bs-tooltip-top{color:red}",
        "@media(min-width:1px){.note{color:red}}",
        "@font-face{font-family:x}",
        "@keyframesspin{to{rotate:1turn}}".replace("keyframess", "keyframes s"),
        'p::before{content:"{.absent}"}',
    ],
)
def test_a_rule_that_may_match_stays(styled, rule):
    assert styled(rule) == "".join(rule.split())


@pytest.mark.parametrize(
    "rule",
    [
        ".absent{color:red}",
        ".note .absent:hover{color:red}",
        ".absent,.note.gone{color:red}",
        "@media print{.absent{color:red}}",
    ],
)
def test_a_rule_that_cannot_match_goes(styled, rule):
    assert styled(rule + "b{color:red}") == "b{color:red}"


def test_a_failed_build_is_left_as_it_is(styled):
    assert styled(".absent{color:red}", error=OSError()) == ".absent{color:red}"
