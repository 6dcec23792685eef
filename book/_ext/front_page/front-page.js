// How much of each part of the book the reader has answered (book/_ext/front_page/__init__.py).
"use strict";

(() => {
  const record = window.courseRecord;
  if (!record) return;

  const show = () => {
    const entries = record.all();
    const pages = Object.values(record.items());
    for (const place of document.querySelectorAll(".front-progress")) {
      const inside = pages.filter((page) => page.part === place.dataset.part);
      const names = inside.flatMap((page) => page.items);
      const done = names.filter((name) => entries[name]).length;
      place.replaceChildren();
      if (!done) continue;
      const bar = document.createElement("progress");
      bar.max = names.length;
      bar.value = done;
      bar.setAttribute("aria-label", `${place.dataset.part}: answered`);
      place.append(bar, ` ${done} of ${names.length}`);
    }
  };

  document.addEventListener("course-record", show);
  show();
})();
