"""``python -m term reports``: a set to print, its key apart, a class's agreement."""

import csv
import re

import numpy as np
import pytest
from cohorts.trial_reports import make_trial_reports
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from term.__main__ import main
from term.reports import COLUMNS, DOMAINS, kappa

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
    for name in (*DOMAINS, "certainty", "number"):
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


GOOD = ["ada", 1, *["low"] * 5, "high", "-3", "70"]


def changed(place, value):
    return [*GOOD[:place], value, *GOOD[place + 1 :]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no answers"),
        ([changed(0, "")], "line 2: there is no reader"),
        ([changed(1, 5)], "report is '5'; write a number from 1 to 4"),
        ([changed(3, "fine")], "deviations is 'fine'; write low or some concerns"),
        ([changed(7, "sure")], "certainty is 'sure'; write high or moderate"),
        ([changed(8, "=1+1")], "number is '=1\\+1'"),
        ([changed(9, "nan")], "sure is 'nan'"),
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
    row[8] = row[8].replace("-", "−").replace(".", ",")
    row[2] = row[2].title()
    assert run(tmp_path, "--answers", sheet(tmp_path, [row])) == 0
    assert "100%" in capsys.readouterr().out
