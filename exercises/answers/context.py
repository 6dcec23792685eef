"""Answers to the assignment `context`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "silenced": ["ob-context-silenced"],
    "reach": ["ob-context-blockade"],
    "roles": ["ob-context-who-talks", "ob-context-blockade"],
    "relays": ["ob-context-graph"],
    "use_rows": ["ob-context-uses"],
    "share_before": ["ob-context-missing-years"],
    "draw_approvals": ["ob-context-missing-years"],
    "threshold": ["ob-context-threshold"],
    "simulate": ["ob-context-threshold", "ob-context-switch"],
    "toggle": ["ob-context-steady-states", "ob-context-tipping-points"],
    "judge": [
        "ob-context-silenced",
        "ob-context-born-without",
        "ob-context-tipping-points",
    ],
}

WRONG = {
    "silenced": [
        Wrong(
            "rules exchanged",
            "takes any for all",
            {'if rule == "any" else': 'if rule == "all" else'},
        ),
        Wrong(
            "exactly the blocked kinases",
            "asks for equality instead of a part",
            {"used <= blocked": "used == blocked"},
        ),
        Wrong(
            "no kinase counts as all blocked",
            "forgets that nothing is part of everything",
            {"if used and hit:": "if hit:"},
        ),
        Wrong(
            "order of the table",
            "forgets to sort",
            {"return sorted(found)": "return found"},
        ),
        Wrong(
            "first kinase only",
            "takes the list for a single name",
            {"set(items(cell))": "set(items(cell)[:1])"},
        ),
        Wrong(
            "any other word is all",
            "lets a misspelt word through",
            {'rule not in ("any", "all")': "rule is None"},
            seen=False,
        ),
    ],
    "reach": [
        Wrong(
            "part of a name",
            "looks for the text instead of the molecule",
            {
                "    return found\n": (
                    "    every = table[column].dropna()\n"
                    "    return {m: int(every.str.contains(m, regex=False).sum())"
                    " for m in found}\n"
                )
            },
        ),
        Wrong(
            "whole cells",
            "does not take the lists apart",
            {"set(items(cell))": "[cell] * (len(items(cell)) > 0)"},
        ),
        Wrong(
            "missing is a molecule",
            "counts nan as a name",
            {"set(items(cell))": 'set(str(cell).split("; "))'},
        ),
        Wrong(
            "last one wins",
            "does not add up",
            {"found.get(molecule, 0) + 1": "1"},
        ),
        Wrong(
            "mentions instead of signals",
            "counts a name twice that stands twice in a cell",
            {"set(items(cell))": "items(cell)"},
            seen=False,
        ),
    ],
    "roles": [
        Wrong(
            "cells and STATs added",
            "counts parts instead of pairs",
            {
                "pairs(items(row.target_cells), factors)": (
                    'pairs(items(row.target_cells), [""]) | pairs([""], factors)'
                )
            },
        ),
        Wrong(
            "itself among the others",
            "forgets to leave the cytokine out",
            {" if other != cytokine]": "]"},
        ),
        Wrong(
            "number of shared deeds",
            "does not divide",
            {"len(shared) / len(own)": "len(shared)"},
        ),
        Wrong(
            "deeds for cells",
            "takes pairs of cell and STAT for pleiotropy",
            {"[len(cells), ": "[len(own), "},
        ),
        Wrong(
            "missing STATs are alike",
            "puts nan where the pathway belongs",
            {"or [row.pathway]": "or [None]"},
            seen=False,
        ),
        Wrong(
            "covered by a single other",
            "asks for one understudy that does it all",
            {
                "own & set().union(*others)": (
                    "max((own & one for one in others), key=len)"
                )
            },
            seen=False,
        ),
        Wrong(
            "cell alone",
            "takes hearing the same for doing the same",
            {
                "    for cytokine, own in": (
                    '    deeds = {name: {(cell, "") for cell, _ in pairs}'
                    " for name, pairs in deeds.items()}\n"
                    "    for cytokine, own in"
                )
            },
        ),
    ],
    "relays": [
        Wrong(
            "one message",
            "does not ask who answers",
            {" and answering == middle": ""},
        ),
        Wrong(
            "other middle cells only",
            "leaves out the cell itself",
            {"answering == middle and": "answering == middle != first and"},
        ),
        Wrong(
            "two different cytokines",
            "leaves out the same word twice",
            {"answering == middle and": "answering == middle and one != two and"},
        ),
        Wrong(
            "part of a name",
            "finds T cells in NKT cells",
            {"sender == first": "first in sender"},
            seen=False,
        ),
        Wrong(
            "each way as often as found",
            "sorts, but keeps the order middle first",
            {"return sorted(found)": "return sorted(found, key=lambda way: way[1])"},
        ),
        Wrong(
            "senders and receivers exchanged",
            "walks against the arrows",
            {
                "(sender, row.cytokine, receiver)": "(receiver, row.cytokine, sender)",
            },
        ),
    ],
    "use_rows": [
        Wrong(
            "ending kept",
            "forgets to cut",
            {"listed.removesuffix(ending)": "listed"},
        ),
        Wrong(
            "last group wins",
            "lets later groups overwrite",
            {
                "                    group = name\n                    break": (
                    "                    group = name"
                )
            },
        ),
        Wrong(
            "first word only",
            "looks at one word of a group",
            {"for word in words)": "for word in words[:1])"},
            seen=False,
        ),
        Wrong(
            "starts with a word",
            "wants the word at the beginning",
            {"word in use for": "use.startswith(word) for"},
        ),
        Wrong(
            "without upper and lower case",
            "treats J and j as one",
            {"word in use for": "word.lower() in use.lower() for"},
            seen=False,
        ),
        Wrong(
            "unknown uses left out",
            "drops what fits no group",
            {
                "            found.append": (
                    '            if group != "other":\n                found.append'
                )
            },
        ),
        Wrong(
            "words as patterns",
            "reads a bracket as a regular expression",
            {
                "any(word in use for word in words)": (
                    "pd.Series([use]).str.contains("
                    '"|".join(words).replace("(gut", "gut")).item()'
                )
            },
            seen=False,
        ),
        Wrong(
            "studied anywhere",
            "takes the word for the ending",
            {"listed.endswith(ending)": '"studied" in listed'},
            seen=False,
        ),
    ],
    "share_before": [
        Wrong(
            "a fraction for per cent",
            "changes the unit",
            {"100 * hits / known, 100 * low, 100 * high": ("hits / known, low, high")},
        ),
        Wrong(
            "the year itself is early",
            "writes ≤ for <",
            {
                'table["first_approval_year"] < year': 'table["first_approval_year"] <= year'
            },
        ),
        Wrong(
            "all the missing in both bounds",
            "adds every unknown agent to the denominator",
            {
                "(known + (unknown & ~wanted).sum())": "(known + unknown.sum())",
                "(hits + extra) / (known + extra)": (
                    "(hits + extra) / (known + unknown.sum())"
                ),
            },
        ),
        Wrong(
            "numerator alone",
            "forgets that a hit is an agent too",
            {"/ (known + extra)": "/ known"},
        ),
        Wrong(
            "missing counts as early",
            "takes nan for an old agent",
            {
                'early = table["first_approval_year"] < year': (
                    'early = table["first_approval_year"].fillna(0) < year'
                )
            },
        ),
        Wrong(
            "bounds without holes",
            "drops what is missing",
            {
                'unknown = table["first_approval_year"].isna()': (
                    'unknown = table["first_approval_year"] < 0'
                )
            },
        ),
        Wrong(
            "bounds exchanged",
            "gives the highest first",
            {"100 * low, 100 * high": "100 * high, 100 * low"},
        ),
        Wrong(
            "nobody is nought",
            "takes no agent for no share",
            {"return np.nan, np.nan, np.nan": "return 0, 0, 0"},
            seen=False,
        ),
    ],
    "draw_approvals": [
        Wrong(
            "approvals of the year",
            "draws each year for itself",
            {"(approved <= year)": "(approved == year)"},
        ),
        Wrong(
            "before the year",
            "leaves the year itself out",
            {"(approved <= year)": "(approved < year)"},
        ),
        Wrong(
            "years with an approval only",
            "leaves out the years between",
            {
                "years = np.arange(\n"
                '        table["first_approval_year"].min(), '
                'table["first_approval_year"].max() + 1\n    )': (
                    'years = np.unique(table["first_approval_year"].dropna())'
                )
            },
        ),
        Wrong(
            "last year missing",
            "forgets that arange stops before its end",
            {".max() + 1": ".max()"},
        ),
        Wrong(
            "holes of everybody",
            "counts the missing years of all agents for each line",
            {'unknown = rows["first': 'unknown = table["first'},
        ),
        Wrong(
            "no legend",
            "labels lines and does not show the labels",
            {"    axes.legend()\n": ""},
        ),
        Wrong(
            "same Axes again",
            "draws into the figure that is open",
            {"figure, axes = plt.subplots()": "axes = plt.gca()"},
            seen=False,
        ),
        Wrong(
            "from its own first year",
            "lets each line begin with its first approval",
            {
                "        approved = rows": (
                    '        years = np.arange(rows["first_approval_year"].min(),'
                    ' rows["first_approval_year"].max() + 1)\n'
                    "        approved = rows"
                )
            },
            seen=False,
        ),
    ],
    "threshold": [
        Wrong(
            "b1 forgotten",
            "takes one loss of A for all",
            {'/ (p["mu_A"] + p["b1"])': '/ p["mu_A"]'},
        ),
        Wrong(
            "uptake forgotten",
            "takes the antigen to be lost in one way",
            {
                'antigen = p["gamma"] / (p["v"] + p["mu_G"])': 'antigen = p["gamma"] / p["v"]'
            },
        ),
        Wrong(
            "all losses of A",
            "takes b1 for the sum of both losses",
            {'return total - p["mu_A"] if': "return total if"},
        ),
        Wrong(
            "scaled b1",
            "takes R0 to be inverse in b1 alone",
            {
                'return total - p["mu_A"] if total >= p["mu_A"] else np.nan': (
                    'return r0(p) * p["b1"]'
                )
            },
        ),
        Wrong(
            "negative removal",
            "gives a rate below zero",
            {' if total >= p["mu_A"] else np.nan': ""},
            seen=False,
        ),
        Wrong(
            "patient's own b1",
            "asks whether this patient is above the threshold",
            {
                'if total >= p["mu_A"] else': (
                    'if total >= p["mu_A"] and p["b1"] < 1 else'
                )
            },
            seen=False,
        ),
    ],
    "simulate": [
        Wrong(
            "b1 forgotten",
            "takes one loss of A for all",
            {'(p["mu_A"] + p["b1"]) * A': 'p["mu_A"] * A'},
        ),
        Wrong(
            "regulation without regulatory cells",
            "leaves out that it takes two to meet",
            {'p["sigma1"] * A * R': 'p["sigma1"] * A'},
            seen=False,
        ),
        Wrong(
            "antigen lost by uptake only",
            "takes one loss of G for all",
            {'(p["v"] + p["mu_G"]) * G': 'p["v"] * G'},
            seen=False,
        ),
        Wrong(
            "effectors call up no regulation",
            "leaves out the product",
            {' + p["pi1"] * E * A': ""},
            seen=False,
        ),
        Wrong(
            "last day missing",
            "forgets that arange stops before its end",
            {"np.arange(days + 1)": "np.arange(days)"},
        ),
        Wrong(
            "whole course for its end",
            "looks whether there ever were effector cells",
            {'course["E"].iloc[-1] < 1': 'course["E"].max() < 1'},
        ),
        Wrong(
            "lowest day for the last",
            "takes a gap for the end",
            {'course["E"].iloc[-1] < 1': 'course["E"].iloc[1:].min() < 1'},
            seen=False,
        ),
        Wrong(
            "steps of a day",
            "follows the rates once a day",
            {
                "    solved = solve_ivp(\n"
                '        rates, (0, days), start, t_eval=day, method="LSODA", '
                "rtol=1e-8, atol=1e-6\n    )\n"
                "    course = pd.DataFrame(solved.y.T, columns": (
                    "    y = [np.array(start, dtype=float)]\n"
                    "    for _ in range(days):\n"
                    "        y.append(y[-1] + np.array(rates(0, y[-1])))\n"
                    "    course = pd.DataFrame(y, columns"
                )
            },
        ),
    ],
    "toggle": [
        Wrong(
            "exponent forgotten",
            "writes R for its square",
            {"(regulation / (1 + E**2)) ** 2": "(regulation / (1 + E**2))"},
        ),
        Wrong(
            "first state only",
            "stops at the first zero",
            {
                "found.append((E, R, bool(slope_E * slope_R < 1)))\n    return found": (
                    "return [(E, R, bool(slope_E * slope_R < 1))]"
                )
            },
        ),
        Wrong(
            "stability reversed",
            "takes growth for rest",
            {"slope_E * slope_R < 1": "slope_E * slope_R > 1"},
        ),
        Wrong(
            "all are stable",
            "takes every state of rest for one that lasts",
            {"bool(slope_E * slope_R < 1)": "True"},
        ),
        Wrong(
            "one slope after the other",
            "asks each slope to be below one",
            {"slope_E * slope_R < 1": "slope_E < 1 and slope_R < 1"},
        ),
        Wrong(
            "drive for regulation",
            "exchanges the two",
            {
                "drive / (1 + R**2) - E, regulation / (1 + E**2) - R": (
                    "regulation / (1 + R**2) - E, drive / (1 + E**2) - R"
                )
            },
            seen=False,
        ),
        Wrong(
            "start read as R, E",
            "exchanges the two at the start",
            {"(0, 200), start,": "(0, 200), start[::-1],"},
        ),
        Wrong(
            "two units of time",
            "stops too early",
            {"(0, 200)": "(0, 2)"},
        ),
        Wrong(
            "activities up to four",
            "looks for states only where the example has them",
            {"np.linspace(0, drive, 5001)": "np.linspace(0, 4.2, 5001)"},
        ),
    ],
}

ALTERNATIVE = {
    "silenced": [
        Alternative(
            "a list of flags, row by row",
            """
