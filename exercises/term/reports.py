"""Write a set of trial reports to print, and how a class judged them.

With --seed and --count it writes into a folder: reports.html, a report a page, to
print for everybody; key.html, their answer key, which belongs to nobody but you; and
answers.csv, one line for a reader and a report, for what was marked.

With --answers it reads that file once it is filled in, and prints how far readers
agree with each other (kappa) and with the key, and who trusts themselves too much.
The key is made again from the seed: nothing else is needed.

With --records it does the same for the records that readers exported from the page of
the trainer, a JSON file for each reader, who is called by the file's name.
"""

from __future__ import annotations

import csv
import functools
import html
import json
import math
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from cohorts.trial_reports import (
    FLAWS,
    TRAINER_COUNT,
    TRAINER_SEED,
    make_trial_reports,
    rob2,
)
from cohorts.trial_reports.effect import effect_of
from cohorts.trial_reports.key import CERTAINTY, STEPS
from cohorts.trial_reports.prose import Line
from nbgrader_apart.tree import printable

from .command import CommandError

DOMAINS = tuple(rob2.DOMAINS)
#: What is marked in a report, in the order of the page's record.
MARKS = (*DOMAINS, *STEPS, "certainty", "number")
COLUMNS = ("reader", "report", *MARKS, "sure")
#: Levels that a step of GRADE can take off.
LEVELS = (0, 1, 2)
#: A number is right within this, in 100 people; see the page of the trainer.
TOLERANCE = 1.0
LARGEST = 5_000_000  # bytes; a class of a thousand with a hundred reports is smaller
#: Records that are read at a time.
MOST_RECORDS = 2000
STYLE = """
:root { color-scheme: light dark; }
body { font: 11pt/1.4 Georgia, serif; max-width: 42em; margin: 2em auto;
  padding: 0 1em; }
article { break-after: page; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; font-size: 9pt; }
caption { text-align: left; font-weight: bold; }
th, td { border-bottom: 1px solid #bbb; padding: 2px 8px 2px 0; text-align: left;
  vertical-align: top; font-weight: normal; }
thead th { font-weight: bold; }
.sheet td { height: 1.6em; }
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--seed", type=int, help="seed of the set")
    parser.add_argument(
        "--count", type=int, default=12, help="how many reports (%(default)s)"
    )
    parser.add_argument(
        "--to", type=Path, default=Path("reports"), help="folder (%(default)s)"
    )
    parser.add_argument("--answers", type=Path, help="answers.csv, filled in")
    parser.add_argument(
        "--records",
        type=Path,
        nargs="+",
        metavar="JSON",
        help="records exported from the page of the trainer",
    )


def main(arguments: Namespace) -> int:
    """Write the set, or print how the class judged it."""
    if arguments.records is not None:
        judged = reports_of_the_page()
        print(agreement(read_records(arguments.records, judged), judged))
        return 0
    if arguments.seed is None:
        raise CommandError(
            "give --seed, a whole number that names the set; or --records with files "
            "that were exported from the page of the trainer"
        )
    if arguments.seed < 0:
        raise CommandError(f"--seed {arguments.seed} is not allowed: give 0 or more")
    if not 1 <= arguments.count <= 100:
        raise CommandError(f"--count {arguments.count} is not allowed: give 1 to 100")
    reports = make_trial_reports(arguments.count, random_state=arguments.seed)
    if arguments.answers is None:
        for path in write(reports, arguments.to, arguments.seed):
            print(path)
    else:
        print(agreement(read_answers(arguments.answers, len(reports)), reports))
    return 0


@functools.cache
def reports_of_the_page() -> Sequence[Any]:
    """Return the reports that the page of the trainer shows."""
    return make_trial_reports(TRAINER_COUNT, random_state=TRAINER_SEED)


# -- the set to print


def write(reports: Sequence[Any], folder: Path, seed: int) -> list[Path]:
    """Write reports, key and an empty sheet of answers; never over filled-in ones."""
    sheet = folder / "answers.csv"
    if sheet.exists():
        raise CommandError(
            f"{sheet} is there already, and may hold answers: choose another folder "
            "with --to, or move it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    numbered = list(enumerate(reports, 1))
    pages = {
        "reports.html": ("Trial reports", [printed(*one) for one in numbered]),
        "key.html": (
            f"Key to the reports of seed {seed}",
            [key(*one) for one in numbered],
        ),
    }
    for name, (title, articles) in pages.items():
        (folder / name).write_text(page(title, articles), encoding="utf-8")
    with open(sheet, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(COLUMNS)
    return [*(folder / name for name in pages), sheet]


def page(title: str, articles: Iterable[str]) -> str:
    """Return a page of HTML that needs nothing beside it."""
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"<h1>{html.escape(title)}</h1>\n" + "\n".join(articles) + "\n</html>\n"
    )


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first cell of a row is its heading."""
    lines = [f"<table><caption>{html.escape(caption)}</caption>"]
    if head:
        cells = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    for first, *others in rows:
        cells = "".join(f"<td>{html.escape(one)}</td>" for one in others)
        lines.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</table>"])


