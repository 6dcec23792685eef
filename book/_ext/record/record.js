// What a reader did, kept in this browser and nowhere else (book/_ext/record/__init__.py).
// The other elements write through `courseRecord`; this script also marks the pages in
// the sidebar and leads through the questions that are asked again.
"use strict";

(() => {
  const STORE = "immune-modulators-course";
  const AGAIN = "immune-modulators-again"; // for this tab only
  const COVERS = "immune-modulators-covers";
  const NAME = /^(sc|pr|lv)-[a-z0-9]+(-[a-z0-9]+)*$/;
  const LONGEST = 2000;

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
    for (const name of ["sure", "off"]) {
      if (Number.isFinite(entry[name])) read[name] = entry[name];
    }
    if (Array.isArray(entry.values)) {
      read.values = entry.values.filter(Number.isFinite).slice(0, 100);
    }
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

  const write = (entries) => {
    try {
      localStorage.setItem(STORE, JSON.stringify({ version: 1, entries }));
      return true;
    } catch {
      return false; // this browser forbids storage
    }
  };

  const put = (name, entry) => {
    const kept = write({ ...all(), [name]: { ...entry, at: Date.now() } });
    markPages();
    return kept;
  };

  // Take in a file that was exported here or elsewhere; of two entries the newer counts.
  // Returns how many were taken, or null if this is no record.
  const take = (written) => {
    let given;
    try {
      given = JSON.parse(written);
    } catch {
      return null;
    }
    if (given?.version !== 1 || typeof given.entries !== "object") return null;
    const entries = all();
    let taken = 0;
    for (const [name, entry] of Object.entries(readEntries(given.entries))) {
      if (entries[name]?.at >= entry.at) continue;
      entries[name] = entry;
      taken += 1;
    }
    write(entries);
    markPages();
    return taken;
  };

  const erase = () => {
    for (const store of [STORE, COVERS]) {
      try {
        localStorage.removeItem(store);
      } catch {
        // nothing was kept
      }
    }
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
      const page = pages.get(link.href.split("#")[0]);
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

  const goTo = (again) => {
    const name = again.names[again.place];
    const page = name && whereIs(name);
    if (!page || !keepAgain(again)) return false;
    const target = `${address(page)}#${name}`;
    const samePage = target.split("#")[0] === location.href.split("#")[0];
    location.href = target;
    if (samePage) leadOn();
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
    ...{ all, put, take, erase, covers, setCovers },
    ...{ items, address, state, whereIs },
    askAgain: (names) => goTo({ names, place: 0 }),
  };
  markPages();
  leadOn();
})();
