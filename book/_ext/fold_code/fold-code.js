// One switch folds or shows the code that teaches, on every page of the book.
"use strict";

(() => {
  const KEY = "course-code";
  const page = document.documentElement;
  const taught = document.querySelectorAll(".code-shown");
  const buttons = document.querySelector(".article-header-buttons");
  if (!taught.length || !buttons) return;

  const read = () => {
    try { return localStorage.getItem(KEY); } catch { return null; }
  };
  const keep = (value) => {
    try { localStorage.setItem(KEY, value); } catch { /* this visit only */ }
  };

  const button = document.createElement("button");
  button.type = "button";
  button.className = "code-switch";

  const show = (folded) => {
    page.dataset.code = folded ? "folded" : "shown";
    taught.forEach((part) => { part.open = !folded; });
    button.textContent = folded ? "Code: folded" : "Code: shown";
    button.title = folded ? "Show the code of this book" : "Fold the code of this book";
  };

  button.addEventListener("click", () => {
    const folded = page.dataset.code !== "folded";
    keep(folded ? "folded" : "shown");
    show(folded);
  });
  buttons.prepend(button);
  show(read() === "folded");
})();