def printed(number: int, report: Any, *, sheet: bool = True) -> str:
    """Return a report, with a sheet for the marks if that is wanted."""
    text = report.text
    names = {"placebo": "placebo", "usual": "usual care"}
    trial = report.trial
    arms = (
        trial.world.agent,
        names.get(trial.design.comparator, trial.world.other),
    )
    parts = [f"<article><h2>{number}. {html.escape(text.title)}</h2>"]
    for part in text.abstract:
        said = " ".join(piece.text for piece in part.pieces)
        parts.append(f"<p><b>{part.heading}.</b> {html.escape(said)}</p>")
    parts += [
        table("Register entry", (), cells(text.register)),
        table("Table 1. Patients at entry", ("", *arms), cells(text.baseline)),
        table("Flow of participants", ("", *arms), cells(text.flow)),
        table(
            "Table 2. Results",
            ("", *arms, "Difference, points (95 % CI)", "p"),
            cells(text.results),
        ),
        sheet_of_marks() if sheet else "",
        "</article>",
    ]
    return "\n".join(parts)


def sheet_of_marks() -> str:
    """Return what a reader fills in below a report."""
    levels = " / ".join(map(str, LEVELS))
    marks = [(one.title, " / ".join(rob2.JUDGEMENTS)) for one in rob2.DOMAINS.values()]
    marks += [(f"GRADE, levels down: {step}", levels) for step in STEPS]
    marks += [
        ("Certainty (GRADE)", " / ".join(CERTAINTY)),
        ("In 100 people, agent minus comparator", ""),
        ("How many of these ten marks are right, in %", ""),
    ]
    return f'<div class="sheet">{table("Your marks", (), marks)}</div>'


def cells(lines: Iterable[Line]) -> list[tuple[str, ...]]:
    """Return the cells of lines."""
    return [line.cells for line in lines]


def key(number: int, report: Any) -> str:
    """Return the key of a report."""
    found = report.key
    rows = [
        (domain.title, found.judgements[name], found.reasons[name])
        for name, domain in rob2.DOMAINS.items()
    ]
    rows += [
        (f"GRADE: {name}", f"{step.levels} down", step.why)
        for name, step in found.steps.items()
    ]
    also = [one for one in found.certainties if one != found.certainty]
    rows.append(("Certainty", found.certainty, "".join(f"or {one} " for one in also)))
    rows.append(
        (
            "In 100 people",
            f"{found.number:.1f}".replace("-", "−"),
            f"without flaws {found.found:.1f}, in truth {found.truth:.1f}".replace(
                "-", "−"
            ),
        )
    )
    for flaw in report.flaws:
        effect = effect_of(flaw, report.trial, report.true)
        rows.append((f"Planted: {FLAWS[flaw].title}", "", effect))
    title = f"{number}. {report.text.title}"
    return f"<article>{table(title, (), rows)}</article>"


# -- what a class answered


@dataclass(frozen=True)
class Answer:
    """What one reader marked in one report."""

    reader: str
    report: int
    judgements: tuple[str, ...]
    levels: tuple[int, ...]
    certainty: str
    number: float
    sure: float


