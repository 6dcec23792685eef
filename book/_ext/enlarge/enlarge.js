// Opens a figure at its full size, in a dialog that the browser itself keeps.
"use strict";

(() => {
  const pictures = document.querySelectorAll(".bd-article :is(figure, .cell_output) img");
  if (!pictures.length || !window.HTMLDialogElement) return;

  const dialog = document.createElement("dialog");
  const close = document.createElement("button");
  const frame = document.createElement("div");
  dialog.className = "enlarged";
  close.type = "button";
  close.textContent = "Close";
  // What can be moved with a finger can be moved with the arrow keys.
  frame.className = "enlarged-frame";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  dialog.append(close, frame);
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the figure
  });

  // A drawing as a document, whose words can be selected; else the picture.
  const enlarged = (picture) => {
    const large = picture.closest(".drawing") ? document.createElement("object") : picture.cloneNode();
    if (large.matches("object")) {
      large.type = "image/svg+xml";
      large.data = picture.src;
      large.setAttribute("role", "img");
      large.ariaLabel = picture.alt;
      large.tabIndex = -1;
      large.style.aspectRatio = `${picture.getAttribute("width")} / ${picture.getAttribute("height")}`;
    }
    large.removeAttribute("loading");
    large.removeAttribute("id");
    // As it was made, and larger where there is room.
    large.style.width = `max(100%, ${picture.getAttribute("width") || picture.naturalWidth}px)`;
    return large;
  };

  const open = (picture, name) => {
    frame.replaceChildren(enlarged(picture));
    frame.setAttribute("aria-label", name);
    dialog.setAttribute("aria-label", name);
    dialog.showModal();
    frame.scrollTo(0, 0);
  };

  pictures.forEach((picture) => {
    const number = picture.closest("figure")?.querySelector(".caption-number");
    const name = number ? number.textContent.trim() : "the figure";
    const place = document.createElement("span");
    const button = document.createElement("button");
    place.className = "enlarge-place";
    button.type = "button";
    button.className = "enlarge";
    button.title = button.ariaLabel = `Enlarge ${name}`;
    button.addEventListener("click", () => open(picture, name));
    // The focus comes back to the button, whichever of the two was used.
    picture.addEventListener("click", () => { button.focus(); button.click(); });
    const whole = picture.closest(".drawing") ?? picture;
    whole.replaceWith(place);
    place.append(whole, button);
  });
})();
