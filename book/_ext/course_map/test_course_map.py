"""The map says what the sources say, and links to where it stands."""

import json

import answers
import pytest
from course import objectives

import course_map

PAGE = "## First\n\n```{{course-map}} {0}\n```\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """All three parts, each on a page."""
    from small_books import build

    parts = ("objectives", "misconceptions", "mutants")
    pages = {part: PAGE.format(part) for part in parts}
    return build(tmp_path_factory.mktemp("map") / "source", pages)


def cells(row):
    return row.find_all(["th", "td"], recursive=False)


def test_nothing_is_warned_of(built):
    assert built.warnings == ""


def test_every_objective_has_a_row_that_leads_to_it(built):
    rows = built.page("objectives").select("table.course-map tbody tr")
    links = [cells(row)[0].a["href"] for row in rows]
    assert links == [
        f"book/{one.page}.html#{one.name}" for one in objectives.objectives()
    ]


def test_a_row_names_every_self_check_and_task_of_its_objective(built):
    link = built.page("objectives").select_one("a[href$='#ob-metrics-scores']")
    _, checks, tasks = cells(link.find_parent("tr"))
    assert {a["href"].split("#")[1] for a in checks.find_all("a")} == {
        check.name
        for check in objectives.selfchecks()
        if "ob-metrics-scores" in check.objectives
    }
    assert [a.text for a in tasks.find_all("a")] == [
        f"Metrics: {title}"
        for task, title in answers.titles("metrics").items()
        if "ob-metrics-scores" in answers.tested("metrics")[task]
    ]


def test_a_self_check_on_another_page_says_on_which(built):
    link = built.page("objectives").select_one("a[href$='#ob-evidence-effect-sizes']")
    checks = cells(link.find_parent("tr"))[1].text
    assert "(Three unseen abstracts)" in checks


def test_every_task_has_a_row_with_its_wrong_answers(built):
    page = built.page("misconceptions")
    for assignment in answers.assignments():
        meanings = answers.misconceptions(assignment)
        for task, title in answers.titles(assignment).items():
            row = page.find(id=course_map.anchor(assignment, task))
            heading, wrong, read = cells(row)
            assert heading.text.strip().split("·")[0] == title.split("·")[0]
            these = [one for one in meanings if one.task == task]
            assert len(wrong.select("li")) == len(these)
            sections = {check for one in these for check in one.read}
            assert {link["href"] for link in read.select("a")} == {
                f"book/{check.page}.html#above-{check.name}" for check in sections
            }


def test_every_link_from_an_objective_to_a_task_arrives(built):
    there = {row["id"] for row in built.page("misconceptions").select("tr[id]")}
    links = built.page("objectives").select("td a[href^='#']")
    assert links
    assert {link["href"][1:] for link in links} <= there


def test_assignments_stand_in_the_order_of_the_chapters():
    names = course_map.in_order()
    assert sorted(names) == answers.assignments()
    assert names[0] == "context" and names[-1] == "capstone"


def test_the_score_counts_what_is_caught_of_what_differs(tmp_path):
    counted = {
        task: {"mutants": 0, "survivors": []} for task in answers.load("metrics").WRONG
    }
    counted["auc"] = {"mutants": 8, "survivors": [["a", "b", 1]] * 3}
    counted["cd4_count"] = {"mutants": 12, "survivors": [["c", "d", 1]] * 5}
    (tmp_path / "metrics.json").write_text(json.dumps(counted))
    (tmp_path / "risk.json").write_text(json.dumps({"nnh": counted["auc"]}))  # a part
    said = ["equivalent"] * 3 + ["outside the domain"] * 2
    entries = [f'[[mutant]]\nverdict = "{verdict}"\n' for verdict in said]
    (tmp_path / "metrics.toml").write_text("".join(entries))
    lines = course_map.scores(tmp_path)
    (line,) = [line for line in lines if line.startswith("| metrics ")]
    assert line.endswith("| 20 | 12 | 3 | 2 | 80 % |")
    assert (
        sum("not yet run" in line for line in lines) == len(answers.assignments()) - 1
    )


def test_a_part_that_does_not_exist_is_refused(project):
    built = project({"a": PAGE.format("everything")})
    assert "'everything' is not one of objectives, misconceptions" in built.warned("a")


def test_other_builders_print_lists(tmp_path):
    from small_books import build

    build(tmp_path / "source", {"a": PAGE.format("misconceptions")}, builder="text")
    text = (tmp_path / "source/_text/a.txt").read_text()
    assert "Marked by hand, by its rubric." in text
