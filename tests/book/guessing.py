"""Readers who answer the self-checks of the book without having read a page.

A rule looks at the question and its options as they are shown, and says which of
them it would take; among these it takes one at random. `RULES` has the rules, and
`features` what the learned guesser of test_guessing.py sees of an option.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from selfcheck import shown_order

ROOT = Path(__file__).resolve().parents[2]
CHECK = re.compile(
    r"^(?P<fence>:{3,})\{selfcheck\} +(?P<name>\S+)\n(?P<body>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
SETTING = re.compile(r"^:\w+:.*$", re.MULTILINE)
OPTION = re.compile(r"^- \[([ xX])\] +(.+)$", re.MULTILINE)

HEDGE = re.compile(
    r"\b(may|might|can|could|not|only|cannot|depends?|perhaps|probably|likely|often"
    r"|usually|mostly?|nearly|almost|about|some|less|little|yet|unless|if|whether"
    r"|open|without)\b|n't\b",
    re.IGNORECASE,
)
NEGATION = re.compile(
    r"\b(no|not|none|nothing|nobody|never|neither|nor|cannot|without)\b|n't\b", re.I
)
ABSOLUTE = re.compile(
    r"\b(all|always|any|both|every|everybody|nobody|never|none|nothing|no|only|must"
    r"|cannot|same|whatever)\b",
    re.IGNORECASE,
)
COMPARISON = (
    r"\b(more|less|fewer|than|better|worse|larger|smaller|higher|lower|longer|earlier"
    r"|later|slower|faster|stronger|nearer)\b"
)
VERDICT = re.compile(r"^(yes|no|right|wrong|nothing|none|neither|not|nobody)\b", re.I)
REASON = re.compile(r"\b(because|since|so|as|for|therefore)\b", re.I)
SMALL = set(
    "a an the of in on at to by for from with and or is are was were be been it its "
    "that this these those what which who how does do did has have had as than then "
    "them they their there".split()
)


@dataclass(frozen=True)
class Check:
    """A self-check with options, in the order in which they are shown."""

    name: str
    page: str
    question: str
    options: tuple[str, ...]
    right: tuple[bool, ...]
    several: bool


def checks() -> list[Check]:
    """Return all self-checks of the book with options to choose from."""
    return [
        check
        for path in sorted((ROOT / "book").rglob("*"))
        if path.suffix in (".md", ".ipynb")
        for check in checks_in(_markdown(path), path.stem)
    ]


def checks_in(text: str, page: str = "") -> Iterator[Check]:
    """Yield the self-checks with options in the source of a page."""
    for found in CHECK.finditer(text):
        written = OPTION.findall(found["body"])
        if not written:
            continue
        order = shown_order(found["name"], len(written))
        question = SETTING.sub("", OPTION.split(found["body"])[0]).strip()
        yield Check(
            found["name"],
            page,
            question,
            tuple(_plain(written[place][1]) for place in order),
            tuple(written[place][0] in "xX" for place in order),
            ":several:" in found["body"],
        )


def _markdown(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join(
        "".join(one["source"]) for one in cells if one["cell_type"] == "markdown"
    )


def _plain(text: str) -> str:
    """Return an option as it is read: a role shows its text."""
    text = re.sub(r"\{cite[\w:]*\}`[^`]*`", "(Author et al., 2000)", text)
    return re.sub(r"\{[\w:]+\}`([^`<]*?)( <[^`]*>)?`", r"\1", text).strip()


# -- what can be seen of an option without understanding it


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", text.lower())


def content(text: str) -> set[str]:
    """Return the stems of the words that carry meaning."""
    return {word[:5] for word in words(text) if word not in SMALL and len(word) > 2}


def _mean_length(text: str) -> float:
    return sum(map(len, words(text))) / max(len(words(text)), 1)


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


#: What is measured of an option, given its question and the other options.
Measure = Callable[[str, Check], float]
MEASURES: dict[str, Measure] = {
    "characters": lambda option, check: len(option),
    "words": lambda option, check: len(words(option)),
    "length of its words": lambda option, check: _mean_length(option),
    "length of its longest word": lambda option, check: max(
        map(len, words(option)), default=0
    ),
    "commas": lambda option, check: option.count(","),
    "marks": lambda option, check: len(re.findall(r"[,:;()–]", option)),
    "capitals": lambda option, check: len(re.findall(r"[A-Z]", option[1:])),
    "digits": lambda option, check: len(re.findall(r"\d", option)),
    "hedges": lambda option, check: len(HEDGE.findall(option)),
    "negations": lambda option, check: len(NEGATION.findall(option)),
    "absolute words": lambda option, check: len(ABSOLUTE.findall(option)),
    "words of the question": lambda option, check: len(
        content(option) & content(check.question)
    ),
    "share of words of the question": lambda option, check: (
        len(content(option) & content(check.question)) / max(len(content(option)), 1)
    ),
    "words of the other options": lambda option, check: sum(
        _share(content(option), content(other))
        for other in check.options
        if other is not option
    ),
    "place in the alphabet": lambda option, check: sorted(check.options).index(option),
}

#: What an option has or has not.
SIGNS: dict[str, Callable[[str, Check], bool]] = {
    "a number": lambda option, check: bool(re.search(r"\d", option)),
    "a hedge": lambda option, check: bool(HEDGE.search(option)),
    "a negation": lambda option, check: bool(NEGATION.search(option)),
    "an absolute word": lambda option, check: bool(ABSOLUTE.search(option)),
    "a citation": lambda option, check: "et al." in option,
    "a comma": lambda option, check: "," in option,
    "a colon": lambda option, check: ":" in option,
    "a semicolon": lambda option, check: ";" in option,
    "a bracket": lambda option, check: "(" in option,
    "a formula or code": lambda option, check: bool(re.search(r"[$`]", option)),
    "emphasis": lambda option, check: "*" in option,
    "a quotation": lambda option, check: bool(re.search(r'["“]', option)),
    "two sentences": lambda option, check: bool(re.search(r"[.?!] +[A-Z]", option)),
    "a reason": lambda option, check: bool(REASON.search(option)),
    "a condition": lambda option, check: bool(
        re.search(r"\b(if|when|unless|until|whether)\b", option, re.I)
    ),
    "'and'": lambda option, check: bool(re.search(r"\band\b", option)),
    "'or'": lambda option, check: bool(re.search(r"\bor\b", option)),
    "a comparison": lambda option, check: bool(re.search(COMPARISON, option, re.I)),
    "a verdict first": lambda option, check: bool(VERDICT.search(option)),
    "an opening of its own": lambda option, check: _alone(option, check.options, 0),
    "an ending of its own": lambda option, check: _alone(option, check.options, -1),
    "a full stop": lambda option, check: option.endswith("."),
}


def _alone(option: str, options: tuple[str, ...], place: int) -> bool:
    """Tell whether an option alone has its first (last) word, and others share one."""
    said = Counter((words(one) or [""])[place] for one in options)
    return said[(words(option) or [""])[place]] == 1 and max(said.values()) > 1


# -- the rules


#: A rule: the options (by their places) that a reader takes one of.
Rule = Callable[[Check], list[int]]


def _extreme(measure: Measure, best: Callable) -> Rule:
    def rule(check: Check) -> list[int]:
        values = [measure(option, check) for option in check.options]
        return [i for i, value in enumerate(values) if value == best(values)]

    return rule


def _avoid(measure: Measure, best: Callable) -> Rule:
    def rule(check: Check) -> list[int]:
        taken = _extreme(measure, best)(check)
        return [i for i in range(len(check.options)) if i not in taken]

    return rule


def _negative(measure: Measure) -> Measure:
    return lambda option, check: -measure(option, check)


def _middle(measure: Measure) -> Rule:
    def rule(check: Check) -> list[int]:
        values = [measure(option, check) for option in check.options]
        ends = {min(values), max(values)}
        return [i for i, value in enumerate(values) if value not in ends]

    return rule


def _second(measure: Measure) -> Rule:
    def rule(check: Check) -> list[int]:
        values = [measure(option, check) for option in check.options]
        place = sorted(range(len(values)), key=lambda i: -values[i])[1]
        return [place]

    return rule


def _with(sign: Callable, wanted: bool) -> Rule:
    def rule(check: Check) -> list[int]:
        return [
            i for i, one in enumerate(check.options) if bool(sign(one, check)) is wanted
        ]

    return rule


def _only(sign: Callable, wanted: bool) -> Rule:
    def rule(check: Check) -> list[int]:
        taken = _with(sign, wanted)(check)
        return taken if len(taken) == 1 else []

    return rule


def _number(best: Callable) -> Rule:
    def rule(check: Check) -> list[int]:
        values = [re.search(r"\d+(?:\.\d+)?", option) for option in check.options]
        known = {i: float(one[0]) for i, one in enumerate(values) if one}
        if len(known) < 2:
            return []
        chosen = best(known.values())
        return [i for i, value in known.items() if value == chosen]

    return rule


def _median(values) -> float:
    return sorted(values)[(len(values) - 1) // 2]


def _places() -> dict[str, Rule]:
    def at(place: int) -> Rule:
        def rule(check: Check) -> list[int]:
            return [place % len(check.options)] if place < len(check.options) else []

        return rule

    def inside(check: Check) -> list[int]:
        return list(range(1, len(check.options) - 1))

    named = {"first": 0, "second": 1, "third": 2, "last": -1, "last but one": -2}
    return {f"the {name}": at(place) for name, place in named.items()} | {
        "neither first nor last": inside
    }


def rules() -> dict[str, Rule]:
    """Return all rules, by what they say."""
    made = _places()
    for name, measure in MEASURES.items():
        made[f"most {name}"] = _extreme(measure, max)
        made[f"fewest {name}"] = _extreme(measure, min)
        made[f"not most {name}"] = _avoid(measure, max)
        made[f"not fewest {name}"] = _avoid(measure, min)
        made[f"middle in {name}"] = _middle(measure)
        made[f"second in {name}"] = _second(measure)
    for name, sign in SIGNS.items():
        made[f"with {name}"] = _with(sign, True)
        made[f"without {name}"] = _with(sign, False)
        made[f"the only one with {name}"] = _only(sign, True)
        made[f"the only one without {name}"] = _only(sign, False)
    made["the largest number"] = _number(max)
    made["the smallest number"] = _number(min)
    made["the number in the middle"] = _number(_median)
    return made


RULES = rules()


def chance(check: Check) -> float:
    """Return how often one option taken at random is right."""
    return sum(check.right) / len(check.right)


def score(rule: Rule, check: Check) -> float:
    """Return how often a rule is right; where it says nothing, the reader guesses."""
    taken = rule(check)
    if not taken:
        return chance(check)
    return sum(check.right[i] for i in taken) / len(taken)


# -- the rules of a reader who ticks several


def ticking() -> dict[str, Rule]:
    """Return the rules by which a reader ticks several options."""

    def ranked(measure: Measure, many: int) -> Rule:
        def rule(check: Check) -> list[int]:
            values = [measure(option, check) for option in check.options]
            return sorted(range(len(values)), key=lambda i: -values[i])[:many]

        return rule

    def placed(many: int, reverse: bool) -> Rule:
        def rule(check: Check) -> list[int]:
            places = list(range(len(check.options)))
            return places[-many:] if reverse else places[:many]

        return rule

    made: dict[str, Rule] = {"all": lambda check: list(range(len(check.options)))}
    for name, measure in MEASURES.items():
        for many in range(1, 5):
            made[f"the {many} with most {name}"] = ranked(measure, many)
            made[f"the {many} with fewest {name}"] = ranked(_negative(measure), many)
    for name, sign in SIGNS.items():
        made[f"all with {name}"] = _with(sign, True)
        made[f"all without {name}"] = _with(sign, False)
    for many in range(1, 5):
        made[f"the first {many}"] = placed(many, False)
        made[f"the last {many}"] = placed(many, True)
    return made


TICKING = ticking()


def all_ticked(rule: Rule, check: Check) -> bool:
    """Tell whether a rule ticks all that is right and nothing else."""
    return sorted(rule(check)) == [i for i, right in enumerate(check.right) if right]


# -- the learned guesser


def features(check: Check) -> list[list[float]]:
    """Return for each option what a learner sees of it, relative to the others."""
    size = len(check.options)
    rows = []
    for place, option in enumerate(check.options):
        row = [float(place == i) for i in range(4)] + [float(place == size - 1)]
        for measure in MEASURES.values():
            values = [measure(one, check) for one in check.options]
            mean = sum(values) / size
            spread = (sum((value - mean) ** 2 for value in values) / size) ** 0.5
            mine = measure(option, check)
            row.append((mine - mean) / spread if spread else 0.0)
            row.append(float(mine == max(values)))
            row.append(float(mine == min(values)))
        for sign in SIGNS.values():
            held = [bool(sign(one, check)) for one in check.options]
            row.append(float(held[place]) - sum(held) / size)
        rows.append(row)
    return rows
