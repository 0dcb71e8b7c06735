// References show where they lead: a card with the figure, the equation, the entry, the first lines, while the pointer or
// the keyboard's focus rests on a link. What stands on another page is cut out of that page. Where it cannot be read, as
// from a folder on disk, and for fingers, there is no card, and a link is a link.

const LINKS = 'article a:is(.ref, .cite, .api, .term, [href*="glossary/#"]):not(.headerlink)';
const OPENING = 250, CLOSING = 220;              // milliseconds: not on the way across the page; time to move into the card
const PARAGRAPHS = 2;

const pages = new Map();                         // address -> promise of the page's document
let card, link, timer, dismissed;                // of the card that is shown or about to be

function read(address) {
  if (address === location.origin + location.pathname) return Promise.resolve(document);
  if (location.protocol === "file:") return Promise.resolve(null);
  if (!pages.has(address)) {
    const page = fetch(address).then(answer => (answer.ok ? answer.text() : null))
      .then(text => (text === null ? null : new DOMParser().parseFromString(text, "text/html")))
      .catch(() => null);
    pages.set(address, page);
  }
  return pages.get(address);
}

// What is said of a place: nodes out of its page, the page itself left as it is.

function cut(page, id) {
  const article = page.querySelector("article");
  const target = id ? page.getElementById(id) : null;
  if (!article || (id && !target)) return [];
  if (!target || target.matches("h1")) return opening(article);
  if (target.matches("li, tr, figure, dd")) return [target];
  if (target.matches("dt")) return [target, ...following(target, "dt", node => node.matches("dd"))];
  if (target.matches(".api-name")) return entry(target);
  if (target.matches("h2, h3, h4, h5, h6")) return [target, ...following(target, "h1, h2, h3, h4, h5, h6", said)];
  if (target.matches(".block, .checked, .fold")) return [article.querySelector("h1"), article.querySelector(".cost"), target.querySelector(".highlight")];
  const row = target.closest("dt, li, p");
  return row && !target.matches("div, section") ? cutRow(row) : [target];
}

const cutRow = row => (row.matches("dt") ? [row, ...following(row, "dt", node => node.matches("dd"))] : [row]);
const said = node => node.matches("p, ul, ol, .equation") && !node.matches(".cost, .api-where");

function following(node, end, wanted) {
  const found = [];
  for (let next = node.nextElementSibling; next && !next.matches(end) && found.length < PARAGRAPHS; next = next.nextElementSibling)
    if (wanted(next)) found.push(next);
  return found;
}

function opening(article) {                      // a section or a module: its title, what it costs, its first lines
  const title = article.querySelector("h1");
  return [title, article.querySelector(".cost"), ...[...article.querySelectorAll(":scope > p")].filter(said).slice(0, 1)];
}

function entry(name) {                           // of the API reference: its full name, its signature, its first line
  const full = document.createElement("p");
  full.className = "card-name";
  full.textContent = name.id;
  const inside = [...name.parentElement.children];
  return [full, inside.find(node => node.matches(".api-signature")), inside.find(node => node.matches("p:not([class])")), inside.find(node => node.matches(".api-where"))];
}

function copied(node, address) {
  const copy = node.cloneNode(true);
  copy.querySelectorAll("script, button, .headerlink, .md-code__nav, dialog, input").forEach(part => part.remove());
  for (const part of [copy, ...copy.querySelectorAll("*")]) {
    if (!part.closest("svg")) part.removeAttribute("id");  // drawings refer to their own parts
    part.removeAttribute("tabindex");
    for (const name of ["src", "poster"]) if (part.getAttribute(name)) part.setAttribute(name, new URL(part.getAttribute(name), address));
    part.removeAttribute("srcset");
  }
  // A card explains a link; it holds none, and nothing else that could be operated.
  for (const part of copy.querySelectorAll("a")) part.replaceWith(...part.childNodes);
  if (!copy.matches("h1, h2, h3, h4, h5, h6")) return copy;
  const title = document.createElement("p");
  title.className = "card-title";
  title.append(...copy.childNodes);
  return title;
}

async function show(from) {
  const to = new URL(from.href);
  const address = to.origin + to.pathname;
  if (to.origin !== location.origin) return;
  const page = await read(address);
  if (link !== from || card || !page) return;
  const nodes = cut(page, decodeURIComponent(to.hash.slice(1))).filter(Boolean);
  if (!nodes.length || nodes.some(node => node.contains(from))) return;  // it would show itself
  card = document.createElement("div");
  card.id = "card";
  card.className = "card md-typeset";
  card.setAttribute("role", "tooltip");
  card.append(...nodes.map(node => copied(node, address)));
  document.body.append(card);
  if (from.title) from.dataset.title = from.title, from.removeAttribute("title");  // one of the two is enough
  from.setAttribute("aria-describedby", card.id);
  place(from.getClientRects());
}

function place(lines) {                          // below the link, or above where there is more room; never over the edge
  const line = lines[0], last = lines[lines.length - 1];
  const width = document.documentElement.clientWidth, height = window.innerHeight, edge = 8, gap = 6;
  const box = card.getBoundingClientRect();
  const below = height - last.bottom - gap - edge, above = line.top - gap - edge;
  const under = box.height <= below || below >= above;
  card.style.maxHeight = `${Math.max(under ? below : above, 80)}px`;
  const tall = card.getBoundingClientRect().height;
  const top = under ? last.bottom + gap : line.top - gap - tall;
  const left = Math.max(edge, Math.min((under ? last : line).left, width - box.width - edge));
  card.style.top = `${top + window.scrollY}px`;
  card.style.left = `${left + window.scrollX}px`;
  card.classList.add("shown");
}

function close() {
  clearTimeout(timer);
  if (link) {
    if (card && link.getAttribute("aria-describedby") === card.id) link.removeAttribute("aria-describedby");
    if (link.dataset.title) link.title = link.dataset.title, delete link.dataset.title;
  }
  card?.remove();
  card = link = undefined;
}

function intend(from) {
  clearTimeout(timer);
  if (from === dismissed || (from === link && card)) return;
  if (from !== link) close();
  link = from;
  read(new URL(from.href).origin + new URL(from.href).pathname);  // while the pointer makes up its mind
  timer = setTimeout(() => show(from), OPENING);
}

function leave() {
  clearTimeout(timer);
  timer = setTimeout(close, card ? CLOSING : 0);
}

document.addEventListener("pointerover", event => {
  if (event.pointerType === "touch") return;
  const over = event.target.closest?.(LINKS);
  if (dismissed && over !== dismissed) dismissed = undefined;
  if (over) intend(over);
  else if (card?.contains(event.target)) clearTimeout(timer);
  else if (link && document.activeElement !== link) leave();
});
document.documentElement.addEventListener("pointerleave", () => link && document.activeElement !== link && leave());
document.addEventListener("focusin", event => {
  const focused = event.target.closest?.(LINKS);
  if (focused && focused.matches(":focus-visible")) intend(focused);
});
document.addEventListener("focusout", event => {
  if (event.target === dismissed) dismissed = undefined;
  if (event.target === link && !link.matches(":hover")) leave();
});
document.addEventListener("keydown", event => {
  if (event.key !== "Escape" || !link) return;
  dismissed = link;                              // until the pointer or the focus has been elsewhere
  close();
});
document.addEventListener("pointerdown", event => { if (!card?.contains(event.target)) close(); });
