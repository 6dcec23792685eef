"""The index of the search: what can be found, and by which terms.

It is written as MiniSearch reads it, only packed: a list of entries, the terms in
alphabetical order, and for each term the numbers of the entries that hold it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import sections
import yaml
from cohorts import curated
from sphinx.environment import BuildEnvironment

from search import words

SYNONYMS = Path(__file__).parent / "synonyms.yml"
#: Which field of an entry is its text, after title and description.
TEXT = 2
#: How much of an entry is shown below its heading, in characters.
EXCERPT = 100
#: What an entry is.
PLACE, TERM, AGENT, FORMULA = range(4)
#: What counts less than a section of a chapter, by the beginning of the page's name.
WEIGHTS = {
    "book/answers/": 0.35,
    "book/teach/": 0.5,
    "book/reference/": 0.4,
    "book/start/what-you-need": 0.6,
    "book/start/how-to": 0.6,
    "book/index": 0.4,
}
WEIGHT_OF_FORMULA = 0.2
#: The beginning of a chapter page, which says what the page is about; and the page that
#: says what a chapter is for.
WEIGHT_OF_PAGE, WEIGHT_OF_CHAPTER = 1.3, 0.5
#: An assignment, and headings that many pages have: takeaways, exercise, reading.
WEIGHT_OF_ASSIGNMENT, WEIGHT_OF_COMMON, COMMON = 0.5, 0.5, 6
#: What stands on these pages stands on others already, or belongs to a task.
TITLES_ONLY = ("book/teach/course-map", "book/reference/concepts", "book/answers/")
#: A term is noted up to so many times in one entry.
MOST = 4
#: A phrase of two words has three blanks around them, and is looked for as one.
LONG = 2
#: A term that this share of all entries holds tells none of them from the others; in a
#: book of a few pages there is none.
EVERYWHERE, FEW = 0.3, 20


@dataclass(frozen=True)
class Entry:
    """What a reader can find.

    Parameters
    ----------
    page, anchor : str
        Where it stands.
    title : str
        What it is called.
    text : str
        What it says.
    kind : int
        `PLACE`, `TERM`, `AGENT` or `FORMULA`.
    weight : float
        1 for a section of a chapter.
    names : tuple of str
        Other names of a term or an agent.
    about : str
        The sentence that describes a page.
    uses : tuple of str
        The glossary's names that a section uses, in small letters.
    """

    page: str
    anchor: str
    title: str
    text: str
    kind: int = PLACE
    weight: float = 1.0
    names: tuple[str, ...] = ()
    about: str = ""
    uses: tuple[str, ...] = ()


@cache
def synonyms() -> dict:
    """Return what ``synonyms.yml`` says."""
    return yaml.safe_load(SYNONYMS.read_text(encoding="utf-8"))


def agent_anchor(inn: str) -> str:
    """Return where an agent stands in the index of concepts."""
    return "agent-" + re.sub("[^a-z0-9]+", "-", inn.lower()).strip("-")


@cache
def _agents_of_the_table() -> tuple[str, ...]:
    return tuple(curated.load("agents")["inn"])


def agent_names() -> dict[str, tuple[str, ...]]:
    """Return other names and trade names of every agent, by its INN.

    Raises
    ------
    ValueError
        If ``synonyms.yml`` names an agent that the table of agents does not have.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_agents_of_the_table(), ())
    for group in ("also called", "trade names"):
        for inn, names in synonyms()[group].items():
            if inn not in found:
                raise ValueError(f"{SYNONYMS.name}: {inn!r} is no agent of agents.csv")
            found[inn] += tuple(names)
    return found


def trade_names(inn: str) -> tuple[str, ...]:
    """Return the names that an agent is sold under."""
    return tuple(synonyms()["trade names"].get(inn, ()))


def groups(glossary: Iterable[sections.Term]) -> list[tuple[str, ...]]:
    """Return the groups of phrases that mean the same to a search."""
    return [
        *(tuple(group) for group in synonyms()["groups"]),
        *(term.names for term in glossary if len(term.names) > 1),
        *((plain(inn), *names) for inn, names in agent_names().items() if names),
    ]


