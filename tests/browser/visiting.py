"""A first visit to a page: what came over the wire, what moved, what its scripts said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from playwright.sync_api import Browser, CDPSession, Page, Request
from serving import Host

# Sums how far the page's parts have moved by themselves, and keeps the largest paint and the longest task.
OBSERVE = """(() => {
  const seen = window.visit = { shift: 0, paint: 0, task: 0 };
  const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note)).observe({ type, buffered: true });
  watch("layout-shift", entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
  watch("largest-contentful-paint", entry => { seen.paint = entry.startTime; });
  watch("longtask", entry => { seen.task = Math.max(seen.task, entry.duration); });
})()"""
# All that a reader sees by scrolling is there, and the page has come to rest.
REST = """async () => {
  for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
  await document.fonts.ready;
  const script = document.querySelector("script[src*='javascripts/book.js']");   // of a page of ours
  while (script && document.documentElement.dataset.ready !== "") await new Promise(done => setTimeout(done, 20));
  await new Promise(done => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(() => done())), { timeout: 2000 }));
}"""

WHOLE = "* { content-visibility: visible !important; contain: none !important }"  # else what is too wide would be cut


@dataclass
class Wire:
    """Bytes as they came, compressed and with their headers, by kind: document, stylesheet, script, font, image."""

    kinds: Counter[str] = field(default_factory=Counter)
    _kind: dict[str, str] = field(default_factory=dict)

    def listen(self, session: CDPSession) -> None:
        session.on("Network.responseReceived", lambda event: self._kind.update({event["requestId"]: event["type"].lower()}))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _finished(self, event: dict[str, object]) -> None:
        size = event["encodedDataLength"]
        assert isinstance(size, (int, float))
        self.kinds[self._kind.get(str(event["requestId"]), "other")] += int(size)

    @property
    def total(self) -> int:
        return self.kinds.total()


@dataclass(frozen=True)
class Visit:
    wire: Wire
    complaints: list[str]
    shift: float  # cumulative layout shift
    paint: float  # milliseconds until the largest thing was painted
    task: float  # the longest task, milliseconds; 0 is below 50
    narrow: int  # how many pixels the page is wider than a screen of 320


def listen(page: Page, host: Host) -> list[str]:
    """What a page's scripts will complain of, and what it will ask of other hosts."""
    complaints: list[str] = []

    def asks(request: Request) -> None:
        if not request.url.startswith((host.address, "data:", "blob:")):
            complaints.append(f"asks {request.url}")

    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", asks)
    return complaints


def visit(browser: Browser, host: Host, place: str, throttle: dict[str, dict[str, object]] | None = None) -> Visit:
    """Open a page as one who was never here; `throttle` holds commands of the DevTools protocol."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wire, complaints = Wire(), listen(page, host)
    session = context.new_cdp_session(page)
    wire.listen(session)
    for command, settings in (throttle or {}).items():
        session.send(command, settings)
    page.add_init_script(OBSERVE)
    answer = page.goto(host.address + place)
    if answer is None or not answer.ok:
        complaints.append("does not open")
    page.evaluate(REST)
    seen = page.evaluate("window.visit")
    page.set_viewport_size({"width": 320, "height": 640})
    page.add_style_tag(content=WHOLE)
    narrow = page.evaluate("document.documentElement.scrollWidth") - 320
    context.close()
    return Visit(wire, complaints, seen["shift"], seen["paint"], seen["task"], narrow)
