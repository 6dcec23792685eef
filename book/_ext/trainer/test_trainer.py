"""The trainer stands on a page with and without its script, and brings its reports."""

import json
import re

from cohorts.trial_reports import make_trial_report

import trainer


def chunk(folder, number):
    text = (folder / "_static" / "trainer" / f"reports-{number}.js").read_text()
    found = re.fullmatch(r"trainerReports\((\d+),(.*)\);\n", text, re.S)
    assert int(found[1]) == number
    return json.loads(found[2])


def test_page_holds_a_place_for_the_script_and_reports_to_read_without_it(project):
    built = project({"a": ":::{trainer}\n:::", "b": "Nothing."})
    assert not built.warnings
    page = built.page("a")
    box = page.select_one("div.trainer")
    assert box.select_one(".trainer-app").has_attr("hidden")
    printed = box.select_one(".trainer-printed")
    assert not printed.has_attr("hidden")
    keys = printed.select("details")
    assert len(keys) == trainer.PRINTED
    assert all("Randomisation process" in key.text for key in keys)
    assert len(printed.select("table")) == 4 * trainer.PRINTED
    assert {"trainer.js", "trainer.css"} <= built.served("a")
    assert not {"trainer.js", "trainer.css"} & built.served("b")

    numbers = []
    for one in range(trainer.COUNT // trainer.CHUNK):
        numbers += [report["id"] for report in chunk(built.folder, one)]
    assert numbers == list(range(1, trainer.COUNT + 1))


def test_a_second_build_writes_no_report_again(tmp_path):
    trainer.write_chunks(tmp_path)
    path = tmp_path / "reports-0.js"
    before = path.stat().st_mtime_ns
    trainer.write_chunks(tmp_path)
    assert path.stat().st_mtime_ns == before
    (tmp_path / "made-of.txt").write_text("something else")
    trainer.write_chunks(tmp_path)
    assert path.stat().st_mtime_ns > before


def test_the_marks_of_a_report_are_its_own_flaws():
    report = make_trial_report(["not_concealed", "spin"], [], random_state=1)
    data = trainer.plain(1, report)
    assert [flaw[0] for flaw in data["flaws"]] == [
        "Allocation not concealed",
        "Spin in the conclusion",
    ]
    marked = {
        one for _, pieces in data["abstract"] for _, flaws in pieces for one in flaws
    }
    assert marked == {0, 1}
    assert data["domains"][0][0] == 2
    assert json.loads(json.dumps(data)) == json.loads(json.dumps(data))


def test_other_builders_print_the_reports(project):
    built = project({"a": ":::{trainer}\n:::"}, builder="text")
    assert not built.warnings
    text = (built.folder / "a.txt").read_text()
    assert "Report 1." in text and "Certainty" in text


def test_each_place_to_read_again_is_a_page_of_the_book():
    from pathlib import Path

    from cohorts.trial_reports import FLAWS

    folder = Path(__file__).resolve().parents[2] / "evidence"
    script = (Path(__file__).parent / "trainer.js").read_text()
    pages = {flaw.again[1] for flaw in FLAWS.values()}
    pages |= set(re.findall(r'"([\w./-]+\.html)"', script))
    for page in pages:
        source = (folder / page).resolve().with_suffix("")
        assert (
            source.with_suffix(".ipynb").is_file()
            or source.with_suffix(".md").is_file()
        )
