// Charts that move under the reader's hands. A chart's still and its controls stand in the page; here they come alive when
// they come near the screen, or when somebody reaches for them. What Vega needs is loaded then, once, and only then.

let engine;

function vega() {
  const at = (name) => new URL(`../assets/vega/${name}.js`, import.meta.url).href;
  return (engine ??= import(at("vega.min")) // a script of the old kind: it, and what follows, leave a global name
    .then(() => Promise.all([import(at("vega-interpreter")), import(at("vega-lite.min"))]))
    .then(([interpreter]) => interpreter.expressionInterpreter));
}

// Nothing is loaded for a chart, and none leads away from the page.
const refuses = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
async function refuse(address) {
  throw new Error(`a chart may load nothing, and asks for ${address}`);
}

async function begin(chart) {
  const expr = await vega();
  const { vega: engine, vegaLite: grammar } = globalThis;
  const written = JSON.parse(chart.querySelector("script").textContent);
  const font = getComputedStyle(chart).getPropertyValue("--ui-font") || "sans-serif";
  const spec = grammar.compile(written, { config: { font } }).spec;
  const now = document.createElement("div");
  now.className = "now";
  now.setAttribute("role", "img");
  now.setAttribute("aria-label", chart.dataset.alt);
  const view = new engine.View(engine.parse(spec, null, { ast: true }), { expr, loader: refuses, renderer: "svg", hover: true });
  await view.initialize(now).runAsync(); // drawn apart, and put in the still's place when it is whole
  for (const control of controls(chart)) {
    const update = () => settle(chart, view, control);
    control.addEventListener("input", update);
    if (value(control) !== view.signal(control.name)) await update(); // moved before we were here
  }
  const stage = chart.querySelector(".stage");
  stage.append(now);
  const said = document.createElement("p");
  said.className = "said";
  said.setAttribute("role", "status");
  chart.append(said);
  chart.dataset.state = "alive";
}

const controls = (chart) => chart.querySelectorAll(".controls :is(input, select)");

function value(control) {
  if (control.type === "checkbox") return control.checked;
  return control.type === "range" ? control.valueAsNumber : JSON.parse(control.value);
}

// The number beside a slider, with as many decimals as its step; to who does not see it, the slider says its own.
function show(control) {
  const output = control.parentElement.querySelector(".value");
  const decimals = (control.step.split(".")[1] ?? "").length;
  if (output) output.textContent = control.valueAsNumber.toFixed(decimals).replace("-", "\u2212");
}

// What a control says goes into the chart; what is written in the chart then is said to those who do not see it.
function settle(chart, view, control) {
  show(control);
  clearTimeout(chart.pause);
  chart.pause = setTimeout(() => {
    const texts = [...chart.querySelectorAll(".now .mark-text.role-mark text")].map((text) => text.textContent);
    const said = chart.querySelector(".said");
    if (said && said.textContent !== texts.join(", ")) said.textContent = texts.join(", ");
  }, 500);
  return view.signal(control.name, value(control)).runAsync();
}

function wake(chart) {
  if (chart.dataset.state) return;
  chart.dataset.state = "waking";
  begin(chart).catch((error) => {
    chart.dataset.state = "asleep"; // the still goes on standing for it
    console.error(error);
  });
}

export function start(charts) {
  const near = new IntersectionObserver(
    (seen) => {
      for (const entry of seen) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        wake(entry.target);
      }
    },
    { rootMargin: "400px" },
  );
  for (const chart of charts) {
    near.observe(chart);
    chart.addEventListener("focusin", () => wake(chart), { once: true });
    for (const control of controls(chart)) {
      show(control);
      control.addEventListener("input", () => show(control));
    }
  }
}
