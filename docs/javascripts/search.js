// Search. Nothing is fetched before a reader opens it. Then Pagefind answers at every key (hooks/indexing.py makes its
// index); in a copy of the site on a disk, where nothing can be fetched, a list of titles does (hooks/offline.py).

const GROUPS = { section: "Sections", symbol: "API", equation: "Equations", figure: "Figures and tables", term: "Glossary" };
const ONE = { section: "section", symbol: "API entry", equation: "equation", figure: "figure or table", term: "term" };
const MANY = { section: "sections", symbol: "API entries", equation: "equations", figure: "figures and tables", term: "terms" };
const SHOWN = { section: 6, symbol: 4, equation: 3, figure: 3, term: 3 };
const STEP = 12; // how many more an option "more" shows
const SOON = 50; // milliseconds that titles leave to the text
const PAUSE = 250; // after which two letters are taken for all

// Pagefind

async function pagefind(root) {
  const loading = (async () => {
    const engine = await import(new URL(`${root}/pagefind/pagefind.js`, location.href).href);
    // Its worker costs twelve kilobytes and a turn of messages, to keep a search of few milliseconds off this thread.
    await engine.options({ noWorker: true, excerptLength: 24, ranking: { metaWeights: { title: 6 } } });
    await engine.init();
    return engine;
  })();
  loading.catch(() => {}); // it is said where it is waited for
  const { parts, runs, pages } = await (await fetch(new URL(`${root}/pagefind/facets.json`, location.href))).json();
  let at = 0;
  const ends = runs.map(([kind, part, count]) => ({ kind, part, end: (at += count) }));
  const facet = (result) => ends[ends.findIndex(({ end }) => parseInt(result.id.slice(3, 7), 16) < end)]; // of page en_0123...
  return {
    parts,
    // Pages by their titles, at the first key: the index is still on its way, and half of it begins with one letter.
    first(query, part) {
      const words = terms(query).map((word) => ` ${word}`);
      const all = pages.map(([url, title, its]) => ({ url, title, its, words: ` ${terms(title).join(" ")}` }));
      const found = words.length ? all.filter((one) => (part < 0 || one.its === part) && words.every((word) => one.words.includes(word))) : [];
      // First those that begin with it, behind their number, and of these the book's own; else in the order of the book.
      const rank = (one) => 2 * one.words.replace(/^ [\d.]+(?= )/, "").startsWith(words[0]) + (one.its >= 0);
      found.sort((a, b) => rank(b) - rank(a));
      return found.length ? { section: found.map((one) => async () => ({ kind: "section", part: parts[one.its], page: one.title, ...one })) } : {};
    },
    async find(query, part) {
      const engine = await loading;
      const found = {};
      for (const result of (await engine.search(query)).results) {
        const its = facet(result);
        if (part >= 0 && its.part !== part) continue;
        (found[its.kind] ??= []).push(async () => {
          const data = await result.data();
          const shown = JSON.parse(data.anchors[0].id);
          return { ...shown, kind: its.kind, part: parts[its.part], url: data.raw_url, title: data.meta.title, excerpt: data.excerpt };
        });
      }
      return found;
    },
  };
}

// A list of titles: every word of the query begins a word of the title, of its page or of the text beside it

async function titles(root, address) {
  if (!window.searchTitles) {
    await new Promise((done, failed) => {
      const script = Object.assign(document.createElement("script"), { src: `${root}/${address}`, onload: done, onerror: failed });
      document.head.append(script);
    });
  }
  const { parts, records } = window.searchTitles;
  const known = records.map(([kind, part, url, title, page, text, formula]) => {
    const [inTitle, all] = [title, `${title} ${page} ${text}`].map((words) => ` ${terms(words).join(" ")}`);
    return { kind, part, inTitle, all, shown: { kind, part: parts[part], url, title, page, formula, excerpt: escaped(text) } };
  });
  return {
    parts,
    note: "This copy searches titles, captions and formulas; the site on the web searches the text, too.",
    async find(query, part) {
      const words = terms(query).map((word) => ` ${word}`);
      const score = (one) => words.filter((word) => one.inTitle.includes(word)).length;
      const all = words.length ? known.filter((one) => (part < 0 || one.part === part) && words.every((word) => one.all.includes(word))) : [];
      const found = {};
      for (const one of all.sort((a, b) => score(b) - score(a))) (found[one.kind] ??= []).push(async () => one.shown);
      return found;
    },
  };
}

// Small things

const terms = (text) => text.toLowerCase().match(/\p{N}+(?:\.\p{N}+)+|[\p{L}\p{N}]+/gu) ?? []; // 2.1.2 is one

