"""Answers to the assignment `context`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "silenced": ["ob-context-silenced"],
    "lost": ["ob-context-who-talks", "ob-context-blockade"],
    "relays": ["ob-context-graph"],
    "blockade": ["ob-context-silenced", "ob-context-blockade"],
    "use_rows": ["ob-context-uses"],
    "draw_approvals": ["ob-context-missing-years"],
    "lead_before": ["ob-context-missing-years"],
    "loop": ["ob-context-threshold"],
    "relapse": ["ob-context-threshold", "ob-context-moves"],
    "resting": ["ob-context-steady-states", "ob-context-switch"],
    "days_needed": ["ob-context-switch", "ob-context-tipping-points"],
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
            "unknown kinase left out",
            "takes a kinase that has no name for one that is not there",
            {"set(items(cell))": 'set(items(cell)) - {"unknown"}'},
            seen=False,
        ),
        Wrong(
            "unknown kinase is blocked",
            "takes a kinase that has no name for one that any drug may block",
            {"bool(used & blocked)": 'bool(used & (blocked | {"unknown"}))'},
            seen=False,
        ),
        Wrong(
            "part of a name",
            "finds JAK1 in JAK10",
            {"bool(used & blocked)": "any(one in str(cell) for one in blocked)"},
            seen=False,
        ),
        Wrong(
            "any other word is all",
            "lets a misspelt word through",
            {'rule not in ("any", "all")': "rule is None"},
            seen=False,
        ),
    ],
    "lost": [
        Wrong(
            "each for itself",
            "adds up what is lost if each is blocked alone",
            {
                "    gone, left = set(), set()\n    for row": (
                    "    rows, gone = [], set()\n    for row"
                ),
                "        if row.cytokine in blocked:\n"
                "            gone |= deeds\n"
                "        else:\n"
                "            left |= deeds\n"
                "    return sorted(gone - left)": (
                    "        rows.append((row.cytokine, deeds))\n"
                    "    for cytokine, deeds in rows:\n"
                    "        others = [d for c, d in rows if c != cytokine]\n"
                    "        if cytokine in blocked:\n"
                    "            gone |= deeds - set().union(*others)\n"
                    "    return sorted(gone)"
                ),
            },
        ),
        Wrong(
            "all that the blocked do",
            "forgets that others may do it as well",
            {"sorted(gone - left)": "sorted(gone)"},
        ),
        Wrong(
            "all that the others do not do, and the blocked do not either",
            "takes what differs for what is lost",
            {"sorted(gone - left)": "sorted(gone ^ left)"},
        ),
        Wrong(
            "cell alone",
            "takes hearing the same for doing the same",
            {
                "sorted(gone - left)": (
                    "sorted((c, f) for c, f in gone if c not in {c for c, _ in left})"
                )
            },
        ),
        Wrong(
            "missing STATs are alike",
            "lets all cytokines without a STAT do the same",
            {"or [row.pathway]": 'or ["none"]'},
        ),
        Wrong(
            "no STAT, no deed",
            "leaves out cytokines that activate no STAT",
            {"items(row.stats) or [row.pathway]": "items(row.stats)"},
        ),
        Wrong(
            "pathway beside the STATs",
            "adds the pathway where there are STATs",
            {"items(row.stats) or [row.pathway]": "items(row.stats) + [row.pathway]"},
        ),
        Wrong(
            "part of a name",
            "finds IL-1 in IL-12",
            {
                "row.cytokine in blocked": (
                    "any(one in row.cytokine for one in blocked)"
                )
            },
            seen=False,
        ),
        Wrong(
            "in the order of a set",
            "forgets to sort",
            {"return sorted(gone - left)": "return sorted(gone - left)[::-1]"},
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
    "blockade": [
        Wrong(
            "one kinase is enough to silence",
            "takes what may be silenced for what is silenced for certain",
            {"chosen |= used[cytokine]": "chosen |= set(sorted(used[cytokine])[:1])"},
        ),
        Wrong(
            "spared if one kinase is left",
            "takes what may be spared for what is spared for certain",
            {"if used[cytokine] & chosen or": "if used[cytokine] <= chosen or"},
        ),
        Wrong(
            "nothing is part of everything",
            "lets a signal without a kinase be silenced",
            {'if not used[cytokine] or "unknown"': 'if "unknown"'},
        ),
        Wrong(
            "unknown is blocked like the others",
            "chooses a kinase that nobody has named",
            {' or "unknown" in used[cytokine]:': ":"},
            seen=False,
        ),
        Wrong(
            "unknown left out",
            "takes a kinase that has no name for one that is not there",
            {
                "set(items(cell))": 'set(items(cell)) - {"unknown"}',
            },
            seen=False,
        ),
        Wrong(
            "unknown is another kinase",
            "spares for certain what an unknown kinase may not let it spare",
            {' or ("unknown" in used[cytokine] and chosen)': ""},
            seen=False,
        ),
        Wrong(
            "never certain with an unknown kinase",
            "forgets that nothing is touched where nothing is blocked",
            {" in used[cytokine] and chosen)": " in used[cytokine])"},
            seen=False,
        ),
        Wrong(
            "nothing to block is impossible",
            "takes an empty choice for none",
            {"return sorted(chosen)": "return sorted(chosen) or None"},
            seen=False,
        ),
        Wrong(
            "part of a name",
            "finds JAK1 in JAK10",
            {
                "if used[cytokine] & chosen or": (
                    "if any(k in one for k in chosen for one in used[cytokine]) or"
                )
            },
            seen=False,
        ),
        Wrong(
            "spared signals forgotten",
            "asks only what must be silenced",
            {"for cytokine in spare:": "for cytokine in set():"},
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
        Wrong(
            "ending anywhere",
            "takes what stands in the middle for the ending",
            {
                "listed.removesuffix(ending)": 'listed.replace(ending, "")',
                "listed.endswith(ending)": "ending in listed",
            },
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
            "no year, no line",
            "leaves out a direction of which no year is known",
            {
                'table.groupby("direction"):': (
                    'table.groupby("direction"):\n'
                    '        if rows["first_approval_year"].isna().all():\n'
                    "            continue"
                )
            },
            seen=False,
        ),
        Wrong(
            "from its own first year",
            "lets each line begin with its first approval",
            {
                "        approved = rows": (
                    '        if rows["first_approval_year"].notna().any():\n'
                    '            years = np.arange(rows["first_approval_year"].min(),'
                    ' rows["first_approval_year"].max() + 1)\n'
                    "        approved = rows"
                )
            },
            seen=False,
        ),
    ],
    "lead_before": [
        Wrong(
            "fractions for percentage points",
            "changes the unit",
            {
                "return 100 * lead / agents": "return lead / agents",
                "return 100 * ahead / known": "return ahead / known",
            },
        ),
        Wrong(
            "the year itself is early",
            "writes ≤ for <",
            {
                'table["first_approval_year"] < year': 'table["first_approval_year"] <= year'
            },
        ),
        Wrong(
            "of the two directions only",
            "takes for all early agents those of the two that are compared",
            {
                "known, ahead = early.sum(), side[early].sum()": (
                    "known, ahead = (early & (side != 0)).sum(), side[early].sum()"
                )
            },
        ),
        Wrong(
            "a third direction is left out of the range",
            "thinks that agents who are in no numerator cannot move a lead",
            {"if lead * wanted < 0:": "if False:"},
            seen=False,
        ),
        Wrong(
            "a third direction is early in both bounds",
            "adds every unknown agent to the denominator",
            {"if lead * wanted < 0:": "if True:"},
            seen=False,
        ),
        Wrong(
            "numerator alone",
            "forgets that a hit is an agent too",
            {
                "lead, agents = ahead + wanted * joining, known + joining": (
                    "lead, agents = ahead + wanted * joining, known"
                )
            },
            seen=False,
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
            "range without holes",
            "drops what is missing",
            {
                'side[table["first_approval_year"].isna()]': (
                    'side[table["first_approval_year"] < 0]'
                )
            },
            seen=False,
        ),
        Wrong(
            "bounds exchanged",
            "gives the highest first",
            {"utmost(-1), utmost(1)": "utmost(1), utmost(-1)"},
        ),
        Wrong(
            "nobody is nought",
            "takes no agent for no lead",
            {"return np.nan, np.nan, np.nan": "return 0, 0, 0"},
            seen=False,
        ),
    ],
    "loop": [
        Wrong(
            "two ways multiplied",
            "takes ways beside each other for steps of one way",
            {'* alarmed + p["touch"]': '* alarmed * p["touch"]'},
        ),
        Wrong(
            "direct way per day",
            "forgets for how long a macrophage is alarmed",
            {'alarmed + p["touch"] * p["alarm_days"]': 'alarmed + p["touch"]'},
        ),
        Wrong(
            "direct way left out",
            "follows the messengers only",
            {' * alarmed + p["touch"] * p["alarm_days"]': " * alarmed"},
        ),
        Wrong(
            "all woken cells mature",
            "leaves out those that die before",
            {"* woken * matured * ifng": "* woken * ifng"},
            seen=False,
        ),
        Wrong(
            "maturing over dying",
            "takes odds for a share",
            {'(p["mature"] + p["die"])': 'p["die"]'},
        ),
        Wrong(
            "losses averaged",
            "takes the mean of two rates of loss that act at once",
            {
                '(p["clear_il12"] + p["binding"] * antibody_mg_l)': (
                    '((p["clear_il12"] + p["binding"] * antibody_mg_l) / 2)'
                )
            },
        ),
        Wrong(
            "antibody in place of clearance",
            "lets the antibody take over the clearance",
            {
                '(p["clear_il12"] + p["binding"] * antibody_mg_l)': (
                    'max(p["clear_il12"], p["binding"] * antibody_mg_l)'
                )
            },
        ),
        Wrong(
            "antibody on the whole",
            "lets the antibody act on both ways",
            {
                '(p["clear_il12"] + p["binding"] * antibody_mg_l)': 'p["clear_il12"]',
                'return il12 * woken * matured * ifng * alarmed + p["touch"] * p["alarm_days"]': (
                    'whole = il12 * woken * matured * ifng * alarmed + p["touch"] * p["alarm_days"]\n'
                    '    return whole / (1 + p["binding"] * antibody_mg_l / p["clear_il12"])'
                ),
            },
        ),
        Wrong(
            "negative concentration",
            "does not ask whether antibody is needed at all",
            {"if ratio(p, 0) <= 1:": "if ratio(p, 0) < -1:"},
        ),
        Wrong(
            "any loop can be broken",
            "does not ask whether the second way is enough by itself",
            {"    if room <= 0:\n        return np.inf\n": ""},
            seen=False,
        ),
        Wrong(
            "exactly one is reached",
            "forgets that a share that becomes small does not become nothing",
            {
                "    if room <= 0:\n        return np.inf\n": (
                    "    if room < 0:\n        return np.inf\n"
                    "    room = max(room, 1e-9)\n"
                )
            },
            seen=False,
        ),
    ],
    "relapse": [
        Wrong(
            "nothing mended",
            "hands in the function as it was found",
            {
                '"rtol": 1e-9, "atol": 1e-27': '"rtol": 1e-3, "atol": 1e-6',
                "return np.argmax(back) if back.any() else np.inf": (
                    "return np.argmax(back)"
                ),
            },
            seen=False,
        ),
        Wrong(
            "search mended, tolerances not",
            "takes the solver's own tolerances for exact",
            {'"rtol": 1e-9, "atol": 1e-27': '"rtol": 1e-3, "atol": 1e-6'},
            seen=False,
        ),
        Wrong(
            "tolerances mended, search not",
            "takes the first day for the answer of a search that found nothing",
            {
                "return np.argmax(back) if back.any() else np.inf": (
                    "return np.argmax(back)"
                )
            },
            seen=False,
        ),
        Wrong(
            "relative tolerance only",
            "forgets that small numbers are held by the absolute tolerance",
            {'"rtol": 1e-9, "atol": 1e-27': '"rtol": 1e-9'},
            seen=False,
        ),
        Wrong(
            "absolute tolerance small for one cell",
            "judges the tolerance by a cell, not by what is left",
            {'"atol": 1e-27': '"atol": 1e-9'},
            seen=False,
        ),
        Wrong(
            "another solver with its own tolerances",
            "blames the method",
            {'"method": "LSODA", "rtol": 1e-9, "atol": 1e-27': '"method": "Radau"'},
            seen=False,
        ),
        Wrong(
            "day 0 is never",
            "takes a first day that is right for a search that failed",
            {
                "np.argmax(back) if back.any() else np.inf": (
                    "np.argmax(back) if np.argmax(back) > 0 else np.inf"
                )
            },
        ),
        Wrong(
            "the last day that is followed",
            "reports the end of what was looked at for what was not found",
            {"if back.any() else np.inf": "if back.any() else follow"},
            seen=False,
        ),
        Wrong(
            "counted from the beginning of treatment",
            "adds the days of treatment",
            {
                "return np.argmax(back) if": "return treated + np.argmax(back) if",
            },
        ),
        Wrong(
            "share of one",
            "waits for the whole level",
            {"share * before[1]": "before[1] * 0.999"},
        ),
    ],
    "resting": [
        Wrong(
            "stability reversed",
            "takes growth for rest",
            {"bool(rising[i])": "bool(rising[i + 1])"},
        ),
        Wrong(
            "all are stable",
            "takes every state of rest for one that lasts",
            {"bool(rising[i])": "True"},
        ),
        Wrong(
            "first state only",
            "stops at the first zero",
            {
                "        found.append((x, bool(rising[i])))\n    return found": (
                    "        return [(x, bool(rising[i]))]"
                )
            },
        ),
        Wrong(
            "slope of the example",
            "types 4 where a slope is given",
            {
                'share = 1 / (1 + (p["half"] / x) ** p["slope"])': (
                    'share = 1 / (1 + (p["half"] / x) ** 4)'
                )
            },
            seen=False,
        ),
        Wrong(
            "half of the example",
            "leaves the half out, which is 1 in the example",
            {
                'share = 1 / (1 + (p["half"] / x) ** p["slope"])': (
                    'share = 1 / (1 + (1 / x) ** p["slope"])'
                )
            },
            seen=False,
        ),
    ],
    "days_needed": [
        Wrong(
            "until X is low",
            "treats until the low state is reached",
            {
                "    def crossing(t, x):\n        return x[0] - border": (
                    "    def crossing(t, x):\n        return x[0] - 1.01 * states[0][0]"
                )
            },
            seen=False,
        ),
        Wrong(
            "until X is half",
            "treats until half of the activity is gone",
            {"return x[0] - border": "return x[0] - start / 2"},
            seen=False,
        ),
        Wrong(
            "halfway between the stable states",
            "puts the border in the middle",
            {
                "return x[0] - border": (
                    "return x[0] - (states[0][0] + states[2][0]) / 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "drug in place of the loss",
            "lets the drug take over the loss",
            {'(p["loss"] + drug) * x': "drug * x"},
        ),
        Wrong(
            "decay alone",
            "forgets that the messenger is made while the drug is given",
            {
                'return p["base"] + called - (p["loss"] + drug) * x': (
                    'return -(p["loss"] + drug) * x'
                )
            },
            seen=False,
        ),
        Wrong(
            "any drug will do in time",
            "reports the end of what was followed for a border that is not crossed",
            {"        return np.inf\n": "        return 1e5\n"},
            seen=False,
        ),
        Wrong(
            "treatment is always needed",
            "does not ask where X goes by itself",
            {
                "if len(states) == 1 or start < states[1][0]:": "if len(states) == 1:",
                "np.linspace(border, start, 10_001)": (
                    "np.linspace(border, max(start, border), 10_001)"
                ),
                "return x[0] - border": "return x[0] - min(border, 0.9 * start)",
            },
            seen=False,
        ),
        Wrong(
            "one state, no cure",
            "takes a tissue without a high state for one that cannot settle",
            {
                "    if len(states) == 1 or start < states[1][0]:\n        return 0.0": (
                    "    if len(states) == 1:\n        return np.inf\n"
                    "    if start < states[1][0]:\n        return 0.0"
                )
            },
            seen=False,
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
    "lost": [
        Alternative(
            "counted: who does each deed",
            """
