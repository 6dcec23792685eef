// Shows what a link leads to, by Tippy.js; `pageTips` stands in a script of the page.
"use strict";

for (const link of document.querySelectorAll("article.bd-article a[href]:not(.headerlink, .sd-stretched-link)")) {
  const content = pageTips[link.getAttribute("href")];
  if (content) {
    tippy(link, { content, allowHTML: true, arrow: true, placement: "top", maxWidth: 420 });
  }
}
