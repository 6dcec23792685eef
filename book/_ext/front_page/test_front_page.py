"""The first page's numbers are those of its sources, its hours those of the pages."""

import re

import numpy as np
import pytest
import yaml
from small_books import ROOT, build
from statsmodels.stats.contingency_tables import Table2x2

from front_page import LEAST, MOST, WIDTH, place, read_effect

HEADER = """# {title}

::::{{div}} chapter-header
- **Time** {minutes} min to read, 10 s to run
::::
"""


def test_two_fractions_give_the_risk_ratio_and_its_interval():
    found = read_effect("14/63 30/65")
    table = Table2x2(np.array([[14, 63 - 14], [30, 65 - 30]]))
    assert found.ratio == pytest.approx(table.riskratio)
    assert found[1:] == pytest.approx(table.riskratio_confint(), rel=1e-4)


@pytest.mark.parametrize(
    "text", ["0.9", "0.9 1.0 0.8", "0 0 1", "1.2 0.5 1.1", "14/63", "much less"]
)
def test_what_is_no_effect_is_refused(text):
    with pytest.raises(ValueError):
        read_effect(text)


def test_the_scale_is_one_of_ratios_and_ends_at_its_bounds():
    assert (place(LEAST), place(MOST)) == (0, pytest.approx(WIDTH))
    assert place(0.5) - place(0.25) == pytest.approx(place(2) - place(1))
    assert place(0.01) == 0
    assert place(90) == pytest.approx(WIDTH)


def test_a_page_draws_the_effect_and_says_it(tmp_path):
    page = build(tmp_path, {"book/one": "# One\n\nIt was {interval}`0.94 0.75 1.16`."})
    found = page.page("book/one")
    assert "0.94 (95\u00a0% CI 0.75–1.16)" in found.text
    circle = found.select_one(".front-interval circle")
    line = found.select_one(".front-none")["d"]
    assert float(circle["cx"]) < float(line[1:].split()[0])


def test_a_marker_goes_where_the_words_say(tmp_path):
    rows = " ".join(f"{{moved}}`{way}`" for way in ("up", "level", "down"))
    made = build(tmp_path, {"book/one": f"# One\n\n{rows} {{moved}}`sideways`"})
    up, level, down = (
        float(circle["cy"])
        for circle in made.page("book/one").select(".front-moved circle")
    )
    # A smaller number is further up.
    assert up < level < down
    assert "'sideways': write one of up, level, down" in made.warnings


def test_the_hours_are_those_of_the_headers(tmp_path):
    pages = {
        "book/risk/01": HEADER.format(title="A", minutes=50),
        "book/risk/02": HEADER.format(title="B", minutes=40),
        "book/start/03": HEADER.format(title="C", minutes=30),
        "book/one": "# One\n\nRisk {reading-time}`risk`, all {reading-time}`all`.",
    }
    text = build(tmp_path, pages).page("book/one").text
    assert "Risk 1½\u00a0h, all 2\u00a0h." in text


def test_the_map_names_parts_as_the_table_of_contents_does():
    """The record knows a part by that name: under another nothing would be counted."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = {part["caption"] for part in contents["parts"]}
    first = (ROOT / "book/index.md").read_text(encoding="utf-8")
    named = re.findall(r"\{progress\}`([^`]+)`", first)
    assert named and set(named) <= parts
