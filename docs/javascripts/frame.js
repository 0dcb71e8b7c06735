// The frame around the text: the scheme, the place in the contents, regions that scroll, the menu.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const button = document.querySelector(".scheme");

/** Show the chosen scheme, or the system's. Whoever draws by script listens to `scheme` on the document. */
function paint() {
  const dark = root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches;
  document.body.dataset.mdColorScheme = dark ? "slate" : "default";
  button?.setAttribute("aria-pressed", String(dark));
  document.dispatchEvent(new CustomEvent("scheme", { detail: { dark } }));
}

button?.addEventListener("click", () => {
  const dark = button.getAttribute("aria-pressed") !== "true";
  const chosen = dark === system.matches ? null : dark ? "dark" : "light";   // the system's own: follow it again
  if (chosen) root.dataset.scheme = chosen;
  else delete root.dataset.scheme;
  try {
    if (chosen) localStorage.setItem("scheme", chosen);
    else localStorage.removeItem("scheme");
  } catch { /* then it holds for this page */ }
  paint();
});
system.addEventListener("change", paint);
addEventListener("storage", event => {
  if (event.key !== "scheme") return;
  if (event.newValue) root.dataset.scheme = event.newValue;
  else delete root.dataset.scheme;
  paint();
});
if (button) button.hidden = false;
paint();

// The heading that is being read is marked in the contents.
const menu = document.getElementById("menu");
const links = new Map([...menu?.querySelectorAll(".headings a") ?? []].map(a => [decodeURIComponent(a.hash.slice(1)), a]));
const seen = new Set();
const watcher = new IntersectionObserver(entries => {
  for (const { target, isIntersecting, boundingClientRect } of entries) {
    if (isIntersecting || boundingClientRect.top < innerHeight / 3) seen.add(target.id);
    else seen.delete(target.id);
  }
  const last = [...links.keys()].filter(id => seen.has(id)).pop();
  for (const [id, a] of links) a.toggleAttribute("data-here", id === last);
}, { rootMargin: "0px 0px -66% 0px" });
for (const id of links.keys()) {
  const heading = document.getElementById(id);
  if (heading) watcher.observe(heading);
}
menu?.addEventListener("click", event => {
  if (event.target.closest("a") && menu.matches(":popover-open")) menu.hidePopover();
});
const here = menu?.querySelector('[aria-current="page"]');

// What is not in sight at first is laid out when there is time, a few pieces at a time: then the page has its length, and
// pictures of it are whole. What scrolls sideways can be reached by keyboard.
const WIDE = "pre > code, .output, .formula, .figure, .table, .md-typeset table";
const sizes = new ResizeObserver(entries => {
  const wide = entries.map(({ target }) => [target, target.scrollWidth > target.clientWidth + 1]);   // first read, then write
  for (const [target, is] of wide) mark(target, is);
});
const pieces = [...document.querySelectorAll(".md-content__inner > *")];
const waiting = new Set(document.querySelectorAll(WIDE));
const idle = globalThis.requestIdleCallback ?? (run => setTimeout(run, 50));     // not every browser has it
let across = 0;                                 // the width for which that was looked at
const SOON = { timeout: 500 }, TURN = 6;        // milliseconds: a busy page must not wait for ever, nor a reader for us

function mark(element, wide) {
  if (wide) element.tabIndex = 0;
  else if (element.tabIndex === 0) element.removeAttribute("tabindex");
}

function look() {
  const end = performance.now() + TURN;
  while (pieces.length && performance.now() < end) {
    const piece = pieces.shift();
    piece.style.contentVisibility = "visible";
    piece.getBoundingClientRect();                          // lays it out
    if (performance.now() > end + TURN) pieces.length = 0;  // so slow is this machine: let the rest wait until it comes near
  }
  for (const element of pieces.length ? [] : waiting) {
    element.firstElementChild?.getBoundingClientRect();     // lays out what is folded
    mark(element, element.scrollWidth > element.clientWidth + 1);
    sizes.observe(element);
    waiting.delete(element);
    if (performance.now() > end) break;
  }
  if (pieces.length || waiting.size) idle(look, SOON);
  else root.dataset.ready = "";
}
const loaded = new Promise(done => document.readyState === "complete" ? done() : addEventListener("load", done, { once: true }));
loaded.then(() => document.fonts.ready).then(() => idle(look, SOON));   // or it is all laid out again in another face

// Whoever asks for a size before the first frame has the whole page laid out at once.
idle(() => {
  across = innerWidth;
  if (here && menu.scrollHeight > menu.clientHeight) menu.scrollTop = here.offsetTop - menu.clientHeight / 3;
});

// A screen that is turned changes what is out of sight, too.
addEventListener("resize", () => {
  if (innerWidth === across) return;
  across = innerWidth;
  if (!waiting.size) idle(look, SOON);
  for (const element of document.querySelectorAll(WIDE)) waiting.add(element);
  delete root.dataset.ready;
});