def silenced(table, blocked, rule):
    if rule not in {"any", "all"}:
        raise ValueError("rule must be any or all")
    test = any if rule == "any" else all
    names = []
    for _, row in table.iterrows():
        flags = [kinase in blocked for kinase in items(row["jaks"])]
        if flags and test(flags):
            names.append(row["cytokine"])
    names.sort()
    return names
""",
        ),
        Alternative(
            "pandas, exploded",
            """
def silenced(table, blocked, rule):
    if rule != "any" and rule != "all":
        raise ValueError(rule)
    long = table.dropna(subset="jaks").assign(jak=lambda t: t["jaks"].str.split("; "))
    long = long.explode("jak")
    hit = long["jak"].isin(blocked).groupby(long["cytokine"])
    hit = hit.any() if rule == "any" else hit.all()
    return sorted(hit.index[hit])
""",
        ),
    ],
    "reach": [
        Alternative(
            "pandas, exploded",
            """
def reach(table, column):
    long = table[column].dropna().reset_index(drop=True).str.split("; ").explode()
    once = long.reset_index().drop_duplicates()
    return once[column].value_counts().to_dict()
""",
        ),
        Alternative(
            "a Counter",
            """
from collections import Counter

def reach(table, column):
    return dict(Counter(m for cell in table[column] for m in set(items(cell))))
