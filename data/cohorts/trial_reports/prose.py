"""Write the report of a trial: abstract, register entry, tables, flow of participants.

Every number comes from the simulated patients. Each piece of the text knows the flaws
that stand in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .trial import EXPECTED_ICC, LOOKS, PER_PRACTICE, Trial
from .wording import ABSTRACT, Wording

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
EVEN_REASONS = ("moved away", "withdrew consent, no reason given", "record missing")
UNEVEN_REASON = "left for lack of effect or worsening"

#: Where each flaw stands: slots of the abstract, and lines of the other parts.
PLACES: dict[str, tuple[str, ...]] = {
    "not_concealed": ("allocation", "baseline:severe"),
    "baseline_selection": ("allocation", "baseline:severe"),
    "unblinded_subjective": ("masking", "outcome", "register:masking"),
    "informative_dropout": ("followed", "reasons", "flow:lost", "flow:uneven"),
    "outcome_switched": (
        *("outcome", "headline", "conclusion"),
        *("register:primary", "results:main"),
    ),
    "best_time": ("outcome", "headline", "register:primary", "results:main"),
    "subgroup": ("headline", "conclusion", "register:subgroups", "results:main"),
    "surrogate": (
        *("outcome", "headline", "second", "conclusion"),
        *("register:primary", "register:secondary", "results:main"),
    ),
    "per_protocol": ("analysis", "flow:left_out"),
    "stopped_early": ("stopping", "register:size", "register:interim"),
    "baseline_carried": ("absent", "followed", "reasons", "flow:lost", "flow:uneven"),
    "unit_of_analysis": (
        *("design", "allocation", "analysis"),
        *("register:unit", "register:analysis"),
    ),
    "wrong_denominator": ("analysis", "headline", "flow:completed"),
    "spin": ("headline", "conclusion"),
    "weak_comparator": ("comparator", "register:comparator"),
}


@dataclass(frozen=True)
class Piece:
    """A sentence or two of the abstract: its slot, and the flaws that stand in it."""

    text: str
    slot: str
    flaws: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of the abstract under its heading."""

    heading: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Line:
    """A line of a table or of the register: its cells, and the flaws in it."""

    name: str
    cells: tuple[str, ...]
    flaws: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """All that is printed of a trial."""

    title: str
    abstract: tuple[Part, ...]
    register: tuple[Line, ...]
    baseline: tuple[Line, ...]
    flow: tuple[Line, ...]
    results: tuple[Line, ...]


# -- numbers in words


def percent(part: int, whole: int) -> str:
    """Return a share as in ``"37.5 %"``."""
    return f"{100 * part / whole:.1f}{SPACE}%"


def points(share: float) -> str:
    """Return a difference in percentage points, with a true minus."""
    told = f"{100 * share:.1f}"
    return told.replace("-0.0", "0.0").replace("-", MINUS)


