"""The record knows what each page asks, and is served on every page."""

import json

CHECK = """
:::{selfcheck} sc-test-one
:sure:

Which?

- [x] a
  why
- [ ] b
  why
:::
"""
PREDICT = ":::{predict} pr-test-one\nWhy?\n\n> So.\n:::\n"


def test_items_of_each_page_are_listed(project):
    built = project(
        {"part/one": CHECK + PREDICT, "two": "Nothing.", "mine": ":::{my-course}\n:::"}
    )
    assert not built.warnings
    text = (built.folder / "_static/course-items.js").read_text()
    given = json.loads(text.removeprefix("window.courseItems = ").rstrip(";\n"))
    assert given == {
        "part/one.html": {
            "title": "part/one",
            "part": "",
            "items": ["pr-test-one", "sc-test-one"],
        },
        "mine.html": {"home": True, "items": []},
    }
    for page in ("part/one", "two"):
        assert "record.js" in built.served(page)
        assert "my-course.js" not in built.served(page)
    assert "my-course.js" in built.served("mine")


CONTENTS = """
format: jb-book
root: index
parts:
  - caption: First part
    chapters:
      - file: z
        title: A short name
        sections:
          - file: y
  - caption: Second part
    chapters:
      - file: a
"""


def test_pages_stand_in_the_books_order_under_its_names(project):
    pages = {"a": CHECK, "y": CHECK.replace("one", "two"), "z": PREDICT}
    built = project(pages, contents=CONTENTS)
    text = (built.folder / "_static/course-items.js").read_text()
    given = json.loads(text.removeprefix("window.courseItems = ").rstrip(";\n"))
    told = [(page, one["title"], one["part"]) for page, one in given.items()]
    assert told == [
        ("z.html", "A short name", "First part"),
        ("y.html", "y", "First part"),
        ("a.html", "a", "Second part"),
    ]


def test_only_a_self_check_that_asks_has_a_slider(project):
    unsure = CHECK.replace(":sure:\n", "").replace("one", "two")
    page = project({"a": CHECK + unsure}).page("a")
    assert page.select_one("#sc-test-one .selfcheck-sure input[type=range]")
    assert not page.select_one("#sc-test-two .selfcheck-sure")
    label = page.select_one("#sc-test-one .selfcheck-sure label")
    assert page.select_one(f"#{label['for']}")


def test_my_course_says_what_it_needs_without_a_script(project):
    page = project({"a": ":::{my-course}\n:::"}).page("a")
    assert "JavaScript" in page.select_one(".my-course").get_text()