""",
        ),
    ],
    "roles": [
        Alternative(
            "how many do each deed",
            """
def roles(table):
    pairs = []
    for _, row in table.iterrows():
        stats = items(row["stats"])
        if not stats:
            stats = [row["pathway"]]
        for cell in items(row["target_cells"]):
            for stat in stats:
                pairs.append({"cytokine": row["cytokine"], "cell": cell, "stat": stat})
    pairs = pd.DataFrame(pairs)
    by = pairs.groupby(["cell", "stat"])["cytokine"].transform("nunique")
    pairs["shared"] = by > 1
    made = pd.DataFrame(
        {
            "pleiotropy": pairs.groupby("cytokine")["cell"].nunique(),
            "redundancy": pairs.groupby("cytokine")["shared"].mean(),
        }
    )
    return made.loc[table["cytokine"]]
""",
        ),
    ],
    "relays": [
        Alternative(
            "rows against rows",
            """
def relays(table, first, last):
    rows = list(table.to_dict("records"))
    ways = []
    for a in rows:
        if first not in items(a["source_cells"]):
            continue
        for b in rows:
            if last not in items(b["target_cells"]):
                continue
            for middle in set(items(a["target_cells"])) & set(items(b["source_cells"])):
                ways.append((a["cytokine"], middle, b["cytokine"]))
    return sorted(set(ways))
