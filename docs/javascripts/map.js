// The learning map: what is pointed at in a list shows itself on the drawing; an address of a route chooses it.
// All of it can be read and chosen without this.

const map = document.querySelector(".map");
const stop = (item) => item && map.querySelector(`.stop[data-section="${item.dataset.section}"]`);
const show = (event, on) => stop(event.target.closest?.("li[data-section]"))?.classList.toggle("on", on);

const lists = map.querySelector(".map-lists");
for (const [begins, ends] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  lists.addEventListener(begins, (event) => show(event, true));
  lists.addEventListener(ends, (event) => show(event, false));
}

function choose() {
  const route = location.hash.startsWith("#route-") && document.getElementById(location.hash.slice(1));
  const at = route ? [...lists.children].indexOf(route) : -1;
  if (at > 0) {
    document.getElementById(`choice-${at}`).checked = true;
    route.scrollIntoView();
  }
}
addEventListener("hashchange", choose);
choose();
