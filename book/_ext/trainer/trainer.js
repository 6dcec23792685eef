// The trainer (book/_ext/trainer/__init__.py): shows a report, takes the reader's marks,
// shows the key where it stands in the text, and keeps the record in this browser.
// Without this script some reports stand on the page, their keys to fold out.
"use strict";

(() => {
  const root = document.querySelector(".trainer");
  if (!root) return;
  const app = root.querySelector(".trainer-app");
  const COUNT = Number(root.dataset.count);
  const CHUNK = Number(root.dataset.chunk);
  const FOLDER = new URL("trainer/", document.currentScript.src);
  const STORE = "immune-modulators-trainer";

  const JUDGEMENTS = ["low", "some concerns", "high"];
  const DOMAINS = [
    "Randomisation process",
    "Deviations from the intended interventions",
    "Missing outcome data",
    "Measurement of the outcome",
    "Selection of the reported result",
  ];
  const STEPS = ["Risk of bias", "Indirectness", "Imprecision"];
  const LEVELS = ["none", "one level", "two levels"];
  const CERTAINTY = ["high", "moderate", "low", "very low"];
  const TOLERANCE = 1; // in 100 people
  const LARGEST = 1e6; // bytes of a record; 300 reports take a tenth of it
  const AGAIN = [
    ["What randomisation buys", "02-what-randomisation-buys.html"],
    ["What randomisation buys", "02-what-randomisation-buys.html"],
    ["What randomisation buys", "02-what-randomisation-buys.html"],
    ["The clinic illusion", "01-the-clinic-illusion.html"],
    ["Three unseen abstracts", "06-three-unseen-abstracts.html"],
    ["Three unseen abstracts", "06-three-unseen-abstracts.html"],
    ["When a biomarker misleads", "../metrics/04-when-a-biomarker-misleads.html"],
    ["What randomisation buys", "02-what-randomisation-buys.html"],
    ["Claims and labels", "05-claims-and-labels.html"],
    ["What randomisation buys", "02-what-randomisation-buys.html"],
  ];
  // What is marked in a report, in this order.
  const MARKS = [...DOMAINS, ...STEPS, "Certainty", "The number"];

  // -- building the page

  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false) node.setAttribute(name, value);
    }
    node.append(...inside.flat());
    return node;
  };
  const hidden = (text) => make("span", { class: "visually-hidden" }, text);
  const signed = (value) =>
    (value > 0 ? "+" : "") + value.toFixed(1).replace("-0.0", "0.0").replace("-", "−");
  const share = (part) => `${Math.round(100 * part)}\u00a0%`;

  // -- reports, some at a time

  const chunks = new Map();
  window.trainerReports = (number, reports) => chunks.get(number).loaded(reports);

  const load = (number) => {
    if (!chunks.has(number)) {
      const entry = {};
      entry.reports = new Promise((loaded, failed) => {
        entry.loaded = loaded;
        const script = make("script", { src: new URL(`reports-${number}.js`, FOLDER) });
        script.addEventListener("error", () => {
          chunks.delete(number);
          failed(new Error("not loaded"));
        });
        document.head.append(script);
      });
      chunks.set(number, entry);
    }
    return chunks.get(number).reports;
  };

  // -- the record, in this browser only

  const readRecord = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE));
      return Array.isArray(kept?.reports) ? kept.reports.filter(isEntry) : [];
    } catch {
      return [];
    }
  };
  const within = (value, low, high) => Number.isFinite(value) && value >= low && value <= high;
  const every = (list, length, right) =>
    Array.isArray(list) && list.length === length && list.every(right);
  const isEntry = (entry) =>
    Number.isInteger(entry?.id) &&
    within(entry.id, 1, COUNT) &&
    every(entry.marks, MARKS.length, Number.isFinite) &&
    every(entry.right, MARKS.length, (one) => typeof one === "boolean") &&
    every(entry.low, DOMAINS.length, (one) => typeof one === "boolean") &&
    within(entry.guess, 0, 1) &&
    within(entry.sure, 0, 100);
  const keepRecord = (reports) => {
    try {
      localStorage.setItem(STORE, JSON.stringify({ version: 1, reports }));
      return true;
    } catch {
      return false;
    }
  };

  // -- a report

  // A text whose flaws can be shown later.
  const flawed = (text, flaws, tag = "span") =>
    make(tag, flaws.length ? { "data-flaws": flaws.join(" ") } : {}, text);

  const table = (caption, head, rows) =>
    make(
      "div",
      { class: "trainer-wide", tabindex: 0, role: "region", "aria-label": caption },
      make(
        "table",
        {},
        make("caption", {}, caption),
        head.length
          ? make("thead", {}, make("tr", {}, head.map((one) => make("th", { scope: "col" }, one))))
          : "",
        make(
          "tbody",
          {},
          rows.map((row) => {
            const [label, ...cells] = row.slice(0, -1);
            return make(
              "tr",
              {},
              make("th", { scope: "row" }, flawed(label, row.at(-1))),
              cells.map((cell) => make("td", {}, cell)),
            );
          }),
        ),
      ),
    );

  const showReport = (report) =>
    make(
      "article",
      { class: "trainer-report", "aria-labelledby": "trainer-title" },
      make("p", { class: "trainer-kicker" }, `Report ${report.id} of ${COUNT} · invented`),
      make("h3", { id: "trainer-title", tabindex: -1 }, report.title),
      report.abstract.map(([heading, pieces]) =>
        make(
          "p",
          {},
          make("strong", {}, `${heading}. `),
          pieces.flatMap(([text, flaws]) => [flawed(text, flaws), " "]),
        ),
      ),
      table("Register entry", [], report.register),
      table("Table 1. Patients at entry", ["Characteristic", ...report.arms], report.baseline),
      table("Flow of participants", ["Step", ...report.arms], report.flow),
      table(
        "Table 2. Results",
        ["Outcome", ...report.arms, "Difference, points (95 % CI)", "p"],
        report.results,
      ),
    );

  // -- the form

  const choice = (name, legend, options, hint = "") =>
    make(
      "fieldset",
      { class: "trainer-choice" },
      make("legend", {}, legend, hint ? make("small", {}, ` ${hint}`) : ""),
      options.map((option, value) =>
        make(
          "label",
          {},
          make("input", { type: "radio", name, value }),
          make("span", {}, option),
        ),
      ),
    );

  const showForm = (report, answered) => {
    const sure = make("output", { for: "trainer-sure" }, "70 %");
    const slider = make("input", {
      ...{ type: "range", id: "trainer-sure", name: "sure", min: 0, max: 100, step: 5 },
      value: 70,
      "aria-describedby": "trainer-sure-hint",
    });
    const told = () => {
      sure.textContent = `${slider.value} %`;
      slider.setAttribute("aria-valuetext", `${slider.value} per cent`);
    };
    slider.addEventListener("input", told);
    told();
    const status = make("p", { class: "trainer-status", role: "status", "aria-live": "polite" });
    const form = make(
      "form",
      { class: "trainer-form", "aria-label": "Your judgement", novalidate: true },
      make("h4", {}, "1. Risk of bias"),
      make("p", {}, "Judge the result on which the conclusion rests, by RoB 2."),
      DOMAINS.map((domain, i) => choice(`domain${i}`, domain, JUDGEMENTS)),
      make("h4", {}, "2. Certainty"),
      make("p", {}, "How many levels does GRADE take off, from high, for that result?"),
      STEPS.map((step, i) => choice(`step${i}`, step, LEVELS)),
      choice("certainty", "So the certainty is", CERTAINTY),
      make("h4", {}, "3. The number"),
      make(
        "p",
        { class: "trainer-field" },
        make(
          "label",
          { for: "trainer-number" },
          "Registered clinical outcome at its registered visit: agent minus comparator, in 100 people",
        ),
        make("input", {
          ...{ type: "number", id: "trainer-number", name: "number", step: "any" },
          autocomplete: "off",
          "aria-describedby": "trainer-number-hint",
        }),
        make(
          "small",
          { id: "trainer-number-hint" },
          "Count all of whom the report tells the outcome; fewer is negative. A marker is no clinical outcome.",
        ),
      ),
      make("h4", {}, "4. How sure are you?"),
      make(
        "p",
        { class: "trainer-field" },
        make("label", { for: "trainer-sure" }, "Of your ten marks, how many will be right?"),
        slider,
        sure,
        make("small", { id: "trainer-sure-hint" }, "50 % means five of ten."),
      ),
      make("button", { type: "submit", class: "trainer-button" }, "Show the answer"),
      status,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = readForm(form);
      const open = MARKS.filter((_, i) => given.marks[i] === null);
      if (open.length) {
        status.textContent = `Still to mark: ${open.join("; ")}.`;
        const first = form.querySelector(fieldOf(given.marks.indexOf(null)));
        first.focus();
        return;
      }
      answered(given, form);
    });
    return form;
  };

  const fieldOf = (mark) => {
    if (mark < 5) return `[name=domain${mark}]`;
    if (mark < 8) return `[name=step${mark - 5}]`;
    return mark === 8 ? "[name=certainty]" : "[name=number]";
  };

  const readForm = (form) => {
    const data = new FormData(form);
    const chosen = (name) => (data.get(name) === null ? null : Number(data.get(name)));
    const number = form.elements.number.valueAsNumber;
    return {
      marks: [
        ...DOMAINS.map((_, i) => chosen(`domain${i}`)),
        ...STEPS.map((_, i) => chosen(`step${i}`)),
        chosen("certainty"),
        Number.isFinite(number) ? number : null,
      ],
      sure: Number(data.get("sure")),
    };
  };

  const judge = (report, marks) =>
    marks.map((mark, i) => {
      if (i < 5) return mark === report.domains[i][0];
      if (i < 8) return report.steps[i - 5][1].includes(mark);
      if (i === 8) return report.certainties.includes(mark);
      return Math.abs(mark - report.number) <= TOLERANCE + 1e-9;
    });

  // The share of marks that somebody who guesses has right on average.
  const guessed = (report) =>
    mean([
      ...DOMAINS.map(() => 1 / JUDGEMENTS.length),
      ...report.steps.map(([, defensible]) => defensible.length / LEVELS.length),
      report.certainties.length / CERTAINTY.length,
      0,
    ]);

  // -- the answer

  const wording = (mark, value) => {
    if (mark < 5) return JUDGEMENTS[value];
    if (mark < 8) return LEVELS[value];
    return mark === 8 ? CERTAINTY[value] : signed(value);
  };
  const keyOf = (report, mark) => {
    if (mark < 5) return [JUDGEMENTS[report.domains[mark][0]], report.domains[mark][1]];
    if (mark < 8) {
      const [levels, defensible, why] = report.steps[mark - 5];
      const also = defensible.filter((one) => one !== levels).map((one) => LEVELS[one]);
      return [LEVELS[levels] + (also.length ? ` (or ${also.join(", ")})` : ""), why];
    }
    if (mark === 8) {
      const also = report.certainties.filter((one) => one !== report.certainty[0]);
      const more = also.length ? ` (or ${also.map((one) => CERTAINTY[one]).join(", ")})` : "";
      return [CERTAINTY[report.certainty[0]] + more, "High, less the levels above."];
    }
    return [signed(report.number), `${report.asked}, counted from the report (± ${TOLERANCE}).`];
  };

  const showMarks = (report, marks, right) =>
    make(
      "div",
      { class: "trainer-wide", tabindex: 0, role: "region", "aria-label": "Your marks and the key" },
      make(
        "table",
        { class: "trainer-marks" },
        make("caption", {}, "Your marks and the key"),
        make(
          "thead",
          {},
          make("tr", {}, ["Mark", "You", "Key", "Why"].map((one) => make("th", { scope: "col" }, one))),
        ),
        make(
          "tbody",
          {},
          MARKS.map((name, i) => {
            const [key, why] = keyOf(report, i);
            return make(
              "tr",
              { "data-right": right[i] },
              make("th", { scope: "row" }, name),
              make(
                "td",
                {},
                make("span", { class: "trainer-sign", "aria-hidden": "true" }, right[i] ? "✓ " : "✗ "),
                wording(i, marks[i]),
                hidden(right[i] ? ", right" : ", wrong"),
              ),
              make("td", {}, key),
              make("td", {}, why),
            );
          }),
        ),
      ),
    );

  // Mark each flaw where it stands, and return the places by flaw.
  const reveal = (article, report) => {
    const places = report.flaws.map(() => []);
    for (const node of article.querySelectorAll("[data-flaws]")) {
      const flaws = node.dataset.flaws.split(" ").map(Number);
      const mark = make("mark", { class: "trainer-flaw" }, ...node.childNodes);
      for (const flaw of flaws) {
        const id = `trainer-flaw-${flaw + 1}-${places[flaw].length + 1}`;
        mark.append(
          make(
            "a",
            { class: "trainer-number", id, href: `#trainer-why-${flaw + 1}` },
            hidden("flaw "),
            String(flaw + 1),
          ),
        );
        places[flaw].push({ id, text: node.textContent });
      }
      node.replaceChildren(mark);
    }
    return places;
  };

  const showFlaws = (report, places) => {
    if (!report.flaws.length) return [make("p", {}, "No flaw was planted in this report.")];
    return [
      make(
        "ol",
        { class: "trainer-flaws" },
        report.flaws.map(([title, why, effect, [words, href]], i) =>
          make(
            "li",
            { id: `trainer-why-${i + 1}`, tabindex: -1 },
            make("strong", {}, `${title}. `),
            `${why} ${effect} `,
            make("a", { href }, `Read again: ${words}.`),
            " It stands here: ",
            places[i].flatMap(({ id }, n) => [
              n ? ", " : "",
              make("a", { href: `#${id}` }, `place ${n + 1}`, hidden(` of flaw ${i + 1}`)),
            ]),
            ".",
          ),
        ),
      ),
    ];
  };

  const showNumbers = (report) =>
    table(
      "Agent minus comparator, in 100 people",
      [],
      [
        ["The result that the report leads with", signed(report.shown), []],
        [`Counted from the report: ${report.asked}`, signed(report.number), []],
        ["The same patients in a trial without flaws", signed(report.found), []],
        ["What is true in this world", signed(report.truth), []],
      ],
    );

  const showAnswer = (report, given, right, article, kept) => {
    const count = right.filter(Boolean).length;
    const heading = make("h3", { tabindex: -1, id: "trainer-answer" }, "The answer");
    const places = reveal(article, report);
    const answer = make(
      "section",
      { class: "trainer-answer", "aria-labelledby": "trainer-answer" },
      heading,
      make(
        "p",
        {},
        make("strong", {}, `${count} of ${MARKS.length} marks are right`),
        `; you expected ${given.sure} %.`,
        kept ? "" : " This browser keeps no record: it forbids storage.",
      ),
      showMarks(report, given.marks, right),
      make("h4", {}, "What was planted"),
      showFlaws(report, places),
      make("h4", {}, "The estimate and the truth"),
      showNumbers(report),
      make(
        "p",
        {},
        make("button", { type: "button", class: "trainer-button trainer-next" }, "Next report"),
      ),
    );
    answer.querySelector(".trainer-next").addEventListener("click", () => open(draw(), true));
    return [answer, heading];
  };

  // -- the record

  const showRecord = () => {
    const record = readRecord();
    const box = make(
      "section",
      { class: "trainer-record", "aria-labelledby": "trainer-record" },
      make("h3", { id: "trainer-record" }, "Your record"),
    );
    if (!record.length) {
      box.append(
        make("p", {}, "Nothing yet. It is kept in this browser and nowhere else."),
        make("p", { class: "trainer-tools" }, importButton()),
      );
      return box;
    }
    const by = MARKS.map((_, i) => mean(record.map((entry) => entry.right[i])));
    const all = mean(by);
    const said = mean(record.map((entry) => entry.sure / 100));
    const low = mean(record.map((entry) => mean(entry.low)));
    const guess = mean(record.map((entry) => entry.guess));
    const marked = mean(by.slice(0, DOMAINS.length));
    box.append(
      make(
        "p",
        {},
        `${record.length} ${record.length === 1 ? "report" : "reports"}: ${share(all)} of your marks were right, and you expected ${share(said)}. ${verdict(said - all, record.length)}`,
      ),
      make(
        "p",
        {},
        `Who marks at random would have ${share(guess)}. In the five domains ${share(marked)} of yours were right; who marks every domain low without reading would have ${share(low)}.`,
      ),
      table(
        "Right, by what was marked",
        [],
        MARKS.map((name, i) => [name, share(by[i]), []]),
      ),
      calibration(record),
      readAgain(by, record.length),
      make("p", { class: "trainer-tools" }, exportButton(record), " ", importButton(), " ", deleteButton()),
    );
    return box;
  };

  const mean = (values) => values.reduce((a, b) => a + Number(b), 0) / values.length;

  const verdict = (over, reports) => {
    if (reports < 3) return "After a few more, this says whether you trust yourself too much.";
    if (over > 0.1) return "You trust yourself too much.";
    if (over < -0.1) return "You could trust yourself more.";
    return "You know how far to trust yourself.";
  };

  // Shares right by what was said, in five classes; a picture and the same in words.
  const calibration = (record) => {
    const bins = [0, 20, 40, 60, 80].map((from) => {
      const inside = record.filter(
        (entry) => entry.sure >= from && (entry.sure < from + 20 || (from === 80 && entry.sure === 100)),
      );
      return {
        from,
        n: inside.length,
        said: mean(inside.map((entry) => entry.sure / 100)),
        right: mean(inside.map((entry) => mean(entry.right))),
      };
    });
    const filled = bins.filter((bin) => bin.n);
    const x = (value) => 40 + 200 * value;
    const y = (value) => 210 - 200 * value;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const draw = (tag, attributes, text = "") => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      node.textContent = text;
      svg.append(node);
    };
    svg.setAttribute("viewBox", "0 0 270 255");
    svg.setAttribute("role", "img");
    svg.setAttribute("class", "trainer-curve");
    svg.setAttribute(
      "aria-label",
      "Calibration: share of marks right against what you expected. The table below holds the numbers.",
    );
    draw("path", { d: `M${x(0)} ${y(1)}V${y(0)}H${x(1)}`, class: "axis" });
    draw("path", { d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}`, class: "ideal" });
    for (const tick of [0, 0.5, 1]) {
      draw("text", { x: x(tick), y: 227, "text-anchor": "middle" }, share(tick));
      draw("text", { x: 35, y: y(tick) + 4, "text-anchor": "end" }, String(100 * tick));
    }
    draw("text", { x: x(0.5), y: 247, "text-anchor": "middle" }, "you expected");
    draw("text", { x: 48, y: 14 }, "% right");
    const points = filled.map((bin) => `${x(bin.said)} ${y(bin.right)}`);
    if (points.length > 1) draw("path", { d: `M${points.join("L")}`, class: "curve" });
    for (const bin of filled) {
      const r = 3 + Math.min(6, Math.sqrt(bin.n));
      draw("circle", { cx: x(bin.said), cy: y(bin.right), r, class: "point" });
    }
    return make(
      "figure",
      { class: "trainer-figure" },
      make("figcaption", {}, "Calibration: on the line, you are right as often as you expect; below it, you trust yourself too much."),
      svg,
      table(
        "Calibration in numbers",
        ["You expected", "Reports", "Right"],
        filled.map((bin) => [
          `${bin.from} to ${bin.from === 80 ? 100 : bin.from + 19} %`,
          String(bin.n),
          share(bin.right),
          [],
        ]),
      ),
    );
  };

  const readAgain = (by, reports) => {
    const weak = MARKS.map((name, i) => i).filter((i) => by[i] < 0.7);
    if (reports < 3 || !weak.length) return "";
    return make(
      "div",
      {},
      make("p", {}, make("strong", {}, "What to read again")),
      make(
        "ul",
        {},
        weak.map((i) =>
          make("li", {}, `${MARKS[i]}, ${share(by[i])} right: `, make("a", { href: AGAIN[i][1] }, AGAIN[i][0])),
        ),
      ),
    );
  };

  const exportButton = (record) => {
    const button = make("button", { type: "button", class: "trainer-plain" }, "Export the record");
    button.addEventListener("click", () => {
      const text = JSON.stringify({ version: 1, marks: MARKS, reports: record }, null, 1);
      const link = make("a", {
        href: URL.createObjectURL(new Blob([text], { type: "application/json" })),
        download: "trainer-record.json",
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href));
    });
    return button;
  };

  // What was exported here or in another browser joins what is kept: nothing is lost.
  const importButton = () => {
    const file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
    const button = make("button", { type: "button", class: "trainer-plain" }, "Import a record");
    button.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      const told = await importRecord(file.files[0]);
      renewRecord();
      say(told);
      recordPlace.querySelector(".trainer-import button").focus();
    });
    return make("span", { class: "trainer-import" }, button, file);
  };

  const importRecord = async (file) => {
    if (file.size > LARGEST) return "Nothing is imported: the file is too large for a record.";
    let brought;
    try {
      brought = JSON.parse(await file.text());
    } catch {
      return "Nothing is imported: the file is no record of the trainer.";
    }
    if (brought?.version !== 1 || !Array.isArray(brought.reports) || !brought.reports.every(isEntry))
      return "Nothing is imported: the file is no record of the trainer.";
    const record = readRecord();
    const known = new Set(record.map((entry) => `${entry.id} ${entry.at}`));
    const fresh = brought.reports.filter((entry) => !known.has(`${entry.id} ${entry.at}`));
    if (!keepRecord([...record, ...fresh])) return "Nothing is imported: this browser keeps no record.";
    return `${fresh.length} ${fresh.length === 1 ? "report" : "reports"} imported.`;
  };

  const deleteButton = () => {
    const button = make("button", { type: "button", class: "trainer-plain" }, "Delete the record");
    let asked = false;
    button.addEventListener("click", () => {
      if (!asked) {
        asked = true;
        button.textContent = "Delete it for good";
        return;
      }
      try {
        localStorage.removeItem(STORE);
      } catch {
        // nothing was kept
      }
      renewRecord();
      say("The record is deleted.");
      place.focus();
    });
    return button;
  };

  // -- one report after the other

  const place = make("div", { class: "trainer-place", tabindex: -1 });
  const notice = make("p", { class: "trainer-status", role: "status", "aria-live": "polite" });
  const recordPlace = make("div");
  const say = (text) => {
    notice.textContent = text;
  };
  const renewRecord = () => recordPlace.replaceChildren(showRecord());

  // A report that was not judged yet, while there is one.
  let last = null;
  const draw = () => {
    const done = new Set(readRecord().map((entry) => entry.id));
    const all = Array.from({ length: COUNT }, (_, i) => i + 1).filter((id) => id !== last);
    const fresh = all.filter((id) => !done.has(id));
    const from = fresh.length ? fresh : all;
    return from[Math.floor(Math.random() * from.length)];
  };

  const open = async (id, focus) => {
    last = id;
    say("A report is being loaded.");
    let report;
    try {
      report = (await load(Math.floor((id - 1) / CHUNK)))[(id - 1) % CHUNK];
    } catch {
      say("The reports could not be loaded. Reload the page, or read those printed below.");
      root.querySelector(".trainer-printed").hidden = false;
      return;
    }
    say("");
    const article = showReport(report);
    const form = showForm(report, (given, form) => {
      const right = judge(report, given.marks);
      const low = report.domains.map(([judgement]) => judgement === 0);
      const entry = { id, at: new Date().toISOString(), sure: given.sure, marks: given.marks };
      const guess = guessed(report);
      const kept = keepRecord([...readRecord(), { ...entry, right, low, guess }]);
      const [answer, heading] = showAnswer(report, given, right, article, kept);
      for (const field of form.elements) field.disabled = true;
      form.hidden = true;
      form.after(answer);
      renewRecord();
      heading.focus();
    });
    place.replaceChildren(article, form);
    if (focus) article.querySelector("h3").focus();
  };

  const asked = Number(new URLSearchParams(location.search).get("report"));
  app.append(place, notice, recordPlace);
  app.hidden = false;
  root.querySelector(".trainer-printed").hidden = true;
  renewRecord();
  open(Number.isInteger(asked) && asked >= 1 && asked <= COUNT ? asked : draw(), false);
})();
