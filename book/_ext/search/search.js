// Shows what a query finds below the field where it is typed, and says so aloud.
"use strict";

function bookSearchField(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "yes";
  const root = document.documentElement.dataset.content_root;
  const inDialog = form.closest("dialog");
  const field = form.querySelector("input");

  const made = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  };

  const said = made("p", { class: "search-said", role: "status" });
  const list = made("div", { class: "search-list" });
  const results = made("div", { class: "search-results" }, said, list);
  form.after(results);

  // A text whose words that were looked for are marked.
  const marked = (text, terms) =>
    text.split(/([\p{L}\p{N}]+(?:[-‐‑–][\p{L}\p{N}]+)*)/u).map((piece, place) =>
      place % 2 && bookSearch.has(piece, terms) ? made("mark", {}, piece) : piece
    );

  const link = (one, ...inside) => made("a", { href: root + one.address }, ...inside);

  const place = (one) =>
    made(
      "li",
      {},
      link(one, ...marked(one.title, one.terms)),
      made("p", { class: "search-excerpt" }, ...marked(one.text, one.terms))
    );

  const page = (found) =>
    made(
      "li",
      { class: "search-page" },
      made("p", { class: "search-path" }, found.path.join(" › ")),
      made("ul", {}, ...found.places.map(place))
    );

  const named = (one) =>
    made(
      "p",
      { class: "search-named" },
      link(one, one.title),
      ` · ${one.text}`
    );

  const nothing = () => {
    const concepts = made("a", { href: `${root}book/reference/concepts.html` });
    concepts.append("index of concepts and agents");
    const glossary = made("a", { href: `${root}book/reference/glossary.html` });
    glossary.append("glossary");
    return made(
      "p",
      { class: "search-nothing" },
      "Try fewer words, an abbreviation, or the name of an agent or of a trade. ",
      "All that the book explains is in the ", concepts, " and the ", glossary, "."
    );
  };

  const show = () => {
    const query = field.value.trim();
    const found = query ? bookSearch.find(field.value) : { named: null, pages: [] };
    const parts = [];
    if (found.pages.length) parts.push(made("ol", {}, ...found.pages.map(page)));
    if (found.named) parts.unshift(named(found.named));
    if (query && !parts.length) parts.push(nothing());
    list.replaceChildren(...parts);
    const count = found.pages.length;
    said.textContent = !query
      ? ""
      : parts.length && (count || found.named)
        ? `${count || "No"} ${count === 1 ? "page" : "pages"} for “${query}”${
            count ? ", the best first" : ""
          }`
        : `Nothing is found for “${query}”.`;
    if (!inDialog) {
      const address = new URL(location.href);
      if (query) address.searchParams.set("q", query);
      else address.searchParams.delete("q");
      try {
        history.replaceState(null, "", address);
      } catch {} // a page from the file system may not, in some browsers
    }
  };

  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });

  // Up and down go from the field to the links and between them.
  const move = (event) => {
    if (event.key === "Escape" && event.target !== field) inDialog?.close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [field, ...list.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  form.addEventListener("keydown", move);
  list.addEventListener("keydown", move);

  form.addEventListener("submit", (event) => {
    if (inDialog) return; // leads to the page of results
    event.preventDefault();
    clearTimeout(waiting);
    show();
  });
  // A place on this page: the dialog would stand before it.
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) inDialog?.close();
  });
  show();
}
