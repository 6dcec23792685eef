// Typesets the formulas of a page. MathJax weighs more than the rest of the page
// together, so it is fetched when the reader comes within a screen of a formula.
"use strict";

const mathjax = new URL("mathjax/tex-chtml.js", document.currentScript.src);

// A formula that is wider than the screen scrolls: let the keyboard reach it.
const reachWideFormulas = () => {
  for (const formula of document.querySelectorAll("mjx-container[display]")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
};

let asked = false;
const typeset = () => {
  if (asked) return;
  asked = true;
  near.disconnect();
  const script = document.createElement("script");
  script.src = mathjax;
  script.onload = () => MathJax.startup.promise.then(reachWideFormulas);
  document.head.append(script);
};

const near = new IntersectionObserver(
  (seen) => seen.some((formula) => formula.isIntersecting) && typeset(),
  { rootMargin: "100% 0px" },
);
for (const formula of document.querySelectorAll(".math")) near.observe(formula);

window.addEventListener("beforeprint", typeset);
window.addEventListener("resize", reachWideFormulas);
document.addEventListener("toggle", reachWideFormulas, true); // unfolded
document.addEventListener("selfcheck", reachWideFormulas); // a reason was shown
