// A figure as a document: its words can be selected, and the keyboard moves its frame.
"use strict";

(() => {
  const frames = document.querySelectorAll(".drawing");

  // The same drawing, laid over its picture when a mouse comes to it: a picture is
  // fetched late and weighs little, a document can be read.
  const lay = (frame) => {
    const picture = frame.querySelector("img");
    const drawing = document.createElement("object");
    drawing.type = "image/svg+xml";
    drawing.data = picture.src;
    drawing.tabIndex = -1;
    drawing.ariaHidden = "true"; // the picture is read out
    drawing.addEventListener("load", () => {
      picture.classList.add("drawing-below");
      const inside = drawing.contentDocument;
      if (!inside) return; // opened from a folder: the button enlarges it
      inside.documentElement.style.cursor = "zoom-in";
      inside.addEventListener("click", () => {
        if (inside.getSelection().isCollapsed) picture.click();
      });
    });
    frame.append(drawing);
  };

  // Who cannot see that it goes on sideways hears it.
  const reach = (frame) => {
    const moves = frame.scrollWidth > frame.clientWidth + 1;
    if (moves) {
      const number = frame.closest("figure")?.querySelector(".caption-number");
      frame.tabIndex = 0;
      frame.setAttribute("role", "region");
      frame.ariaLabel = `${number ? number.textContent.trim() : "Figure"}, scrolls sideways`;
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) frame.removeAttribute(name);
    }
  };

  const seen = new ResizeObserver((changed) => changed.forEach((one) => reach(one.target)));
  frames.forEach((frame) => {
    seen.observe(frame);
    frame.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !frame.querySelector("object")) lay(frame);
    });
  });
})();
