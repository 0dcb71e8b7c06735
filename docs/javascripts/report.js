// "Report an error" names the block that the reader means: the one that the address leads to, or that was touched last.
// The link works without this; the form then asks for the block.
const BLOCKS = ".block[id], .checked[id], .figure[id]";
const UNNAMED = /^Block: .*$/m;

export function report(link) {
  let touched = null;
  const note = (event) => {
    touched = event.target.closest?.(BLOCKS) ?? touched;
  };
  document.addEventListener("pointerdown", note);
  document.addEventListener("focusin", note);

  function fill() {
    const aimed = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const block = touched ?? aimed?.closest(BLOCKS);
    if (!block) return;
    const address = new URL(link.href);
    const [name, text] = [...address.searchParams].find(([, value]) => UNNAMED.test(value)) ?? [];
    if (!name) return;
    const page = location.protocol.startsWith("http") ? ` (${location.origin}${location.pathname}#${block.id})` : "";
    address.searchParams.set(name, text.replace(UNNAMED, `Block: ${block.id}${page}`));
    link.href = address.href;
  }
  for (const event of ["pointerdown", "focus", "mouseenter"]) link.addEventListener(event, fill);
}