def read_answers(path: Path, count: int) -> list[Answer]:
    """Read a filled-in answers.csv.

    Raises
    ------
    CommandError
        If the file is not there or not of this form; the message names the line.
    """
    lines = csv.DictReader(text_of(path).splitlines())
    try:
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise CommandError(f"{path}: the first line must be {','.join(COLUMNS)}")
        answers = [
            _answer(row, f"{path}, line {lines.line_num}", count) for row in lines
        ]
    except csv.Error as error:
        raise CommandError(f"{path}, line {lines.line_num}: {error}") from None
    twice = [
        one
        for one, n in Counter((a.reader, a.report) for a in answers).items()
        if n > 1
    ]
    if twice:
        reader, report = twice[0]
        raise CommandError(f"{path}: {reader!r} has report {report} more than once")
    if not answers:
        raise CommandError(f"{path} holds no answers yet")
    return answers


def text_of(path: Path) -> str:
    """Return the text of a file that somebody handed in.

    Raises
    ------
    CommandError
        If it is not there, no file, too large or not UTF-8.
    """
    try:
        if not path.is_file():
            raise CommandError(f"{path} is not a file")
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than {LARGEST / 1e6:.0f} MB")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None


def _answer(row: dict[str, str | None], where: str, count: int) -> Answer:
    """Return one line as an answer, or say what is wrong with it."""
    said = {name: (row.get(name) or "").strip() for name in COLUMNS}

    def number(name: str, low: float, high: float) -> float:
        try:
            value = float(said[name].replace("−", "-").replace(",", "."))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise CommandError(
                f"{where}: {name} is {said[name]!r}; write a number from {low:g} to "
                f"{high:g}"
            )
        return value

    def word(name: str, known: Sequence[str]) -> str:
        if said[name].lower() not in known:
            raise CommandError(
                f"{where}: {name} is {said[name]!r}; write {' or '.join(known)}"
            )
        return said[name].lower()

    if not said["reader"]:
        raise CommandError(f"{where}: there is no reader")
    return Answer(
        reader=said["reader"],
        report=int(number("report", 1, count)),
        judgements=tuple(word(name, rob2.JUDGEMENTS) for name in DOMAINS),
        levels=tuple(int(word(name, tuple(map(str, LEVELS)))) for name in STEPS),
        certainty=word("certainty", CERTAINTY),
        number=number("number", -100, 100),
        sure=number("sure", 0, 100) / 100,
    )


# -- what the page keeps


def read_records(paths: Sequence[Path], reports: Sequence[Any]) -> list[Answer]:
    """Read the records that readers exported from the page.

    A reader is called as the file is. Of a report that somebody judged twice the first
    judgement counts.

    Raises
    ------
    CommandError
        If a file is not such a record, or two have one name; the message says where.
    """
    if len(paths) > MOST_RECORDS:
        raise CommandError(f"{len(paths)} records; give {MOST_RECORDS} at most")
    names = Counter(path.stem for path in paths)
    twice = [name for name, n in names.items() if n > 1]
    if twice:
        raise CommandError(
            f"two records are called {printable(twice[0])}: name each by its reader"
        )
    return [one for path in paths for one in read_record(path, reports)]