def lost(table, blocked):
    doers = {}
    for _, row in table.iterrows():
        factors = [row["pathway"]] if pd.isna(row["stats"]) else items(row["stats"])
        for cell in items(row["target_cells"]):
            for factor in factors:
                doers.setdefault((cell, factor), set()).add(row["cytokine"])
    return sorted(deed for deed, names in doers.items() if names <= set(blocked))
""",
        ),
        Alternative(
            "pandas, exploded",
            """
def lost(table, blocked):
    long = table.assign(factor=table["stats"].fillna(table["pathway"]))
    for column in ("target_cells", "factor"):
        long[column] = long[column].str.split("; ")
        long = long.explode(column)
    off = long["cytokine"].isin(blocked)
    gone = off.groupby([long["target_cells"], long["factor"]]).all()
    return sorted(gone.index[gone])
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
    "blockade": [
        Alternative(
            "every set of kinases tried, by task 1",
            """
from itertools import combinations

def blockade(table, silence, spare):
    names = sorted({k for cell in table["jaks"] for k in items(cell)} - {"unknown"})
    hazy = {
        c for c, cell in zip(table["cytokine"], table["jaks"]) if "unknown" in items(cell)
    }
    for size in range(len(names) + 1):
        for choice in combinations(names, size):
            certain = set(silenced(table, set(choice), "all"))
            possible = set(silenced(table, set(choice), "any"))
            if choice:
                possible |= hazy
            if set(silence) <= certain and not set(spare) & possible:
                return list(choice)
    return None
""",
        ),
        Alternative(
            "the union, held against the spared",
            """
def blockade(table, silence, spare):
    jaks = table.set_index("cytokine")["jaks"]
    wanted = jaks[list(silence)]
    if wanted.isna().any() or wanted.str.contains("unknown").any():
        return None
    block = sorted({k for cell in wanted for k in cell.split("; ")})
    if not block:
        return []
    for cell in jaks[list(spare)].dropna():
        if any(k == "unknown" or k in block for k in cell.split("; ")):
            return None
    return block
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
    long["use"] = long["use"].str.removesuffix(" (studied)")
    long["group"] = [group_of(use) for use in long["use"]]
    return long[["inn", "use", "group", "studied"]]
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
    "lead_before": [
        Alternative(
            "all counts that could be early, on a grid",
            """
def lead_before(table, one, other, year):
    when = table["first_approval_year"]
    kind = table["direction"].map({one: 0, other: 1}).fillna(2).astype(int)
    early = [int(((when < year) & (kind == k)).sum()) for k in range(3)]
    holes = [int((when.isna() & (kind == k)).sum()) for k in range(3)]
    if sum(early) == 0:
        return (float("nan"),) * 3
    a, b, c = np.ix_(*[e + np.arange(h + 1) for e, h in zip(early, holes, strict=True)])
    leads = 100 * (a - b) / (a + b + c)
    return float(leads[0, 0, 0]), float(leads.min()), float(leads.max())
""",
        ),
        Alternative(
            "four corners",
            """
def lead_before(table, one, other, year):
    known = table[table["first_approval_year"] < year]["direction"]
    holes = table[table["first_approval_year"].isna()]["direction"]
    if len(known) == 0:
        return np.nan, np.nan, np.nan

    def lead(ways):
        return 100 * ((ways == one).mean() - (ways == other).mean())

    third = holes[(holes != one) & (holes != other)]
    least = [pd.concat([known, holes[holes == other], more]) for more in (third[:0], third)]
    most = [pd.concat([known, holes[holes == one], more]) for more in (third[:0], third)]
    return lead(known), min(map(lead, least)), max(map(lead, most))
""",
        ),
    ],
    "loop": [
        Alternative(
            "times first, and the antibody by a root finder",
            """
def ratio(p, antibody_mg_l):
    days_il12 = 1 / (p["clear_il12"] + antibody_mg_l * p["binding"])
    nk = p["alarm_days"] * p["il12"] * days_il12 * p["wake"]
    nk = nk * (1 - p["die"] / (p["die"] + p["mature"]))
    by_ifng = nk * p["nk_days"] * p["ifng"] / p["clear_ifng"] * p["alarm"]
    return by_ifng + p["alarm_days"] * p["touch"]


def antibody_needed(p):
    if ratio(p, 0) <= 1:
        return 0
    if p["touch"] * p["alarm_days"] >= 1:
        return float("inf")
    high = 1.0
    while ratio(p, high) > 1:
        high *= 2
    return brentq(lambda x: ratio(p, x) - 1, 0, high, xtol=1e-13)
""",
        ),
        Alternative(
            "the mean numbers as a linear system",
            """
def ratio(p, antibody_mg_l):
    a = np.zeros((5, 5))
    loss = [1 / p["alarm_days"], p["clear_il12"] + p["binding"] * antibody_mg_l,
            p["mature"] + p["die"], 1 / p["nk_days"], p["clear_ifng"]]
    made = [p["il12"], p["wake"], p["mature"], p["ifng"]]
    for i in range(5):
        a[i, i] = loss[i]
        if i:
            a[i, i - 1] = -made[i - 1]
    stay = np.linalg.inv(a)[:, 0]
    return stay[0] * p["touch"] + stay[4] * p["alarm"]


def antibody_needed(p):
    direct = p["touch"] * p["alarm_days"]
    loop = ratio(p, 0) - direct
    if loop + direct <= 1:
        return 0.0
    if direct >= 1:
        return np.inf
    return (loop / (1 - direct) - 1) * p["clear_il12"] / p["binding"]
""",
        ),
    ],
    "relapse": [
        Alternative(
            "the function as found, with tolerances and a guard",
            """
def days_to_relapse(p, b1_treated, treated, share, follow):
    def rates(t, y, b1):
        A, E, G, R = y
        dA = p["f"] * p["v"] * G - A * (p["mu_A"] + b1 + p["sigma1"] * R)
        dE = p["lambda_E"] * A - p["mu_E"] * E
        dG = p["gamma"] * E - G * (p["v"] + p["mu_G"])
        dR = A * (p["beta"] + p["pi1"] * E) - p["mu_R"] * R
        return [dA, dE, dG, dR]

    tight = dict(method="LSODA", rtol=1e-8, atol=1e-24)
    y = solve_ivp(rates, (0, 3000), [1, 0, 1e8, 0], args=(p["b1"],), **tight).y[:, -1]
    level = y[1]
    y = solve_ivp(rates, (0, treated), y, args=(b1_treated,), **tight).y[:, -1]
    whole = np.arange(0, follow + 1)
    E = solve_ivp(rates, (0, follow), y, t_eval=whole, args=(p["b1"],), **tight).y[1]
    days = np.flatnonzero(E >= level * share)
    return float(days[0]) if len(days) else np.inf
""",
        ),
        Alternative(
            "logarithms of the cells",
            """
def days_to_relapse(p, b1_treated, treated, share, follow):
    def rates(t, y, b1):
        A, E, G, R = np.exp(np.clip(y, -300, 100))
        return [
            p["f"] * p["v"] * G / A - p["mu_A"] - b1 - p["sigma1"] * R,
            p["lambda_E"] * A / E - p["mu_E"],
            p["gamma"] * E / G - p["v"] - p["mu_G"],
            (p["beta"] + p["pi1"] * E) * A / R - p["mu_R"],
        ]

    def run(start, days, b1):
        return solve_ivp(rates, (0, days), start, args=(b1,), method="Radau", first_step=1e-3,
                         t_eval=np.arange(days + 1), rtol=1e-8, atol=1e-8).y

    ill = run(np.log([1, 1, 1e8, 1]), 3000, p["b1"])[:, -1]
    low = run(ill, treated, b1_treated)[:, -1]
    E = run(low, follow, p["b1"])[1]
    for day, log_cells in enumerate(E):
        if log_cells >= np.log(share) + ill[1]:
            return day
    return np.inf
""",
        ),
    ],
    "resting": [
        Alternative(
            "an even grid, and the sign of the slope",
            """
def net(x, p):
    hill = 1 / (1 + (p["half"] / x) ** p["slope"])
    return p["base"] + p["most"] * hill - p["loss"] * x


def resting(p):
    top = (p["base"] + p["most"]) / p["loss"]
    x = np.linspace(1e-9, 1.01 * top, 100_000)
    y = net(x, p)
    out = []
    for i in range(len(x) - 1):
        if y[i] * y[i + 1] < 0:
            root = brentq(net, x[i], x[i + 1], args=(p,))
            slope = net(root * 1.0001, p) - net(root * 0.9999, p)
            out.append((root, bool(slope < 0)))
    return out
""",
        ),
        Alternative(
            "what is made per X, on a grid of factors",
            """
def resting(p):
    def gap(x):
        h = x ** p["slope"]
        made = p["base"] + p["most"] * h / (h + p["half"] ** p["slope"])
        return made / x - p["loss"]

    xs = np.geomspace(p["base"] / p["loss"] / 2, 2 * (p["base"] + p["most"]) / p["loss"], 40_000)
    g = gap(xs)
    return [
        (brentq(gap, a, b), bool(ga > 0))
        for a, b, ga, gb in zip(xs, xs[1:], g, g[1:])
        if (ga > 0) != (gb > 0)
    ]
""",
        ),
    ],
    "days_needed": [
        Alternative(
            "an integral over X",
            """
def days_needed(p, states, start, drug):
    if len(states) < 3 or start < states[1][0]:
        return 0
    x = np.linspace(states[1][0], start, 50_001)
    made = p["base"] + p["most"] / (1 + (p["half"] / x) ** p["slope"])
    fall = (p["loss"] + drug) * x - made
    if fall.min() <= 0:
        return float("inf")
    return ((1 / fall[1:] + 1 / fall[:-1]) / 2 * np.diff(x)).sum()
""",
        ),
        Alternative(
            "a long run for where it ends, and a search over lengths",
            """
def days_needed(p, states, start, drug):
    if len(states) == 1 or start < states[1][0]:
        return 0.0

    def treated(t, x):
        h = x ** p["slope"]
        return p["base"] + p["most"] * h / (h + p["half"] ** p["slope"]) - (p["loss"] + drug) * x

    run = solve_ivp(treated, (0, 3000), [start], method="LSODA", rtol=1e-9, atol=1e-11,
                    dense_output=True)
    border = states[1][0]
    if run.y[0, -1] > border:
        return np.inf
    early, late = 0.0, 3000.0
    for _ in range(60):
        middle = (early + late) / 2
        if run.sol(middle)[0] > border:
            early = middle
        else:
            late = middle
    return late
""",
        ),
    ],
}
