"""A page loads what it uses, and no more."""

import pytest

TABS = "::::{tab-set}\n:::{tab-item} One\ntext\n:::\n::::"


@pytest.mark.parametrize(("text", "served"), [(TABS, True), ("No tabs.", False)])
def test_tabs_need_their_script(project, text, served):
    built = project({"a": text})
    assert ("design-tabs.js" in built.served("a")) is served


def test_a_script_that_can_wait_does(project):
    page = project({"a": "Text."}).page("a")
    scripts = {one["src"].split("?")[0]: one for one in page.select("script[src]")}
    waits = scripts["_static/doctools.js"]
    assert waits.has_attr("defer")
    # What others call while the page is read must be there at once.
    assert not scripts["_static/documentation_options.js"].has_attr("defer")


def test_light_or_dark_is_chosen_before_anything_is_shown(project):
    head = project({"a": "Text."}).page("a").head
    (chooses,) = [one for one in head.select("script") if "html.theme" in one.text]
    assert not chooses.find_all_previous("script")


MADE_UP = """
def setup(app):
    for script in ("tippy/popper.js", "tippy/tips.js"):
        app.add_js_file(script, loading_method="defer")
"""


def test_tips_are_fetched_by_one_script_in_their_order(project, tmp_path, monkeypatch):
    (tmp_path / "made_up_tips.py").write_text(MADE_UP)
    monkeypatch.syspath_prepend(tmp_path)
    extensions = ["myst_nb", "made_up_tips", "load_only_used"]
    page = project({"part/a": "Text."}, extensions=extensions).page("part/a")
    assert not page.select("script[src*=tippy]")
    (loader,) = page.select("script[data-files]")
    files = [one.split("?")[0] for one in loader["data-files"].split()]
    assert files == ["../_static/tippy/popper.js", "../_static/tippy/tips.js"]
    assert loader["src"].split("?")[0] == "../_static/tips.js"
    assert loader.has_attr("defer")


def test_without_tips_nothing_fetches_them(project):
    page = project({"a": "Text."}).page("a")
    assert not page.select("script[src*=tips]")


def test_the_font_of_headings_is_asked_for_early_but_not_from_the_file_system(project):
    head = project({"part/a": "Text."}).page("part/a").head
    (early,) = [one for one in head.select("script") if "preload" in one.text]
    assert '"../_static/fonts/headings.woff2"' in early.text
    assert early.text.startswith('if (location.protocol !== "file:")')