def p_value(value: float) -> str:
    """Return a p value as journals print it."""
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def capital(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lower(text: str) -> str:
    """Return the text with a small first letter, for the middle of a sentence."""
    return text[:1].lower() + text[1:]


#: What patients with an outcome did, where "had" and its name do not say it.
VERBS = (
    ("death", "had died"),
    ("return to", "had returned to"),
    ("improvement", "had an improvement"),
    *(
        (noun, f"had a {noun}")
        for noun in (
            *("flare", "relapse", "new erosion", "rise", "loss of", "halving"),
            *("symptomatic infection", "virus-positive infection", "infection"),
        )
    ),
)


def had(outcome: str) -> str:
    """Return what patients with an outcome did: they had it, or they died."""
    for start, told in VERBS:
        if outcome.startswith(start):
            return told + outcome.removeprefix(start)
    return f"had {outcome}"


class Writer:
    """Writes the report of one trial."""

    def __init__(self, trial: Trial, wording: Wording, rng: np.random.Generator):
        self.trial, self.wording, self.rng = trial, wording, rng
        self.world, self.design = trial.world, trial.design
        self.rows = trial.rows
        self.headline = trial.headline
        self.sizes = [self._count(trial.arm == arm) for arm in (1, 0)]
        self.lost = [self._count(trial.lost & (trial.arm == arm)) for arm in (1, 0)]
        self.worse = self._arm_that_lost_more()
        self.interim = self._choose_interim()
        self.sites = self._number_of_sites()
        self.dose = self._dose()

    def write(self) -> Text:
        """Return the whole report."""
        said = self._words()
        variants = self._variants()
        title = self.wording.sentence("title", "any", self.rng).format(**said)
        abstract = tuple(
            Part(heading, tuple(self._piece(slot, variants, said) for slot in slots))
            for heading, slots in ABSTRACT.items()
        )
        return Text(
            title=title,
            abstract=abstract,
            register=tuple(self._register()),
            baseline=tuple(self._baseline()),
            flow=tuple(self._flow()),
            results=tuple(self._results()),
        )

    # -- what was decided for the text alone

    def _count(self, who: np.ndarray) -> int:
        return int(who[: self.trial.size].sum())

    def _arm_that_lost_more(self) -> int:
        share = [lost / size for lost, size in zip(self.lost, self.sizes, strict=True)]
        return int(share[1] > share[0])

    def _choose_interim(self) -> str:
        if self.trial.has("stopped_early"):
            return "stopped"
        return "kept" if self.rng.random() < 0.4 else "planned"

    def _number_of_sites(self) -> int:
        if self.design.clustered:
            return int(self.trial.patients.practice[-1] + 1)
        patients = len(self.trial.arm)
        return int(self.rng.integers(max(4, patients // 45), max(8, patients // 12)))

    def _dose(self) -> tuple[int, tuple[int, int]]:
        """Return the comparator's dose and its approved range, in mg a day."""
        unit = int(self.rng.choice([2, 5, 10, 25]))
        approved = (4 * unit, 8 * unit)
        if self.trial.has("weak_comparator"):
            return unit, approved
        return int(self.rng.choice([4, 6, 8])) * unit, approved

    # -- names of things

    @property
    def control(self) -> str:
        """What the comparator is called."""
        names = {
            "placebo": "placebo",
            "usual": "usual care",
            "active": self.world.other,
        }
        return names[self.design.comparator]

    def when(self, name: str) -> str:
        """Return when a row of the table was recorded."""
        visit = int(name[-1]) if name.startswith("visit") else self.world.visit
        clinical = name != "marker"
        by = "by" if self.world.outcome.cumulative and clinical else "at"
        return f"{by} {self._visit(visit)}"

    def _visit(self, visit: int) -> str:
        return f"{self.world.disease.unit} {self.world.disease.visits[visit]}"

    def outcome(self, name: str) -> str:
        """Return what a row of the table counts."""
        if name == "marker":
            return self.world.disease.marker
        return self.world.outcome.other if name == "other" else self.world.outcome.name

    def group(self, name: str) -> str:
        """Return who is in a subgroup."""
        severe, limit = lower(self.world.disease.severe), self.trial.age_limit
        return {
            "women": "women",
            "men": "men",
            "younger": f"patients younger than {limit} years",
            "older": f"patients of {limit} years or older",
            "severe": f"patients with {severe}",
            "other_severity": f"patients without {severe}",
        }[name]

    @property
    def subgrouped(self) -> bool:
        """Whether the report leads with a subgroup."""
        return self.headline in self.trial.subgroups()

    # -- the abstract

    def _variants(self) -> dict[str, str]:
        has, gaps = self.trial.has, self.design.gaps
        allocation = "concealed"
        if self.design.clustered:
            allocation = "clusters"
        elif has("not_concealed"):
            allocation = "open_list"
        elif has("baseline_selection") or "concealment_unsaid" in gaps:
            allocation = "unsaid"
        masking = "masked" if self.design.masked else "open"
        if has("unblinded_subjective"):
            masking = "expecting"
        analysis = "all"
        for flaw, variant in (
            ("per_protocol", "takers"),
            ("wrong_denominator", "misdivided"),
            ("unit_of_analysis", "as_patients"),
        ):
            analysis = variant if has(flaw) else analysis
        if self.design.by_practice:
            analysis = "by_practice"
        uneven = has("informative_dropout") or has("baseline_carried")
        return {
            "design": "clusters" if self.design.clustered else "patients",
            "allocation": allocation,
            "masking": masking,
            "cotreatment": "left_open" if "treatment_unsaid" in gaps else "fixed",
            "comparator": self.design.comparator,
            "analysis": analysis,
            "absent": "carried" if has("baseline_carried") else "left_out",
            "stopping": self.interim,
            "reasons": "uneven" if uneven else "even",
            "conclusion": self._conclusion(),
            "funding": "maker" if self.design.maker else "public",
        }

    def _conclusion(self) -> str:
        """Return which conclusion the authors draw."""
        row = self.rows[self.headline]
        sign = 1 if self._wanted(self.headline) else -1
        if self.trial.has("spin"):
            return "spin"
        if row.p_value >= 0.05:
            return "open"
        if sign * row.difference < 0:
            return "worse"
        if self.trial.has("surrogate"):
            return "marker"
        return "subgroup" if self.subgrouped else "better"

    def _wanted(self, name: str) -> bool:
        """Return whether more of what a row counts is better."""
        return name == "marker" or self.world.outcome.good

    def _piece(
        self, slot: str, variants: dict[str, str], said: dict[str, str]
    ) -> Piece:
        template = self.wording.sentence(slot, variants.get(slot, "any"), self.rng)
        return Piece(template.format(**said), slot, self._flaws_in(slot))

    def _flaws_in(self, place: str) -> tuple[str, ...]:
        return tuple(flaw for flaw in self.design.flaws if place in PLACES[flaw])

    def _words(self) -> dict[str, str]:
        """Return what the braces of the sentences stand for."""
        world, disease = self.world, self.world.disease
        head, main = self.rows[self.headline], self.trial.main
        second = main if self.headline == "marker" else "marker"
        two = self.rows[second]
        low, high = head.interval
        shown = self.outcome(self.headline)
        primary = self._primary()
        wanted = self._wanted(self.headline)
        known = [size - lost for size, lost in zip(self.sizes, self.lost, strict=True)]
        group = self.group(self.headline) if self.subgrouped else ""
        serious = self.rows["serious"]
        how = (
            "measured in a central laboratory"
            if primary == "marker"
            else world.outcome.how
        )
        words = {
            "agent": world.agent,
            "disease": disease.name,
            "people": disease.people,
            "people_short": disease.short,
            "sites": disease.sites,
            "sites_n": str(self.sites),
            "practices": str(self.sites),
            "icc": f"{self.trial.intracluster_correlation():.2f}"
            if self.design.clustered
            else "",
            "mechanism": world.mechanism,
            "route": world.route,
            "other": world.other,
            "dose": str(self.dose[0]),
            "control": self.control,
            "primary": self.outcome(primary),
            "time": self.when(primary),
            "how": how,
            "favoured": world.agent if world.outcome.good else self.control,
            "worse_arm": (world.agent, self.control)[self.worse],
            "n": str(sum(self.sizes)),
            **{"n1": str(self.sizes[0]), "n0": str(self.sizes[1])},
            **{"k1": str(known[0]), "k0": str(known[1])},
            "headline": shown,
            **{"had": had(shown), "second_had": had(self.outcome(second))},
            "outcome": world.outcome.name,
            "when": self.when(self.headline),
            **{"e1": str(head.agent), "m1": str(head.agent_n)},
            **{"e0": str(head.control), "m0": str(head.control_n)},
            "p1": percent(head.agent, head.agent_n),
            "p0": percent(head.control, head.control_n),
            "rd": points(head.difference),
            **{"lo": points(low), "hi": points(high)},
            "p": p_value(head.p_value),
            "among": f" among {group}" if group else "",
            "group": group,
            "second": self.outcome(second),
            "second_when": self.when(second),
            **{"s1": str(two.agent), "t1": str(two.agent_n)},
            **{"s0": str(two.control), "t0": str(two.control_n)},
            "second_p": p_value(two.p_value),
            **{"h1": str(serious.agent), "h0": str(serious.control)},
            **{"harm": self._harm("event"), "harms": self._harm("events")},
            "improved": "increased" if wanted else "reduced",
            "more_often": "more frequent" if wanted else "less frequent",
            "less_wanted": "less frequent" if wanted else "more frequent",
        }
        return words | {capital(key): capital(text) for key, text in words.items()}

    def _harm(self, event: str) -> str:
        """Return what serious adverse events are called: deaths may count apart."""
        apart = " other than death" if self.world.outcome.deadly else ""
        return f"serious adverse {event}{apart}"

    def _primary(self) -> str:
        """Return the row that the paper calls its primary outcome."""
        return self.trial.main if self.subgrouped else self.headline

    # -- the register

    def _register(self) -> Iterable[Line]:
        world, disease, design = self.world, self.world.disease, self.design
        start = 12 * int(self.rng.integers(2016, 2022)) + int(self.rng.integers(12))
        length = int(self.rng.integers(10, 26))
        entered = start - int(self.rng.integers(1, 5))
        if "registered_late" in design.gaps:
            entered = start + length + self._follow_up() + int(self.rng.integers(1, 8))
        main = self.trial.main
        registered = "marker" if self.trial.has("surrogate") else main
        others = [name for name in (main, "other", "marker") if name != registered]
        told = [f"{self.outcome(name)} {self.when(name)}" for name in others]
        yield self._line(
            "register:id", "Identifier", f"FTR-{self.rng.integers(10**5, 10**6)}"
        )
        yield self._line("register:date", "First entered", month(entered))
        yield self._line(
            "register:enrolment",
            "Enrolment",
            f"{month(start)} to {month(start + length)}; last visit "
            f"{month(start + length + self._follow_up())}",
        )
        yield self._line(
            "register:size", "Planned size", f"{2 * design.per_arm} patients"
        )
        yield self._line(
            "register:primary",
            "Primary outcome",
            f"{self.outcome(registered)} {self.when(registered)}",
        )
        yield self._line(
            "register:secondary",
            "Secondary outcomes",
            "; ".join([*told, self._harm("events")]),
        )
        visits = ", ".join(map(str, disease.visits))
        yield self._line("register:visits", "Visits", f"{disease.unit}s {visits}")
        unit = (
            f"sites ({self.sites}, about {PER_PRACTICE} patients each; expected "
            f"intracluster correlation {EXPECTED_ICC})"
            if design.clustered
            else "patients"
        )
        yield self._line("register:unit", "Unit randomised", unit)
        yield self._line("register:masking", "Masking", self._masking())
        yield self._line("register:comparator", "Comparator", self._comparator())
        yield self._line(
            "register:analysis",
            "Analysis",
            "difference of proportions, 95 % confidence interval"
            + (", standard errors by site" if design.by_practice else ""),
        )
        yield self._line(
            "register:subgroups",
            "Subgroups",
            f"sex, age, {lower(disease.severe)}; descriptive",
        )
        looks = ", ".join(f"{100 * look:.0f}" for look in LOOKS)
        interim = {
            "planned": "none",
            "kept": "one, O'Brien–Fleming boundary",
            "stopped": f"after {looks} % of the patients, each at p < 0.05",
        }
        yield self._line("register:interim", "Interim analyses", interim[self.interim])
        yield self._line(
            "register:important",
            "Smallest important difference",
            f"{100 * world.important:.0f} percentage points",
        )

    def _follow_up(self) -> int:
        """Return the months from enrolment to the last visit."""
        days = self.world.disease.visits[-1]
        days *= 7 if self.world.disease.unit == "week" else 1
        return round(days / 30.4 + 0.5)

    def _masking(self) -> str:
        if self.design.masked:
            return "patients, staff, assessors"
        if self.world.outcome.judged == "fact" and not self.world.outcome.deadly:
            return "assessors of the outcome only"
        return "none"

    def _comparator(self) -> str:
        if self.design.comparator != "active":
            return self.control
        dose, (low, high) = self.dose
        return f"{self.control} {dose} mg a day (approved: {low} to {high} mg a day)"

    def _line(self, place: str, *cells: str) -> Line:
        return Line(place.split(":")[1], cells, self._flaws_in(place))

    # -- the tables

    def _baseline(self) -> Iterable[Line]:
        people, arm = self.trial.patients, self.trial.arm
        inside = [np.flatnonzero(arm[: self.trial.size] == a) for a in (1, 0)]
        ages = [
            f"{people.age[some].mean():.1f} ({people.age[some].std(ddof=1):.1f})"
            for some in inside
        ]
        yield self._line("baseline:age", "Age in years, mean (SD)", *ages)
        for name, label, who in (
            ("women", "Women", people.female),
            ("smokers", "Smokers", people.smoker),
            ("severe", self.world.disease.severe, people.severe),
        ):
            cells = [
                f"{who[some].sum()} ({percent(who[some].sum(), len(some))})"
                for some in inside
            ]
            yield self._line(f"baseline:{name}", label, *cells)

    def _flow(self) -> Iterable[Line]:
        trial = self.trial
        seen = round(sum(self.sizes) * (1.2 + 0.5 * self.rng.random()))
        yield self._line("flow:assessed", "Assessed for eligibility", str(seen), "")
        yield self._line("flow:randomised", "Randomised", *map(str, self.sizes))
        arms = [trial.arm == arm for arm in (1, 0)]
        done = [self._count(arm & ~trial.stopped & ~trial.lost) for arm in arms]
        yield self._line(
            "flow:completed", "Completed treatment and followed", *map(str, done)
        )
        yield self._line("flow:lost", "Outcome not known", *map(str, self.lost))
        for label, *counts in self._reasons():
            kind = "uneven" if label == UNEVEN_REASON else "even"
            yield self._line(f"flow:{kind}", f"– {label}", *map(str, counts))
        out = [
            self._count(arm & trial.stopped & ~trial.lost)
            if trial.has("per_protocol")
            else 0
            for arm in arms
        ]
        yield self._line("flow:left_out", "Left out of the analysis", *map(str, out))
        counted = [self._count(trial.counted() & arm) for arm in arms]
        yield self._line("flow:analysed", "Analysed", *map(str, counted))

    def _reasons(self) -> list[tuple[str, int, int]]:
        """Return why outcomes are not known, with counts in each arm."""
        uneven = self.trial.has("informative_dropout") or self.trial.has(
            "baseline_carried"
        )
        columns = []
        for place, lost in enumerate(self.lost):
            worse = uneven and place == self.worse
            share = (0.75, 0.1, 0.1, 0.05) if worse else (0.0, 0.45, 0.35, 0.2)
            columns.append(self.rng.multinomial(lost, share))
        reasons = [(UNEVEN_REASON, *EVEN_REASONS)[i] for i in range(4)]
        lines = [
            (reason, int(a), int(b))
            for reason, a, b in zip(reasons, *columns, strict=True)
        ]
        return [line for line in lines if line[1] + line[2]]

    def _results(self) -> Iterable[Line]:
        names = [self._primary()]
        if self.subgrouped:
            names.append(self.headline)
        names += [name for name in self.rows if name not in names]
        for name in names:
            row = self.rows[name]
            low, high = row.interval
            place = "results:main" if name == self.trial.main else f"results:{name}"
            yield self._line(
                place,
                self._label(name, primary=name == self._primary()),
                counted(row.agent, row.agent_n),
                counted(row.control, row.control_n),
                f"{points(row.difference)} ({points(low)} to {points(high)})",
                p_value(row.p_value).removeprefix("p ").removeprefix("= "),
            )

    def _label(self, name: str, *, primary: bool) -> str:
        """Return what stands at the head of a line of the results."""
        if name == "serious":
            return capital(self._harm("event"))
        if name in self.trial.subgroups():
            return f"{capital(self.group(name))}: {self.world.outcome.name}"
        kind = " (primary)" if primary else ""
        return f"{capital(self.outcome(name))} {self.when(name)}{kind}"


def counted(part: int, whole: int) -> str:
    """Return a count as in ``"45/120 (37.5 %)"``."""
    return f"{part}/{whole} ({percent(part, whole)})"


def month(months: int) -> str:
    """Return a month from its number since year 0."""
    return f"{MONTHS[months % 12]} {months // 12}"
