"""Pages lose elements, not content."""

import re

import pytest
from small_books import ROOT, build

PYGMENTS = ROOT / "_build" / "html" / "_static" / "pygments.css"
CODE = "for name in (1, 2):\n    print(name)  # a comment"


def test_code_keeps_its_text_and_its_colours(tmp_path):
    page = build(tmp_path, {"one": f"```python\n{CODE}\n```"}).page("one")
    shown = page.select_one(".highlight pre")
    assert shown.get_text().strip() == CODE
    assert all(shown.select(f"span.{kind}") for kind in ("k", "c1", "nb"))
    assert not shown.select("span.n, span.p, span.w")


@pytest.mark.parametrize("kind", ["n", "p", "w"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lost_its_element_had_the_colour_of_code(theme, kind):
    if not PYGMENTS.is_file():
        pytest.fail(f"there is no {PYGMENTS}: run `make book`, then the tests")
    rules = re.findall(
        rf'data-theme="{theme}"\] \.highlight( \.\w+)? {{(.*?)}}', PYGMENTS.read_text()
    )
    looks = {name: set(re.split(r";\s*", look.strip())) for name, look in rules}
    assert looks[f" .{kind}"] <= looks[""]
