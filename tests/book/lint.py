"""Rules for the sources of the book that a machine can judge.

Each rule takes a `Chapter` and returns one line for every fault it finds.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cohorts
import nbformat
import truth

#: A chapter uses data that the dictionary explains, or none.
DATA = re.compile(r"^none\b|\{cohort\}`|\]\(#data-|data-dictionary")
HEADER = [
    "You will be able to",
    "You need first",
    "Time",
    "Data",
    "Exercises",
]
CLOSING = ["What this does not show", "Key takeaways", "Exercise", "Further reading"]
#: Tags of cells whose code the reader does not see, or only after unfolding.
FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
#: A prediction, which ends by quoting what the page itself is going to say.
PREDICTION = re.compile(r"(^:::\{predict\}.*?)^>.*?^:::$", re.MULTILINE | re.DOTALL)
NETWORK = re.compile(
    r"https?://|ftp://|^\s*(?:from|import)\s+(?:requests|urllib|httpx|aiohttp|socket|"
    r"ftplib|http\.client)\b|^\s*[!%]\s*(?:pip|conda|curl|wget)\b",
    re.MULTILINE,
)
CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TRUTH = re.compile(r"\{truth\}`([^`]+)`")
DOI = re.compile(r"10\.\d{4,9}/[^\s{}]+")
ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^\s*(\w+)\s*=\s*[{\"](.+?)[}\"],?\s*$", re.MULTILINE)
#: Fields that tell where a work without DOI and journal is found.
PLACES = {"url", "isbn", "howpublished", "institution", "organization", "publisher"}
#: Hosts that copy what others have published.
COPIES = re.compile(
    r"//(?:[\w-]+\.)*(?:basicmedicalkey|biomaterialdatabase|blogspot|convoke|cupdf|"
    r"datapdf|distantreader|docketalarm|docplayer|docslib|documents|dokumen|druglib|"
    r"drugs-library|epgonline|everything\.explained|fdocuments|goodrx|"
    r"maestrodatabase|mafiadoc|medworm|metajournal|moam|ndclist|nursekey|pdfslide|"
    r"pharmacologycorner|pharmacycode|prescriberpoint|protacsignals|rxdrugnews|"
    r"scribd|skyscape|studyres|vdocument|vdocuments|wikipedia|yumpu)\."
)
#: Who keeps or indexes what others have written, and answers for none of it.
HOSTS = {
    "DailyMed",
    "DrugLib",
    "Drugs.com",
    "EPG Health",
    "Europe PMC",
    "GoodRx",
    "Medline",
    "Medscape",
    "Monthly Prescribing Reference",
    "NDC List",
    "Nurse Key",
    "PrescriberPoint",
    "PubMed",
    "PubMed Central",
    "Wikipedia",
    "openFDA",
}
#: What a note says of a work that is not known as one should know it to cite it.
EXCUSE = re.compile(
    r"\bundated\b|\b(?:no|not the) (?:authors?|year)\b|\bauthors? (?:is|are) not\b|"
    r"\b(?:a|the) copy\b|\bcopies\b",
    re.IGNORECASE,
)
#: "the planted 19 h", "planted is a ratio of 1.2", "9 were planted", "(20 %, planted)"
NUMBER = r"(?<![\w.,−–-])[−-]?\d[\d.,]*(?![\w-])(?: %)?"
TYPED_TRUTH = re.compile(
    rf"(?:\bplanted|\bthe truth is)\b[^.;:()\d]{{0,40}}?{NUMBER}"
    rf"|{NUMBER}[^.;:()\d]{{0,12}}\bplanted\b",
    re.IGNORECASE,
)
#: What follows the number of a design, not of a truth.
DESIGN = re.compile(r"^\s(?:people|patients|genes|trials|pairs|donors)\b")
#: A number whose digits are no accident: a point, and two significant digits.
PRECISE = re.compile(r"(?<![\w.,–-])(?:[1-9]\d*\.\d+|0\.0*[1-9]\d+)(?![\w.]*\d)")


#: Words that a reader without immunology or statistics cannot be asked to know.
TRADE = [
    *[
        "adaptor",
        "basophil",
        "chemokine",
        "cyp3a5",
        "eosinophil",
        "fcrn",
        "haematocrit",
    ],
    *["ige", "ilc2", "kinase", "mast cell", "neutrophil", "nkt cell", "recist"],
    *[
        "bonferroni",
        "hazard ratio",
        "jacobian",
        "least squares",
        "log-rank",
        "odds ratio",
    ],
    *["rank correlation", "surrogate"],
]


@dataclass
class Chapter:
    """A notebook and what it may refer to."""

    notebook: nbformat.NotebookNode
    folder: Path = Path(".")
    cited: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)

    @property
    def code(self):
        """Return the code cells that hold code."""
        cells = self.notebook.cells
        return [one for one in cells if one.cell_type == "code" and one.source.strip()]

    @property
    def prose(self):
        """Return all Markdown as one text."""
        cells = self.notebook.cells
        return "\n\n".join(one.source for one in cells if one.cell_type == "markdown")

    @property
    def sections(self):
        """Return the second-level headings and the text below each."""
        parts = re.split(r"^## +(.+)$", self.prose, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def header(chapter):
    """A title that asks, and the block of five lines below it."""
    first = chapter.prose.lstrip().splitlines()[0] if chapter.prose.strip() else ""
    if not re.fullmatch(r"# .+\?", first):
        yield f"the title is no question: {first!r}"
    block = re.search(
        r"^:::\{div\} chapter-header\n(.*?)^:::", chapter.prose, re.M | re.S
    )
    if not block:
        yield "there is no block `:::{div} chapter-header`"
        return
    lines = re.findall(r"^- \*\*(.+?)\*\* *(.*)$", block[1], re.MULTILINE)
    if [name for name, _ in lines] != HEADER:
        yield f"the header block has {[name for name, _ in lines]}, not {HEADER}"
    for name, text in lines:
        if not text:
            yield f"the header line {name!r} says nothing"
        if name == "Exercises" and "{assignment}`" not in text:
            yield "the header line 'Exercises' does not link with {assignment}"
        if name == "Data" and not DATA.search(text):
            yield "the header line 'Data' names neither `none` nor the data dictionary"


def sections(chapter):
    """Four to six sections that each check the reader, and the closing four."""
    headings = [heading for heading, _ in chapter.sections]
    if headings[-4:] != CLOSING:
        yield f"the last sections are {headings[-4:]}, not {CLOSING}"
        return
    body = chapter.sections[:-4]
    if not 4 <= len(body) <= 6:
        yield f"{len(body)} sections before the closing ones; 4 to 6 read well"
    for heading, text in body:
        if ":::{selfcheck}" not in text:
            yield f"section {heading!r} has no self-check"
    closing = dict(chapter.sections[-4:])
    takeaways = re.findall(
        r"^(?:- |\d+\. ).*(?:\n  .*)*", closing["Key takeaways"], re.M
    )
    if not 3 <= len(takeaways) <= 5:
        yield f"{len(takeaways)} key takeaways; give 3 to 5"
    for takeaway in takeaways:
        if "](#" not in takeaway:
            yield f"a takeaway links to no section: {takeaway[:50]!r}"
    if "{assignment}`" not in closing["Exercise"]:
        yield "the section 'Exercise' does not link with {assignment}"
    if not CITE.search(closing["Further reading"]):
        yield "'Further reading' cites nothing"


def length(chapter):
    """A length that is read to the end, in cells that hold one idea."""
    prose = PREDICTION.sub(r"\1", chapter.prose)
    read = re.sub(r"\{[\w:]+\}`", "`", re.sub(r"\]\([^)\s]*\)", "]", prose))
    words = len(re.findall(r"[^\W\d_]{2,}", read))
    if not 1900 <= words <= 3400:
        yield f"{words} words; 1,900 to 3,300 are read to the end"
    seen = [
        one for one in chapter.code if not FOLDED & set(one.metadata.get("tags", []))
    ]
    if not 12 <= len(seen) <= 25:
        yield f"{len(seen)} code cells that the reader sees; give 12 to 25"
    for cell in seen:
        lines = len(cell.source.splitlines())
        if lines > 20:
            yield f"cell {cell.id} has {lines} lines; about 15 hold one idea"


def executed(chapter):
    """Every cell was run: nbval compares no cell that was not."""
    for cell in chapter.code:
        if cell.get("execution_count") is None:
            yield f"cell {cell.id} was never run: `make execute`"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {cell.id} ends in an error: {output.get('ename')}"
            if output.output_type == "stream" and output.name == "stderr":
                yield f"cell {cell.id} warns: {output.text[:60]!r}"


#: What is counted on the pages, in the plural.
COUNTED = (
    "years|months|weeks|days|hours|minutes|patients|people|children|events|infections|"
    "points|cases|reports|trials|studies|visits|doses|readings|agents|joints|deaths"
)
ONE_OF_MANY = re.compile(rf"(?<![\d.,:–-])\b1 (?:{COUNTED})\b")


def plurals(chapter):
    """What is printed with a number says "1 year"."""
    for cell in chapter.code:
        for output in cell.get("outputs", []):
            printed = [output.get("text", ""), *output.get("data", {}).values()]
            for text in filter(lambda one: isinstance(one, str), printed):
                if found := ONE_OF_MANY.search(text):
                    yield f"cell {cell.id} prints {found[0]!r}"


def figures(chapter):
    """Each figure has a name, a caption, and a finding for those who do not see it."""
    drawn = 0
    for cell in chapter.code:
        if not any(
            "image/svg+xml" in one.get("data", {}) for one in cell.get("outputs", [])
        ):
            continue
        drawn += 1
        told = cell.metadata.get("mystnb", {})
        figure, alt = told.get("figure", {}), told.get("image", {}).get("alt", "")
        if len(alt.split()) < 6:
            yield f"the figure of cell {cell.id} has no alt text that tells its finding"
        if not figure.get("caption", "").strip():
            yield f"the figure of cell {cell.id} has no caption"
        elif figure["caption"].strip() == alt.strip():
            yield f"cell {cell.id}: alt text and caption are the same words"
        if not str(figure.get("name", "")).startswith("fig-"):
            yield f"the figure of cell {cell.id} has no name that begins with fig-"
    if not 4 <= drawn <= 7:
        yield f"{drawn} figures; give 4 to 7"


LIGHTNESS = re.compile(r"\b(?:black|white|dark|pale)\b(?! (?:blood )?cells?\b)", re.I)


def hues(chapter):
    """What is said of a figure names hues: a dark page turns light and dark round."""
    for cell in chapter.code:
        told = cell.metadata.get("mystnb", {})
        said = told.get("figure", {}).get("caption", "")
        said += f" {told.get('image', {}).get('alt', '')}"
        if found := LIGHTNESS.search(said):
            yield f"cell {cell.id}: on a dark page nothing of a figure is {found[0]!r}"


def citations(chapter):
    """Every citation has an entry in the bibliography."""
    for keys in CITE.findall(chapter.prose):
        for key in keys.split(","):
            if key.strip() not in chapter.cited:
                yield f"{key.strip()} is cited, but is not in references.bib"


def glossary(chapter):
    """Every term that is linked is defined."""
    known = {term.lower() for term in chapter.terms}
    for term in TERM.findall(chapter.prose):
        if term.strip().lower() not in known:
            yield f"the term {term.strip()!r} is not in the glossary"


def linked(chapter):
    """Words of the trade link to the glossary, at least once on a page that uses them.

    Self-checks and admonitions are left alone, and so are the bold and the cited.
    """
    links = " ".join(re.findall(r"\{term\}`([^`]*)`", chapter.prose)).lower()
    text = re.sub(r"^(:{3,}).*?^\1\s*$", "", chapter.prose, flags=re.M | re.S)
    text = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$", " ", text).lower()
    for word in TRADE:
        if re.search(rf"\b{word}", text) and word not in links:
            yield f"{word!r} is used and nowhere linked to the glossary"


def links(chapter):
    """Every link within the book leads somewhere."""
    known = {
        slug(heading) for heading in re.findall(r"^#+ +(.+)$", chapter.prose, re.M)
    }
    known |= set(re.findall(r"^\(([\w-]+)\)=$", chapter.prose, re.M))
    elsewhere = ("data-", "fig-", "assignment-", "need-")
    for target in LINK.findall(chapter.prose):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        if path:
            there = chapter.folder / path
            ends = ("", ".md", ".ipynb")
            if not any(there.with_name(there.name + end).is_file() for end in ends):
                yield f"the link to {target} leads nowhere"
        elif anchor not in known and not anchor.startswith(elsewhere):
            yield f"no heading here has the anchor #{anchor}"


def slug(heading):
    """Return the anchor of a heading, as MyST forms it (as GitHub does)."""
    plain = re.sub(r"[*`]|\{\w+\}", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def offline(chapter):
    """No cell asks the network for anything."""
    for cell in chapter.code:
        found = NETWORK.search(cell.source)
        if found:
            yield f"cell {cell.id} reads from the network: {found[0].strip()!r}"


def glued(chapter):
    """No computed number is typed by hand: next term's data would not change it.

    A typed number counts as copied if it has two significant digits or more,
    a decimal point, and equals a glued value as printed. Lines with a citation,
    self-checks, formulas, tables and code are left alone: their numbers are
    published or made up for the question.
    """
    values = set()
    for cell in chapter.code:
        for output in cell.get("outputs", []):
            if "scrapbook" in output.get("metadata", {}):
                text = "".join(output.data.get("text/plain", ""))
                values.add(text.strip("'\""))
    text = re.sub(r"^(:{3,}|`{3,})\{?.*?^\1\s*$", "", chapter.prose, flags=re.M | re.S)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]*`", " ", text, flags=re.S)
    for line in text.splitlines():
        if "{cite" in line or line.startswith(("|", "#")):
            continue
        for number in PRECISE.findall(line):
            if number in values:
                where = line.strip()[:60]
                yield f"{number} is a computed value, typed by hand: {where!r}"


def planted(chapter):
    """No planted value is typed by hand: the role {truth} prints what is declared.

    Typed is a number beside the word planted, and a number that is, with its unit,
    a planted value of a cohort of the chapter. Lines with a citation, self-checks,
    formulas, tables and code are left alone: see `glued`.
    """
    captions = [
        cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
        for cell in chapter.code
    ]
    text = "\n".join([prose_alone(chapter.prose), *captions])
    values = typed_values(re.findall(r"\{cohort\}`(\w+)`", chapter.prose))
    for line in text.splitlines():
        for role in TRUTH.findall(line):
            try:
                truth.printed(role)
            except ValueError as error:
                yield f"{{truth}}`{role}`: {error}"
        if "{cite" in line or line.startswith("|"):
            continue
        line = re.sub(r"\{\w[\w:]*\}`[^`]*`", "`", line)
        for found in TYPED_TRUTH.finditer(line):
            if not DESIGN.match(line[found.end() :]):
                yield f"a planted number, typed by hand: {found[0]!r}"
        for value in values:
            if re.search(rf"(?<![\w.,–-]){re.escape(value)}(?![\w/])", line):
                yield f"{value} is planted, and typed by hand: {line.strip()[:60]!r}"


def prose_alone(text):
    """Return Markdown without self-checks and formulas."""
    checks = r"^(:{3,}|`{3,})\{selfcheck.*?^\1\s*$"
    text = re.sub(checks, "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", " ", text, flags=re.S)


def typed_values(names):
    """Return the planted values of these cohorts that have a unit, as typed."""

    def leaves(value):
        if isinstance(value, Mapping):
            return [leaf for one in value.values() for leaf in leaves(one)]
        return list(value) if isinstance(value, tuple) else [value]

    known = set(names) & set(cohorts.names())
    declared = [one for name in known for one in cohorts.get(name).truth.values()]
    return {
        f"{value:g} {one.unit}"
        for one in declared
        for value in leaves(one.value)
        if re.match(r"\w+/\w+|h$", one.unit) and not isinstance(value, str)
    }


def followable(chapter):
    """What a reader sees uses no name that only a removed cell defines."""
    seen, removed = set(), set()
    for cell in chapter.code:
        tree = ast.parse(cell.source)
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        made = {one.id for one in names if isinstance(one.ctx, ast.Store)}
        made |= {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        made |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        if {"remove-cell", "remove-input"} & set(cell.metadata.get("tags", [])):
            removed |= made
            continue
        used = {one.id for one in names if isinstance(one.ctx, ast.Load)}
        for name in sorted(used & removed - seen - made):
            yield f"cell {cell.id} uses {name}, which only a removed cell defines"
        seen |= made


RULES = [
    header,
    sections,
    length,
    executed,
    plurals,
    figures,
    hues,
    citations,
    glossary,
    linked,
    links,
    offline,
    glued,
    planted,
    followable,
]


# -- what chapters refer to


def bibliography(text):
    """Return the entries of a BibTeX file: key to its fields, as text."""
    return {key: body for _, key, body in ENTRY.findall(text)}


def bibliography_faults(text, used):
    """Return the faults of a bibliography: twice, unused, not to be found, malformed.

    A work is found by its DOI; without one, by its place in a journal, its ISBN,
    its address or the body that published it. It has an author, a person or a body,
    and a year. A journal is no author of what it prints, nor is an archive of what it
    keeps; and no note excuses a copy, or a work that nobody signed.
    """
    keys = [key for _, key, _ in ENTRY.findall(text)]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"{key} is there twice"
    for key, body in bibliography(text).items():
        fields = dict(FIELD.findall(body))
        if key not in used:
            yield f"{key} is cited nowhere"
        if "title" not in fields:
            yield f"{key} has no title"
        elif not fields["title"].startswith("{"):
            yield f"{key} would be printed in small letters: title = {{{{...}}}}"
        doi = fields.get("doi")
        if doi is not None and not DOI.fullmatch(doi):
            yield f"{key} has a malformed DOI: {doi!r}"
        in_journal = {"journal", "year"} <= set(fields) and {"volume", "pages"} & set(
            fields
        )
        if doi is None and not in_journal and not PLACES & set(fields):
            yield f"{key} cannot be found: give its DOI, or journal, year and pages"
        yield from _origin_faults(key, fields)


def _origin_faults(key, fields):
    if not {"author", "editor"} & set(fields):
        yield f"{key} has no author: name the people, or the body that answers for it"
    author = fields.get("author", "").strip("{}")
    if author in HOSTS or _names_journal(author, fields.get("journal", "")):
        yield f"{key} has no author: {author} only keeps or prints it"
    if "year" not in fields:
        yield f"{key} has no year: give that of the version that was read"
    if COPIES.search(fields.get("url", "")):
        yield f"{key} points at a copy: cite the original"
    if excuse := EXCUSE.search(fields.get("note", "")):
        yield f"{key} is excused by its note ({excuse[0]!r}): find what is missing"


def _names_journal(author, journal):
    """Tell whether an author is the journal, in full or as it is abbreviated."""
    small = {"and", "of", "in", "the", "for", "&", "\\&"}
    full = [word for word in author.lower().split() if word not in small]
    short = [word.strip(".") for word in journal.lower().split() if word not in small]
    return (
        bool(short)
        and len(full) == len(short)
        and all(word.startswith(part) for word, part in zip(full, short, strict=True))
    )


def glossary_terms(text):
    """Return the terms that the glossary page defines."""
    block = re.search(r"^:::\{glossary\}\n(.*?)^:::", text, re.MULTILINE | re.DOTALL)
    lines = block[1].splitlines() if block else []
    return [
        line.strip()
        for line in lines
        if line.strip() and not line.startswith((" ", "\t", ":"))
    ]