def read_record(path: Path, reports: Sequence[Any]) -> list[Answer]:
    """Read one record; what is in it is checked before anything else sees it."""

    def no_number(text: str) -> float:
        raise ValueError(f"{text} is not a number")

    try:
        kept = json.loads(text_of(path), parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {str(error)[:80]}") from None
    if not (
        isinstance(kept, dict)
        and kept.get("version") == 1
        and isinstance(kept.get("reports"), list)
    ):
        raise CommandError(
            f"{path} is not a record of the trainer: export it there once more"
        )
    answers: dict[int, Answer] = {}
    for place, entry in enumerate(kept["reports"], 1):
        where = f"{path}, entry {place}"
        answer = _entry(entry, path.stem, where, len(reports))
        if entry.get("right") != right(answer, reports[answer.report - 1]):
            raise CommandError(
                f"{where}: report {answer.report} is marked otherwise than here: the "
                "page that it comes from was built from another version of the course"
            )
        answers.setdefault(answer.report, answer)
    if not answers:
        raise CommandError(f"{path} holds no judgement yet")
    return list(answers.values())


def _entry(entry: Any, reader: str, where: str, count: int) -> Answer:
    """Return one entry of a record as an answer, or say what is wrong with it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("marks"), list):
        raise CommandError(f"{where} is not a judgement of a report")
    marks = entry["marks"]
    if len(marks) != len(MARKS):
        raise CommandError(f"{where} has {len(marks)} marks; there are {len(MARKS)}")

    def whole(value: Any, name: str, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise CommandError(
                f"{where}: {name} is {_short(value)}; it must be a whole number from "
                f"{low} to {high}"
            )
        return value

    def chosen(place: int, options: int) -> int:
        return whole(marks[place], MARKS[place], 0, options - 1)

    said = marks[-1]
    if type(said) not in (int, float) or not math.fabs(said) <= 1e6:
        raise CommandError(f"{where}: number is {_short(said)}; it must be a number")
    first = len(DOMAINS)
    return Answer(
        reader=reader,
        report=whole(entry.get("id"), "id", 1, count),
        judgements=tuple(
            rob2.JUDGEMENTS[chosen(place, len(rob2.JUDGEMENTS))]
            for place in range(first)
        ),
        levels=tuple(
            LEVELS[chosen(first + place, len(LEVELS))] for place in range(len(STEPS))
        ),
        certainty=CERTAINTY[chosen(first + len(STEPS), len(CERTAINTY))],
        number=float(said),
        sure=whole(entry.get("sure"), "sure", 0, 100) / 100,
    )


def _short(value: Any) -> str:
    """Return a foreign value such that it can stand in a message."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) > 10**20:
        return "far too large"
    return printable(repr(value)[:40])


# -- how they judged


def kappa(ratings: Iterable[Sequence[str]]) -> float | None:
    """Return Fleiss' kappa: agreement among readers beyond chance.

    Parameters
    ----------
    ratings : iterable of sequence of str
        For each report what each of its readers said; reports with one reader do not
        count, and the numbers of readers may differ.

    Returns
    -------
    float or None
        None if no report has two readers, or all said the same throughout.
    """
    shared = [Counter(one) for one in ratings if len(one) > 1]
    if not shared:
        return None
    agreed = fmean(
        sum(n * (n - 1) for n in counts.values())
        / (counts.total() * (counts.total() - 1))
        for counts in shared
    )
    everything = sum(shared, Counter())
    chance = sum((n / everything.total()) ** 2 for n in everything.values())
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def right(answer: Answer, report: Any) -> list[bool]:
    """Return which of the ten marks are right."""
    found = report.key
    return [
        *(
            said == found.judgements[name]
            for said, name in zip(answer.judgements, DOMAINS, strict=True)
        ),
        *(
            said in found.steps[name].defensible
            for said, name in zip(answer.levels, STEPS, strict=True)
        ),
        answer.certainty in found.certainties,
        # As the page has it, which shows a tenth.
        abs(answer.number - round(found.number, 1)) <= TOLERANCE + 1e-9,
    ]


def agreement(answers: Sequence[Answer], reports: Sequence[Any]) -> str:
    """Return how a class judged, as a text to print."""
    marked = {
        (one.reader, one.report): right(one, reports[one.report - 1]) for one in answers
    }
    by_report = defaultdict(list)
    for one in answers:
        by_report[one.report].append(one)
    lines = [
        f"{len({one.reader for one in answers})} readers, {len(by_report)} reports, "
        f"{len(answers)} judgements",
        "",
        f"{'':28}kappa   as the key",
    ]
    for place, name in enumerate(MARKS):
        agreed = None
        if name != "number":
            agreed = kappa(
                [
                    [
                        (*one.judgements, *map(str, one.levels), one.certainty)[place]
                        for one in some
                    ]
                    for some in by_report.values()
                ]
            )
        told = "    –" if agreed is None else f"{agreed:5.2f}"
        share = fmean(marks[place] for marks in marked.values())
        lines.append(f"{name:28}{told}   {share:9.0%}")
    lines += ["", f"{'reader':28}right   expected   "]
    for reader in sorted({one.reader for one in answers}):
        own = [one for one in answers if one.reader == reader]
        share = fmean(fmean(marked[reader, one.report]) for one in own)
        sure = fmean(one.sure for one in own)
        told = "too sure" if sure - share > 0.1 else ""
        told = "not sure enough" if share - sure > 0.1 else told
        lines.append(
            f"{printable(reader)[:27]:28}{share:5.0%}   {sure:8.0%}   {told}".rstrip()
        )
    return "\n".join(lines)
