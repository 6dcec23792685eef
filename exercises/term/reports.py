"""Write a set of trial reports to print, and how a class judged them.

With --seed and --count it writes into a folder: reports.html, a report a page, to
print for everybody; key.html, their answer key, which belongs to nobody but you; and
answers.csv, one line for a reader and a report, for what was marked.

With --answers it reads that file once it is filled in, and prints how far readers
agree with each other (kappa) and with the key, and who trusts themselves too much.
The key is made again from the seed: nothing else is needed.
"""

from __future__ import annotations

import csv
import html
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from cohorts.trial_reports import FLAWS, make_trial_reports, rob2
from cohorts.trial_reports.effect import effect_of
from cohorts.trial_reports.key import CERTAINTY
from cohorts.trial_reports.prose import Line

from .command import CommandError

DOMAINS = tuple(rob2.DOMAINS)
COLUMNS = ("reader", "report", *DOMAINS, "certainty", "number", "sure")
#: A number is right within this, in 100 people; see the page of the trainer.
TOLERANCE = 1.0
LARGEST = 5_000_000  # bytes; a class of a thousand with a hundred reports is smaller
STYLE = """
body { font: 11pt/1.4 Georgia, serif; max-width: 42em; margin: 2em auto; }
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
    parser.add_argument("--seed", type=int, required=True, help="seed of the set")
    parser.add_argument(
        "--count", type=int, default=12, help="how many reports (%(default)s)"
    )
    parser.add_argument(
        "--to", type=Path, default=Path("reports"), help="folder (%(default)s)"
    )
    parser.add_argument("--answers", type=Path, help="answers.csv, filled in")


def main(arguments: Namespace) -> int:
    """Write the set, or print how the class judged it."""
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


def printed(number: int, report: Any) -> str:
    """Return a report with its sheet of marks."""
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
        '<div class="sheet">',
        table(
            "Your marks",
            (),
            [
                *(
                    (one.title, " / ".join(rob2.JUDGEMENTS))
                    for one in rob2.DOMAINS.values()
                ),
                ("Certainty (GRADE)", " / ".join(CERTAINTY)),
                ("In 100 people, agent minus comparator", ""),
                ("How many of these seven marks are right, in %", ""),
            ],
        ),
        "</div></article>",
    ]
    return "\n".join(parts)


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
    rows.append(("Certainty", found.certainty, "or " + ", ".join(found.certainties)))
    rows.append(
        (
            "In 100 people",
            f"{found.number:.1f}",
            f"without flaws {found.found:.1f}, in truth {found.truth:.1f}",
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
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than {LARGEST / 1e6:.0f} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    lines = csv.DictReader(text.splitlines())
    if tuple(lines.fieldnames or ()) != COLUMNS:
        raise CommandError(f"{path}: the first line must be {','.join(COLUMNS)}")
    answers = [_answer(row, f"{path}, line {lines.line_num}", count) for row in lines]
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
        certainty=word("certainty", CERTAINTY),
        number=number("number", -100, 100),
        sure=number("sure", 0, 100) / 100,
    )


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
    """Return which of the seven marks are right."""
    found = report.key
    return [
        *(
            said == found.judgements[name]
            for said, name in zip(answer.judgements, DOMAINS, strict=True)
        ),
        answer.certainty in found.certainties,
        abs(answer.number - found.number) <= TOLERANCE,
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
    for place, name in enumerate((*DOMAINS, "certainty", "number")):
        agreed = None
        if name != "number":
            agreed = kappa(
                [
                    [(*one.judgements, one.certainty)[place] for one in some]
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
        lines.append(f"{reader[:27]:28}{share:5.0%}   {sure:8.0%}   {told}".rstrip())
    return "\n".join(lines)