""",
        ),
        Alternative(
            "a merge of the table with itself",
            """
def relays(table, first, last):
    talk = table.dropna(subset="source_cells").copy()
    talk["s"] = talk["source_cells"].str.split("; ")
    talk["t"] = talk["target_cells"].str.split("; ")
    talk = talk.explode("s").explode("t")[["s", "cytokine", "t"]]
    both = talk[talk["s"] == first].merge(
        talk[talk["t"] == last], left_on="t", right_on="s", suffixes=("", "2")
    )
    return sorted(set(zip(both["cytokine"], both["t"], both["cytokine2"])))
""",
        ),
    ],
    "use_rows": [
        Alternative(
            "pandas, exploded",
            """
def use_rows(table, groups):
    def group_of(use):
        return next(
            (g for g, words in groups.items() if any(w in use for w in words)), "other"
        )

    long = table[["inn", "indications"]].dropna().reset_index(drop=True)
    long["use"] = long["indications"].str.split("; ")
    long = long.explode("use").reset_index(drop=True)
    long["studied"] = long["use"].str.endswith(" (studied)")
    long["use"] = long["use"].str.replace(" (studied)", "", regex=False)
    long["group"] = [group_of(use) for use in long["use"]]
    return long[["inn", "use", "group", "studied"]]
