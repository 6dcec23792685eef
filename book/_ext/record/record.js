// What a reader did, kept in this browser and nowhere else (book/_ext/record/__init__.py).
// The other elements write through `courseRecord`, and hear of a change by the event
// `course-record`; this script also marks the pages in the sidebar and leads through the
// questions that are asked again.
"use strict";

(() => {
  const STORE = "immune-modulators-course";
  const AGAIN = "immune-modulators-again"; // for this tab only
  const COVERS = "immune-modulators-covers";
  const NAME = /^(sc|pr|lv)-[a-z0-9]+(-[a-z0-9]+)*$/;
  const LONGEST = 2000;
  const LARGEST = 2_000_000; // bytes of a file that is taken in: far more than a full record has

  const text = (value) => (typeof value === "string" ? value.slice(0, LONGEST) : "");

  // What was kept may have been written by an older page, or by hand: only what has the
  // expected form is taken.
  const readEntry = (entry) => {
    if (typeof entry !== "object" || entry === null) return null;
    if (!Number.isFinite(entry.at)) return null;
    const read = { at: entry.at, said: text(entry.said), asked: text(entry.asked) };
    for (const name of ["first", "last", "given"]) {
      if (typeof entry[name] === "boolean") read[name] = entry[name];
    }
    const isShare = Number.isFinite(entry.sure) && entry.sure >= 0 && entry.sure <= 100;
    if (isShare) read.sure = entry.sure;
    if (Array.isArray(entry.values)) {
      read.values = entry.values.filter(Number.isFinite).slice(0, 100);
    }
    if (Array.isArray(entry.also)) read.also = entry.also.slice(0, 10).map(text);
    return read;
  };

  const readEntries = (kept) => {
    const entries = {};
    if (typeof kept !== "object" || kept === null) return entries;
    for (const [name, entry] of Object.entries(kept)) {
      const read = NAME.test(name) && readEntry(entry);
      if (read) entries[name] = read;
    }
    return entries;
  };

  const all = () => {
    try {
      return readEntries(JSON.parse(localStorage.getItem(STORE))?.entries);
    } catch {
      return {};
    }
  };

  // Returns whether it is kept: a browser may forbid storage, or have no room left.
  const write = (entries) => {
    try {
      localStorage.setItem(STORE, JSON.stringify({ version: 1, entries }));
      return true;
    } catch {
      return false;
    }
  };
  const LOST = "This browser has not kept it: it forbids storage, or has no room left.";

  const keeps = () => write(all());

  const put = (name, entry) => {
    const kept = write({ ...all(), [name]: { ...entry, at: Date.now() } });
    markPages();
    return kept;
  };

  // Take in a file that was exported here or elsewhere; of two entries the newer counts.
  // Returns a sentence that says what became of it.
  const NO_RECORD = "This file is no record of this course; nothing was changed.";
  const take = async (file) => {
    if (file.size > LARGEST) return NO_RECORD;
    let given;
    try {
      given = JSON.parse(await file.text());
    } catch {
      return NO_RECORD;
    }
    const isRecord = given?.version === 1 && given.entries?.constructor === Object;
    if (!isRecord) return NO_RECORD;
    const entries = all();
    let taken = 0;
    for (const [name, entry] of Object.entries(readEntries(given.entries))) {
      if (entries[name]?.at >= entry.at) continue;
      entries[name] = entry;
      taken += 1;
    }
    if (!write(entries)) return LOST;
    markPages();
    return `${taken} ${taken === 1 ? "answer" : "answers"} taken in.`;
  };

  const erase = () => {
    for (const store of [STORE, COVERS]) {
      try {
        localStorage.removeItem(store);
      } catch {
        // nothing was kept
      }
    }
    keepAgain(null);
    markPages();
  };

  const covers = () => {
    try {
      return localStorage.getItem(COVERS) !== "off";
    } catch {
      return true;
    }
  };
  const setCovers = (on) => {
    try {
      localStorage.setItem(COVERS, on ? "on" : "off");
    } catch {
      // the choice holds for this page only
    }
  };

  // -- pages

  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  // What each page asks is fetched by a reader of whom something is kept.
  const source = new URL("course-items.js", document.currentScript.src);
  let asked = false;
  const items = () => {
    if (!window.courseItems && !asked && Object.keys(all()).length) {
      asked = true;
      const script = document.createElement("script");
      script.src = source;
      script.onload = markPages;
      document.head.append(script);
    }
    return window.courseItems ?? {};
  };
  const address = (page) => new URL(page, root).href;

  // How far a page is: "", "begun" or "done".
  const state = (page, entries = all()) => {
    const asked = items()[page]?.items ?? [];
    const done = asked.filter((name) => entries[name]).length;
    return !done ? "" : done < asked.length ? "begun" : "done";
  };

  const markPages = () => {
    const entries = all();
    const pages = new Map(Object.keys(items()).map((page) => [address(page), page]));
    for (const link of document.querySelectorAll(".bd-links a.reference.internal")) {
      const page = pages.get(link.href.split(/[?#]/)[0]);
      if (!page) continue;
      const now = state(page, entries);
      link.querySelector(".course-mark")?.remove();
      if (!now) continue;
      const mark = document.createElement("span");
      mark.className = "course-mark";
      mark.dataset.state = now;
      mark.title = now === "done" ? "all done" : "begun";
      const words = document.createElement("span");
      words.className = "visually-hidden";
      words.textContent = ` (${mark.title})`;
      mark.append(words);
      link.append(mark);
    }
    document.dispatchEvent(new CustomEvent("course-record"));
  };

  // -- questions again: a list of names and the place in it, kept in this tab

  const readAgain = () => {
    try {
      const kept = JSON.parse(sessionStorage.getItem(AGAIN));
      const names = kept?.names?.filter((name) => NAME.test(name));
      return names?.length && Number.isInteger(kept.place) ? { names, place: kept.place } : null;
    } catch {
      return null;
    }
  };
  const keepAgain = (again) => {
    try {
      if (again) sessionStorage.setItem(AGAIN, JSON.stringify(again));
      else sessionStorage.removeItem(AGAIN);
      return true;
    } catch {
      return false;
    }
  };
  const whereIs = (name) =>
    Object.keys(items()).find((page) => items()[page].items.includes(name));

  const goTo = ({ names, place }) => {
    // A newer book may no longer have a question.
    const again = { names: names.filter((name, i) => i <= place || whereIs(name)), place };
    const name = again.names[place];
    const page = name && whereIs(name);
    if (!page || !keepAgain(again)) return false;
    const target = `${address(page)}#${name}`;
    const samePage = target.split("#")[0] === location.href.split(/[?#]/)[0];
    if (samePage) {
      location.hash = name; // a query stays
      leadOn();
    } else {
      location.href = target;
    }
    return true;
  };

  // The bar below the question that is asked again.
  const leadOn = () => {
    document.querySelector(".course-again")?.remove();
    const again = readAgain();
    const question = again && document.getElementById(again.names[again.place]);
    if (!question || location.hash !== `#${question.id}`) return;
    const bar = document.createElement("nav");
    bar.className = "course-again";
    bar.setAttribute("aria-label", "Questions again");
    const where = document.createElement("span");
    where.textContent = `Question ${again.place + 1} of ${again.names.length}`;
    const button = document.createElement("button");
    button.type = "button";
    const last = again.place + 1 === again.names.length;
    button.textContent = last ? "End" : "Next question";
    button.addEventListener("click", () => {
      if (!last && goTo({ ...again, place: again.place + 1 })) return;
      keepAgain(null);
      const page = Object.keys(items()).find((one) => items()[one].home);
      if (page) location.href = address(page);
      else bar.remove();
    });
    bar.append(where, button);
    question.after(bar);
    question.querySelector("input")?.focus();
  };

  // A live figure tells what was moved; a slider that is dragged tells it often.
  const moved = new Map();
  document.addEventListener("live", ({ detail }) => {
    clearTimeout(moved.get(detail.name));
    const values = Object.values(detail.settings);
    moved.set(
      detail.name,
      setTimeout(() => put(detail.name, { values }), 300),
    );
  });

  window.courseRecord = {
    ...{ all, put, take, erase, keeps, covers, setCovers, LOST },
    ...{ items, address, state, whereIs },
    askAgain: (names) => goTo({ names, place: 0 }),
  };
  // What another tab keeps shows here, too, and so does what was kept meanwhile on a page
  // that comes back from the browser's memory.
  addEventListener("storage", ({ key }) => (key === STORE || key === null) && markPages());
  addEventListener("pageshow", ({ persisted }) => persisted && markPages());
  markPages();
  leadOn();
})();