def plain(inn: str) -> str:
    """Return an INN as a text has it: without brackets and what follows a comma."""
    return re.sub(r" \(.*\)|,.*", "", inn)


# -- entries


def entries(env: BuildEnvironment, leads: Mapping[str, str]) -> list[Entry]:
    """Return what can be found, in the order of the book.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        What has been read.
    leads : mapping of str to str
        By page, the sentence that describes it.
    """
    found: list[Entry] = []
    common = _common(env)
    for page in sections.in_order(env):
        for section in sections.pages(env)[page].sections:
            weight = _weight(page)
            if section.title in common and section.level > 1:
                weight *= WEIGHT_OF_COMMON
            text = section.text
            if page.startswith(TITLES_ONLY):
                weight, text = WEIGHT_OF_ASSIGNMENT * weight, ""
            about = leads.get(page, "") if section.level == 1 else ""
            if section.level == 1:
                weight *= WEIGHT_OF_PAGE
            found.append(
                Entry(
                    page=page,
                    anchor=section.anchor,
                    title=section.title,
                    text=text,
                    weight=weight,
                    about=about,
                    uses=tuple(section.terms),
                )
            )
            found += [
                Entry(page, anchor, name, said, FORMULA, WEIGHT_OF_FORMULA)
                for anchor, name, said in section.formulas
            ]
    found += [
        Entry(term.page, term.anchor, term.names[0], term.text, TERM, 1.0, term.names)
        for term in sections.glossary(env)
    ]
    return found


def _common(env: BuildEnvironment) -> set[str]:
    counted = Counter(
        section.title
        for page in sections.pages(env).values()
        for section in page.sections[1:]
    )
    return {title for title, count in counted.items() if count >= COMMON}


def _weight(page: str) -> float:
    if page.endswith("/assignment"):
        return WEIGHT_OF_ASSIGNMENT
    if page.endswith("/index") and page not in WEIGHTS:
        return WEIGHT_OF_CHAPTER
    starts = (weight for start, weight in WEIGHTS.items() if page.startswith(start))
    return next(starts, 1.0)


def agents(page: str) -> list[Entry]:
    """Return an entry for every agent of the table, in the index of concepts `page`."""
    names = agent_names()
    return [
        Entry(
            page=page,
            anchor=agent_anchor(row["inn"]),
            title=row["inn"],
            text=agent_text(row, names[row["inn"]]),
            kind=AGENT,
            names=names[row["inn"]],
        )
        for row in curated.load("agents").to_dict("records")
    ]