""",
        ),
    ],
    "share_before": [
        Alternative(
            "weights of nought and one",
            """
def share_before(table, direction, year):
    years = table["first_approval_year"]
    it = (table["direction"] == direction).to_numpy()
    known = (years < year).to_numpy()
    if known.sum() == 0:
        return (float("nan"),) * 3
    answers = []
    for joins in (np.zeros(len(it), bool), ~it, it):
        early = known | (years.isna().to_numpy() & joins)
        answers.append(float(100 * np.mean(it[early])))
    return tuple(answers)
""",
        ),
    ],
    "draw_approvals": [
        Alternative(
            "a table of counts, cumulated",
            """
def draw_approvals(table):
    known = table.dropna(subset="first_approval_year")
    counts = pd.crosstab(known["first_approval_year"].astype(int), known["direction"])
    every = range(counts.index.min(), counts.index.max() + 1)
    ways = sorted(table["direction"].unique())
    so_far = counts.reindex(index=every, columns=ways, fill_value=0).cumsum()
    fig = plt.figure()
    ax = fig.add_subplot()
    for way in ways:
        holes = int(table[table["direction"] == way]["first_approval_year"].isna().sum())
        ax.plot(so_far.index, so_far[way], label=f"{way} ({holes} without a year)")
    ax.legend()
    ax.set_xlabel("Year")
    ax.set_ylabel("Agents approved so far")
    return ax
""",
        ),
    ],
    "threshold": [
        Alternative(
            "from R0 at b1 = 0",
            """
def r0(p):
    return (p["lambda_E"] * p["gamma"] * p["f"] * p["v"]) / (
        p["mu_E"] * (p["v"] + p["mu_G"]) * (p["mu_A"] + p["b1"])
    )

def b1_at_threshold(p):
    most = r0({**p, "b1": 0})
    if most < 1:
        return float("nan")
    return p["mu_A"] * (most - 1)
""",
        ),
        Alternative(
            "a root finder",
            """
def r0(p):
    return p["lambda_E"] / p["mu_E"] * p["gamma"] / (p["v"] + p["mu_G"]) * (
        p["f"] * p["v"] / (p["mu_A"] + p["b1"])
    )

def b1_at_threshold(p):
    def above(b1):
        return r0(p | {"b1": b1}) - 1
    if above(0) < 0:
        return np.nan
    return brentq(above, 0, 1e4, xtol=1e-12)
""",
        ),
    ],
    "simulate": [
        Alternative(
            "another solver, day by day",
            """
def simulate(p, start, days):
    def change(t, y):
        a, e, g, r = y
        da = p["f"] * p["v"] * g - a * (p["mu_A"] + p["b1"] + p["sigma1"] * r)
        de = p["lambda_E"] * a - p["mu_E"] * e
        dg = p["gamma"] * e - p["v"] * g - p["mu_G"] * g
        dr = a * (p["beta"] + p["pi1"] * e) - p["mu_R"] * r
        return np.array([da, de, dg, dr])

    out = solve_ivp(
        change, [0, days], start, method="Radau", dense_output=True, rtol=1e-7, atol=1e-5
    )
    t = np.arange(0, days + 1)
    a, e, g, r = out.sol(t)
    return pd.DataFrame({"day": t, "A": a, "E": e, "G": g, "R": r})


def fate(course):
    last = course.sort_values("day")["E"].to_numpy()[-1]
    if last >= 1:
        return "escapes"
    return "settles"
""",
        ),
    ],
    "toggle": [
        Alternative(
            "a polynomial, and small steps",
            """
def steady_states(drive, regulation):
    s, r = drive, regulation
    roots = np.roots([1, -s, 2, -2 * s, r**2 + 1, -s])
    real = sorted(root.real for root in roots if abs(root.imag) < 1e-7)
    out = []
    for E in real:
        R = r / (1 + E**2)
        product_of_slopes = 4 * s * r * E * R / ((1 + R**2) * (1 + E**2)) ** 2
        out.append((float(E), float(R), product_of_slopes < 1))
    return out


def ends_at(drive, regulation, start):
    E, R = start
    for _ in range(40_000):
        E, R = (
            E + 0.005 * (drive / (1 + R**2) - E),
            R + 0.005 * (regulation / (1 + E**2) - R),
        )
    return E
""",
        ),
    ],
}
