// A figure that could be larger opens in a dialog: by a button of its own, or by a click on the picture. Those that have
// their full size already, as charts that move, do not.

const WORTHWHILE = 1.3; // times as wide; less is not worth a click
const LARGEST = 2.5; // times the size it was drawn for: beyond, letters only grow
const MARGIN = 64; // pixels around it on the screen

// How wide a picture would be in the dialog: as large as the screen lets it, but never below the size it was drawn for.
function width(picture) {
  const [wide, high] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
  if (!wide || !high) return 0;
  const most = picture.localName === "img" ? picture.naturalWidth || wide : LARGEST * wide;
  return Math.max(wide, Math.min(most, innerWidth - MARGIN, ((innerHeight - 2 * MARGIN) * wide) / high));
}

const name = (place) => place.querySelector("figcaption b")?.textContent.replace(/\.$/, "") ?? "the picture";

function open(place, picture, button) {
  const dialog = document.createElement("dialog");
  dialog.className = "zoomed md-typeset";
  dialog.setAttribute("aria-label", name(place));
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.textContent = "Close";
  const figure = document.createElement("figure");
  figure.className = "figure";
  figure.style.width = `${width(picture)}px`;
  // The picture itself moves, so that no address in it is there twice; its empty shell keeps its place.
  const shell = picture.cloneNode(false);
  shell.removeAttribute("id");
  shell.setAttribute("aria-hidden", "true");
  picture.replaceWith(shell);
  figure.append(picture);
  const caption = place.querySelector("figcaption")?.cloneNode(true);
  caption?.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
  if (caption) figure.append(caption);
  dialog.append(close, figure);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("figcaption")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    shell.replaceWith(picture);
    dialog.remove();
    button.focus({ preventScroll: true });
  });
  dialog.showModal(); // Escape closes it, focus stays inside: the browser's own
}

export function start(places) {
  const offer = new ResizeObserver((changed) => {
    for (const { target: picture } of changed) {
      const button = buttons.get(picture);
      const shown = picture.getBoundingClientRect().width;
      if (!shown || picture.closest("dialog")) continue;
      button.hidden = width(picture) < WORTHWHILE * shown;
      picture.classList.toggle("zoomable", !button.hidden);
    }
  });
  const buttons = new Map();
  for (const place of places) {
    const picture = place.querySelector(":scope > :is(svg, img)");
    if (!picture) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zoom";
    button.hidden = true;
    button.title = `Enlarge ${name(place)}`;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => open(place, picture, button));
    picture.addEventListener("click", () => {
      if (picture.classList.contains("zoomable") && !picture.closest("dialog")) open(place, picture, button);
    });
    picture.after(button);
    buttons.set(picture, button);
    offer.observe(picture);
  }
}
