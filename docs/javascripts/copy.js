// Buttons that copy code: a block exactly as it is, and a block with what it needs of those before it, so that it runs by itself.
// hooks/clipboard.py says what the page's data mean; the text is put together from the code on the page.

const page = document.getElementById("runnable");
const data = page ? JSON.parse(page.textContent) : { blocks: {} };

// A block's code as it was written; of commands, what is behind the prompts.
function code(element) {
  const parts = [...element.querySelectorAll(element.matches(".highlight") ? "code" : ".highlight code")].map((one) => {
    const clone = one.cloneNode(true);
    for (const prompt of clone.querySelectorAll(".gp")) prompt.remove();
    return clone.textContent.trimEnd();
  });
  return parts.join("\n");
}

const quoted = (text) => text.replaceAll("\\", "\\\\").replaceAll("'''", "\\'\\'\\'");

// One part of a slice: "+numpy" seeds, "3" is a block, "3:1-4,6" are lines of it.
function part(token) {
  if (token.startsWith("+")) return data.seeds[token.slice(1)];
  const [number, ranges] = token.split(":");
  const name = `block-${number}`;
  const text = data.code?.[name] ?? code(document.getElementById(name));
  if (data.files?.[name])
    return `from pathlib import Path\n\nPath(${JSON.stringify(data.files[name])}).write_text('''\\\n${quoted(text)}\n''')`;
  if (!ranges) return text;
  const lines = text.split("\n");
  return ranges
    .split(",")
    .map((range) => range.split("-").map(Number))
    .map(([first, last = first]) => lines.slice(first - 1, last).join("\n"))
    .join("\n");
}

function runnable(name, element) {
  const [comment, tokens] = data.blocks[name];
  const before = tokens.split(" ").filter(Boolean).map((token) => `${part(token)}\n\n`);
  return `# ${data.says[comment]}\n${before.join("")}${code(element)}\n`;
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // where a page is not trusted with the clipboard
  area.value = text;
  area.className = "copy-area";
  area.ariaHidden = "true";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

// Said aloud by screen readers; seen on the button.
const said = document.createElement("div");
said.className = "copy-said";
said.setAttribute("role", "status");
document.body.append(said);

function button(label, title, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.title = title;
  let timer = 0;
  made.addEventListener("click", async () => {
    const word = await write(text()).then(() => "Copied", () => "Not copied");
    made.focus({ preventScroll: true });
    made.style.minWidth = `${made.offsetWidth}px`; // the words change, the place does not
    made.textContent = said.textContent = word;
    clearTimeout(timer);
    timer = setTimeout(() => {
      made.textContent = label;
      said.textContent = "";
    }, 2000);
  });
  return made;
}

function equip(element, highlight) {
  const bar = document.createElement("div");
  bar.className = "copy";
  bar.setAttribute("role", "group");
  bar.ariaLabel = "Copy this block";
  bar.append(button("Copy", "Exactly this code", () => `${code(element)}\n`));
  if (data.blocks[element.id])
    bar.append(button("Copy runnable", "With what it needs of the blocks before it: runs by itself", () => runnable(element.id, element)));
  if (element === highlight) highlight.prepend(bar);
  else (highlight.closest(".jp-InputArea") ?? highlight).before(bar); // in the line of a cell's counter
}

const seen = new Set();
for (const highlight of document.querySelectorAll(".md-content .highlight")) {
  const own = highlight.closest(".block, .checked") ?? highlight;
  if (seen.has(own) || !highlight.querySelector("code") || own.matches(".api-signature")) continue; // commands between outputs are one block
  seen.add(own);
  equip(own, highlight);
}