const pause = (time) => new Promise((over) => setTimeout(over, time));

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// The words of a query, marked where words of a text begin with them.
function marked(text, query) {
  const words = terms(query);
  if (!words.length) return escaped(text);
  const cut = new RegExp(`(?<![\\p{L}\\p{N}.])(${words.join("|").replaceAll(".", "\\.")})`, "giu");
  return text.split(cut).map((piece, at) => (at % 2 ? `<mark>${escaped(piece)}</mark>` : escaped(piece))).join("");
}

// Where nothing has a word, Pagefind takes letters off its end until something has the rest: "gradeint" finds gradients,
// and that is good; "qqqzzz" finds q. Three letters must remain.
function meant(query, { title, excerpt }) {
  const seen = [...terms(title), ...terms([...(excerpt ?? "").matchAll(/<mark>(.*?)<\/mark>/g)].map(([, word]) => word).join(" "))];
  return terms(query).some((word) => seen.some((one) => one.includes(word.slice(0, 3))));
}

function element(tag, attributes = {}, html = "") {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.innerHTML = html;
  return made;
}

// What looks like a name in code is sought in the API first.
const order = (query) => (/[._(]|[a-z][A-Z]/.test(query) ? ["symbol", ...Object.keys(GROUPS).filter((kind) => kind !== "symbol")] : Object.keys(GROUPS));

// The dialog

function begin(box) {
  const root = box.dataset.root.replace(/\/$/, "");
  const part = (name) => box.querySelector(`.search-${name}`);
  const [open, dialog, input, list, chips, none, said] = ["open", "dialog", "input", "results", "parts", "none", "said"].map(part);
  let engine = null; // a promise of it, from the first time on
  let only = -1; // the part to search in
  let turn = 0; // of several answers on their way, the last one counts
  let active = null;

  const ready = () => {
    engine ??= (box.dataset.titles ? titles(root, box.dataset.titles) : pagefind(root)).then(welcome);
    engine.catch(() => { engine = null; }); // and at the next key it is tried again
    return engine;
  };

  function welcome(found) {
    chips.replaceChildren(...["Everything", ...found.parts].map((name, at) => {
      const chip = element("button", { type: "button", "aria-pressed": String(at - 1 === only) }, escaped(name));
      chip.addEventListener("click", () => {
        only = at - 1;
        for (const [other, one] of [...chips.children].entries()) one.setAttribute("aria-pressed", String(other === at));
        search();
        input.focus();
      });
      return chip;
    }));
    if (found.note) part("head").after(element("p", { class: "search-note" }, escaped(found.note)));
    return found;
  }

  function choose(option) {
    active?.setAttribute("aria-selected", "false");
    active = option;
    active?.setAttribute("aria-selected", "true");
    if (active) input.setAttribute("aria-activedescendant", active.id);
    else input.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  function option(one, query) {
    const made = element("a", { role: "option", href: `${root}/${one.url}`, tabindex: "-1", "aria-selected": "false", class: `search-${one.kind}` });
    const where = [one.page === one.title ? "" : one.page, one.part].filter(Boolean).map(escaped).join(" · ");
    made.append(element("span", { class: "search-title" }, marked(one.title, query)));
    if (one.formula) made.append(element("span", { class: "search-formula" }, one.formula)); // from the site's own pages
    else if (one.excerpt) made.append(element("span", { class: "search-excerpt" }, one.excerpt));
    made.append(element("span", { class: "search-where" }, where));
    return made;
  }

  async function fill(group, results, shown, query) {
    const more = results.length - shown;
    const found = await Promise.all(results.slice(0, shown).map((load) => load()));
    return () => {
      group.replaceChildren(group.firstChild, ...found.map((one) => option(one, query)));
      if (more > 0) {
        const last = element("div", { role: "option", class: "search-more", "aria-selected": "false" }, `${more} more`);
        last.addEventListener("click", async () => {
          const at = group.children.length - 1;
          (await fill(group, results, shown + STEP, query))();
          number();
          choose(group.children[at]);
          input.focus();
        });
        group.append(last);
      }
    };
  }

  const number = () => [...list.querySelectorAll("[role=option]")].forEach((one, at) => { one.id = `search-option-${at}`; });

  function show(groups) {
    list.replaceChildren(...groups);
    number();
    input.setAttribute("aria-expanded", String(groups.length > 0));
    choose(list.querySelector("[role=option]"));
    list.scrollTop = 0;
  }

  // Titles answer at once. The text does from the third letter on, or after a pause at the second; a single letter is in
  // all of it. (Of a script that writes no letters, one sign is a word.)
  async function search() {
    const mine = ++turn;
    const query = input.value.trim();
    const begun = /^[a-z0-9]{1,2}$/i.test(query);
    list.setAttribute("aria-busy", "true");
    none.replaceChildren();
    if (!query) {
      show([]);
      done("");
      return;
    }
    try {
      const { first, find, parts } = await ready();
      if (mine !== turn) return;
      const alone = first && begun && query.length === 1;
      const whole = alone ? null : (first && begun ? pause(PAUSE) : Promise.resolve()).then(() => (mine === turn ? find(query, only) : {}));
      whole?.catch(() => {}); // it is said below
      if (first && (begun || !(await Promise.race([whole.then(() => true), pause(SOON)])))) {
        const titles = first(query, only);
        if (titles.section) await answer(titles, query, mine);
        else if (begun && mine === turn) show([]);
        if (alone && mine === turn) done(titles.section ? counted(titles) : "One more letter");
      }
      const found = await whole;
      if (alone || mine !== turn) return;
      const best = order(query).find((kind) => found[kind]);
      const nobody = !best || (!box.dataset.titles && !meant(query, await found[best][0]()));
      if (mine !== turn) return;
      if (nobody) {
        show([]);
        nothing(query, parts);
        done("No results");
        return;
      }
      said.textContent = counted(found);
      await answer(found, query, mine);
      if (mine === turn) done(counted(found));
    } catch {
      if (mine === turn) {
        engine = null; // at the next key it is tried again
        show([]);
        done("The search could not be loaded. It is tried again at the next key.");
      }
    }
  }

  const counted = (found) => order("").filter((kind) => found[kind]).map((kind) => `${found[kind].length} ${found[kind].length === 1 ? ONE[kind] : MANY[kind]}`).join(", ");

  function done(words) {
    said.textContent = words;
    list.setAttribute("aria-busy", "false");
  }

  async function answer(found, query, mine) {
    const some = order(query).filter((kind) => found[kind]).map((kind) => [kind, found[kind]]);
    const groups = some.map(([kind]) => {
      const group = element("div", { role: "group", "aria-labelledby": `search-group-${kind}` });
      group.append(element("div", { class: "search-group", id: `search-group-${kind}`, role: "presentation" }, `${GROUPS[kind]} <span>${found[kind].length}</span>`));
      return group;
    });
    const put = (at) => fill(groups[at], some[at][1], SHOWN[some[at][0]], query);
    (await put(0))(); // the first answer waits for no other
    if (mine !== turn) return;
    show(groups.slice(0, 1));
    for (const done of await Promise.all(groups.slice(1).map((_, at) => put(at + 1)))) done();
    if (mine !== turn) return;
    list.append(...groups.slice(1));
    number();
  }

  function nothing(query, parts) {
    const words = terms(query).length > 1 ? " Every word must occur in one place: try fewer." : " Try a shorter or a more common word: the beginning of one is enough.";
    none.append(element("p", {}, `Nothing ${only < 0 ? "" : `in “${escaped(parts[only])}” `}has <b>${escaped(query)}</b>.${words}`));
    if (only >= 0) {
      const everywhere = element("button", { type: "button" }, "Search everything");
      everywhere.addEventListener("click", () => chips.firstChild.click());
      none.append(everywhere);
    }
    none.append(element("a", { href: `${root}/contents/${box.dataset.titles ? "index.html" : ""}` }, "See the contents"));
  }

  function start() {
    if (dialog.open) return;
    dialog.showModal(); // which gives the focus back when it closes
    input.select();
    ready().catch(() => {});
  }

  open.hidden = false;
  part("contents").hidden = true;
  open.addEventListener("click", start);
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("a[href]")) dialog.close();
  });
  input.addEventListener("input", search);
  list.addEventListener("mousemove", (event) => {
    const over = event.target.closest("[role=option]");
    if (over && over !== active) choose(over);
  });
  input.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("[role=option]")];
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    if (step && options.length) {
      const at = options.indexOf(active) + step;
      choose(options[Math.abs(step) === 1 ? (at + options.length) % options.length : Math.min(Math.max(at, 0), options.length - 1)]);
      event.preventDefault();
    } else if (event.key === "Enter" && active) {
      active.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey }));
      event.preventDefault();
    } else if (event.key === "Escape") { // the field would only empty itself
      dialog.close();
      event.preventDefault();
    }
  });
  addEventListener("keydown", (event) => {
    const letter = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!letter && (!slash || dialog.open)) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else start();
  });
}

for (const box of document.querySelectorAll(".search")) begin(box);
