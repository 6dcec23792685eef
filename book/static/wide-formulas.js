// A formula that is wider than the screen scrolls: let the keyboard reach it.
"use strict";

const reachWideFormulas = () => {
  for (const formula of document.querySelectorAll("mjx-container[display]")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
};

window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(reachWideFormulas);
});
window.addEventListener("resize", reachWideFormulas);
document.addEventListener("toggle", reachWideFormulas, true); // unfolded
document.addEventListener("selfcheck", reachWideFormulas); // a reason was shown