def agent_text(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return what an agent is, in a line: class, target, other names."""
    said = f"{row['class']}; target: {row['target']}".replace(";", ",")
    return f"{said}. Also: {', '.join(names)}." if names else f"{said}."


# -- terms


class Synonyms:
    """Groups of phrases; a text with one of them is found by all."""

    def __init__(self, same: Iterable[tuple[str, ...]]) -> None:
        self.groups = [
            [(phrase, words.flat(phrase), words.terms(phrase)) for phrase in group]
            for group in same
        ]

    def names(self, entry: Entry) -> list[str]:
        """Return what a term or an agent is called besides its title.

        An agent has its names; two of them share some, such as "steroid".
        """
        names = dict.fromkeys(entry.names)
        if entry.kind == AGENT:
            return list(names)
        agents = {plain(inn) for inn in agent_names()}
        own = {words.flat(name) for name in (entry.title, *entry.names)}
        for group in self.groups:
            is_agent = group[0][0] in agents
            if not is_agent and own & {flat for _, flat, _ in group}:
                names |= dict.fromkeys(phrase for phrase, *_ in group)
        return [name for name in names if name != entry.title]

    def added(self, text: str, longest: int | None = None) -> Counter[str]:
        """Return the terms of synonyms of what a text says, with their counts.

        Parameters
        ----------
        text : str
            Such as a heading.
        longest : int, optional
            How many terms a synonym may have. In a heading each word of a long one
            would weigh as much as a word that stands there.
        """
        found: Counter[str] = Counter()
        said = words.flat(text)
        for group in self.groups:
            if not any(flat in said for _, flat, _ in group):
                continue
            counts = [said.count(flat) for _, flat, _ in group]
            total = sum(counts)
            for (*_, terms), count in zip(group, counts, strict=True):
                others = total - count
                if not others or (longest is not None and len(terms) > longest):
                    continue
                for term in terms:
                    found[term] = max(found[term], others)
        return found


def packed(
    found: list[Entry],
    env: BuildEnvironment,
    address: Callable[[str], str],
    same: Synonyms,
) -> dict:
    """Return the index as ``search-engine.js`` unpacks it.

    Parameters
    ----------
    found : list of Entry
        What can be found.
    env : sphinx.environment.BuildEnvironment
        What has been read.
    address : callable
        Gives the address of a page.
    same : Synonyms
        What means the same.
    """
    pages = list(dict.fromkeys(entry.page for entry in found))
    number = {page: place for place, page in enumerate(pages)}
    posts: dict[str, tuple[dict[int, int], ...]] = defaultdict(lambda: ({}, {}, {}))
    lengths = []
    for place, entry in enumerate(found):
        title = " ".join((entry.title, *entry.names))
        if entry.kind == PLACE and not entry.anchor:
            title = f"{title} {sections.name(env, entry.page)}"
        fields = (title, entry.about, entry.text)
        length = []
        for field, text in enumerate(fields):
            counts = Counter(words.terms(text))
            length.append(sum(counts.values()))
            longest = LONG if entry.kind == PLACE and field != TEXT else None
            for term, count in same.added(text, longest).items():
                counts[term] = max(counts[term], count)
            for term, count in counts.items():
                posts[term][field][place] = min(count, MOST if field == TEXT else 1)
        lengths.append(length)
    often = max(FEW, EVERYWHERE * len(found))
    for *_, in_text in posts.values():
        if len(in_text) > often:
            in_text.clear()
    terms = sorted(term for term, fields in posts.items() if any(fields))
    said = [words.flat(f"{entry.title} {entry.text}") for entry in found]
    uses = [set(entry.uses) for entry in found]
    return {
        "most": MOST,
        "silent": sorted(words.SILENT),
        "pages": [
            [address(page), sections.chapter(env, page), sections.name(env, page)]
            for page in pages
        ],
        "entries": [
            [
                number[entry.page],
                entry.anchor,
                entry.title,
                "" if entry.kind == FORMULA else excerpt(entry.about or entry.text),
                entry.kind,
                round(entry.weight, 2),
                *_naming(entry, uses, said, same),
            ]
            for entry in found
        ],
        "lengths": lengths,
        "terms": " ".join(terms),
        "posts": [[_delta(field) for field in posts[term]] for term in terms],
    }


def _naming(
    entry: Entry, used: list[set[str]], flat: list[str], same: Synonyms
) -> Iterator[list]:
    """Yield the names of a term or an agent; where it is used, and where it stands.

    A name of one word is found by its word; of several, one after the other. For each
    entry, `used` has the names of the glossary that it uses, and `flat` what it says,
    as `words.flat` has it.
    """
    if entry.kind not in (TERM, AGENT):
        return
    own = {sections.key(name) for name in entry.names}
    names = same.names(entry)
    uses = [place for place, names_there in enumerate(used) if own & names_there]
    phrases = [words.flat(name) for name in (entry.title, *names)]
    phrases = [phrase for phrase in phrases if phrase.count(" ") > LONG]
    said = [
        place
        for place, text in enumerate(flat)
        if place not in uses and any(one in text for one in phrases)
    ]
    yield names
    yield uses
    yield said


def _delta(field: dict[int, int]) -> list[int]:
    """Return places as steps from one to the next, times `MOST`, plus the count."""
    places = sorted(field)
    steps = [after - before for before, after in pairwise([-1, *places])]
    return [
        (step - 1) * MOST + field[place] - 1
        for step, place in zip(steps, places, strict=True)
    ]


def excerpt(text: str) -> str:
    """Return the beginning of a text, to the end of a word."""
    text = text.lstrip(" .,:;…")
    if len(text) <= EXCERPT:
        return text
    return text[:EXCERPT].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
