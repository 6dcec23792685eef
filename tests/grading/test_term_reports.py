"""``python -m term reports``: a set to print, its key apart, a class's agreement."""

import csv
import json
import re

import numpy as np
import pytest
from cohorts.trial_reports import make_trial_reports, rob2
from cohorts.trial_reports.key import CERTAINTY, STEPS
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from term.__main__ import main
from term.reports import COLUMNS, DOMAINS, MARKS, kappa, reports_of_the_page

SEED, COUNT = 7, 4


@pytest.fixture(scope="module")
def reports():
    return make_trial_reports(COUNT, random_state=SEED)


def run(tmp_path, *words):
    return main(
        ["reports", "--seed", str(SEED), "--count", str(COUNT), *map(str, words)]
    )


def sheet(tmp_path, rows):
    path = tmp_path / "answers.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def as_key(reader, number, report, sure=80):
    key = report.key
    judged = [key.judgements[name] for name in DOMAINS]
    judged += [key.steps[name].levels for name in STEPS]
    return [reader, number, *judged, key.certainty, f"{key.number:.1f}", sure]


def test_the_set_has_every_report_and_not_its_key(tmp_path, reports, capsys):
    assert run(tmp_path, "--to", tmp_path / "set") == 0
    told = (tmp_path / "set" / "reports.html").read_text()
    key = (tmp_path / "set" / "key.html").read_text()
    assert told.count("<article>") == key.count("<article>") == COUNT
    for report in reports:
        assert report.text.title in told and report.text.title in key
        for reason in report.key.reasons.values():
            assert reason not in told
    assert "Planted" in key and "Planted" not in told
    assert not re.search(r"(?:src|href)=", told + key)
    assert (tmp_path / "set" / "answers.csv").read_text().strip() == ",".join(COLUMNS)


def test_answers_that_are_there_are_not_written_over(tmp_path, capsys):
    (tmp_path / "answers.csv").write_text("mine")
    assert run(tmp_path, "--to", tmp_path) == 1
    assert "another folder" in capsys.readouterr().err
    assert (tmp_path / "answers.csv").read_text() == "mine"
    assert not (tmp_path / "key.html").exists()


def test_readers_who_know_the_key_agree_in_all(tmp_path, reports, capsys):
    rows = [
        as_key(reader, n, report, sure)
        for reader, sure in (("ada", 100), ("bo", 40))
        for n, report in enumerate(reports, 1)
    ]
    assert run(tmp_path, "--answers", sheet(tmp_path, rows)) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 readers, 4 reports, 8 judgements")
    for name in MARKS:
        line = next(line for line in said.splitlines() if line.startswith(name))
        assert line.endswith("100%")
    assert "not sure enough" in next(x for x in said.splitlines() if x.startswith("bo"))
    assert not next(x for x in said.splitlines() if x.startswith("ada")).endswith("h")


def test_a_reader_who_is_wrong_and_sure_is_named(tmp_path, reports, capsys):
    rows = []
    for n, report in enumerate(reports, 1):
        row = as_key("cy", n, report, 95)
        row[2:7] = ["high" if one == "low" else "low" for one in row[2:7]]
        rows.append(row)
    assert run(tmp_path, "--answers", sheet(tmp_path, rows)) == 0
    assert "too sure" in capsys.readouterr().out


def test_kappa_is_that_of_fleiss():
    rng = np.random.default_rng(1)
    ratings = rng.integers(0, 3, (40, 5))
    ratings[:, 1] = ratings[:, 0]
    expected = fleiss_kappa(aggregate_raters(ratings)[0])
    assert kappa([[str(one) for one in row] for row in ratings]) == pytest.approx(
        expected
    )
    assert kappa([["low"], ["high"]]) is None
    assert kappa([["low", "low"], ["low", "low"]]) is None


GOOD = ["ada", 1, *["low"] * 5, 0, 1, 2, "high", "-3", "70"]


def changed(place, value):
    return [*GOOD[:place], value, *GOOD[place + 1 :]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no answers"),
        ([changed(0, "")], "line 2: there is no reader"),
        ([changed(1, 5)], "report is '5'; write a number from 1 to 4"),
        ([changed(3, "fine")], "deviations is 'fine'; write low or some concerns"),
        ([changed(7, "one")], "risk of bias is 'one'; write 0 or 1 or 2"),
        ([changed(9, 3)], "imprecision is '3'; write 0 or 1 or 2"),
        ([changed(10, "sure")], "certainty is 'sure'; write high or moderate"),
        ([changed(11, "=1+1")], "number is '=1\\+1'"),
        ([changed(12, "nan")], "sure is 'nan'"),
        ([["x" * 200_000]], "line 1: field larger|line 2: report is"),
        ([GOOD, GOOD], "'ada' has report 1 more than once"),
    ],
)
def test_a_wrong_answer_sheet_is_one_line_that_says_where(tmp_path, capsys, rows, said):
    assert run(tmp_path, "--answers", sheet(tmp_path, rows)) == 1
    told = capsys.readouterr().err
    assert re.search(said, told) and told.count("\n") == 1


def test_what_is_no_sheet_is_refused(tmp_path, capsys):
    path = tmp_path / "answers.csv"
    for content in (b"", b"\xff\xfe\x00", b"reader;report\n"):
        path.write_bytes(content)
        assert run(tmp_path, "--answers", path) == 1
    assert run(tmp_path, "--answers", tmp_path / "none.csv") == 1
    for words in (["--seed", "-1"], ["--seed", "1", "--count", "0"]):
        assert main(["reports", *words]) == 1
    assert "\n\n" not in capsys.readouterr().err


def test_a_comma_or_a_true_minus_is_a_number(tmp_path, reports, capsys):
    row = as_key("ada", 1, reports[0])
    row[11] = row[11].replace("-", "−").replace(".", ",")
    row[2] = row[2].title()
    assert run(tmp_path, "--answers", sheet(tmp_path, [row])) == 0
    assert "100%" in capsys.readouterr().out


# -- records of the page


@pytest.fixture(scope="module")
def on_the_page():
    return reports_of_the_page()


def entry(number, report, sure=70):
    """Return what the page keeps of a report that was judged as its key has it."""
    key = report.key
    marks = [rob2.JUDGEMENTS.index(key.judgements[name]) for name in DOMAINS]
    marks += [key.steps[name].levels for name in STEPS]
    marks += [CERTAINTY.index(key.certainty), round(key.number, 1)]
    return {"id": number, "marks": marks, "sure": sure, "right": [True] * len(MARKS)}


def record(folder, name, *entries, **more):
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"version": 1, "reports": entries} | more))
    return path


def test_records_of_the_page_are_read_and_held_against_its_key(
    tmp_path, on_the_page, capsys
):
    wrong = entry(2, on_the_page[1], 95)
    wrong["marks"][:5] = [(mark + 1) % 3 for mark in wrong["marks"][:5]]
    wrong["right"][:5] = [False] * 5
    paths = [
        record(tmp_path, "ada", *(entry(n, on_the_page[n - 1]) for n in (1, 2, 300))),
        record(tmp_path, "bo", entry(1, on_the_page[0], 95), wrong),
    ]
    assert main(["reports", "--records", *map(str, paths)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 readers, 3 reports, 5 judgements")
    lines = said.splitlines()
    assert re.search(r"^ada +100%", said, re.MULTILINE)
    assert "too sure" in next(line for line in lines if line.startswith("bo"))
    for name in STEPS:
        assert next(x for x in lines if x.startswith(name)).endswith("100%")
    assert next(x for x in lines if x.startswith("missing")).endswith("80%")


def test_of_a_report_judged_twice_the_first_judgement_counts(
    tmp_path, on_the_page, capsys
):
    first, again = (entry(1, on_the_page[0], sure) for sure in (10, 90))
    assert (
        main(["reports", "--records", str(record(tmp_path, "ada", first, again))]) == 0
    )
    said = capsys.readouterr().out
    assert "1 judgements" in said and "10%" in said and "90%" not in said


def broken(on_the_page, **changes):
    return entry(1, on_the_page[0]) | changes


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe{", "cannot be read"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"version": 1, "reports": [NaN]}', "is not JSON: NaN"),
        (b'{"version": 1, "reports": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[]", "is not a record of the trainer"),
        (b'{"version": 2, "reports": []}', "is not a record of the trainer"),
        (b'{"version": 1, "reports": {}}', "is not a record of the trainer"),
        (b'{"version": 1, "reports": []}', "holds no judgement yet"),
        (b'{"version": 1, "reports": [3]}', "entry 1 is not a judgement"),
        (b'{"version": 1, "reports": [{"marks": []}]}', "entry 1 has 0 marks"),
    ],
)
def test_what_is_no_record_is_one_line_that_says_so(tmp_path, capsys, content, said):
    path = tmp_path / "ada.json"
    path.write_bytes(content)
    assert main(["reports", "--records", str(path)]) == 1
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1 and len(told) < 400


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[(0, value) for value in (3, -1, 1.0, True, "low", None, [0], {"a": 1})],
        *[(0, "\x1b[2J"), (0, 10**30), (7, 3), (8, 4)],
        *[(9, value) for value in ("-4", None, True, 1e300, [1])],
    ],
)
def test_a_mark_that_is_none_is_refused(tmp_path, on_the_page, capsys, place, value):
    one = entry(1, on_the_page[0])
    one["marks"][place] = value
    assert main(["reports", "--records", str(record(tmp_path, "ada", one))]) == 1
    told = capsys.readouterr().err
    assert f"entry 1: {MARKS[place]} is " in told
    assert told.isprintable() or told.count("\n") == 1 and "\x1b" not in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": 0}, "id is 0"),
        ({"id": 301}, "id is 301"),
        ({"id": True}, "id is True"),
        ({"sure": 101}, "sure is 101"),
        ({"sure": "70"}, "sure is '70'"),
        ({"right": [False] * 10}, "another version of the course"),
        ({"right": None}, "another version of the course"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(
    tmp_path, on_the_page, capsys, changes, said
):
    path = record(tmp_path, "ada", broken(on_the_page, **changes))
    assert main(["reports", "--records", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_records_need_a_name_of_their_own_and_a_file(tmp_path, on_the_page, capsys):
    (tmp_path / "more").mkdir()
    one = entry(1, on_the_page[0])
    paths = [record(tmp_path, "ada", one), record(tmp_path / "more", "ada", one)]
    assert main(["reports", "--records", *map(str, paths)]) == 1
    assert "two records are called ada" in capsys.readouterr().err
    assert main(["reports", "--records", str(tmp_path)]) == 1
    assert "is not a file" in capsys.readouterr().err
    assert main(["reports"]) == 1
    assert "--seed" in capsys.readouterr().err
