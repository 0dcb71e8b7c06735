"""What a typical section costs its reader, beside the same text in plain Material and in mkdocs-jupyter.

    python -m benchmarks.pages [VISITS]

1,500 words, 12 blocks, 3 figures and 30 formulas, served compressed. The weight is of a first visit, fonts included. The
times are medians of first visits on a slow phone: a processor a quarter as fast, 1.6 Mbit/s, 150 ms away. The peers load
their typefaces and MathJax from other hosts; here neither is asked, so that both look lighter and faster than they are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import typical
from benchmarks.typical import ROOT

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from serving import Host
from visiting import Visit, visit

SLUG = "calculus"  # a planned section of the book, whose place the typical one takes
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SLOW: dict[str, dict[str, object]] = {
    "Emulation.setCPUThrottlingRate": {"rate": 4},
    "Network.emulateNetworkConditions": {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8},
}
LIMITS = {"kB": 300.0, "paint, s": 1.8, "shift": 0.01, "task, ms": 100.0}
KINDS = ("document", "stylesheet", "script", "font", "image", "xhr", "fetch")


def run(folder: Path, *command: str) -> None:
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} in {folder}:\n{done.stdout[-3000:]}")


def ours(folder: Path) -> tuple[Path, str]:
    """A copy of the book with the typical section in it, and its record."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    section = next((folder / "book_src").glob("*/data-manipulation.md")).with_name(f"{SLUG}.md")
    section.write_text(typical.ours(), encoding="utf-8")
    outline = folder / "book_src" / "outline.yml"
    outline.write_text(re.sub(rf"(- {SLUG}:) .*", r"\1", outline.read_text(encoding="utf-8")), encoding="utf-8")
    run(folder, "hooks", "update", SLUG)
    run(folder, "mkdocs", "build", "-q")
    return folder / "site", f"/{section.parent.name}/{SLUG}/"


def recorded(folder: Path) -> tuple[list[Path], str]:
    """Figures of the typical section, and what one of its blocks printed."""
    records = next((folder / "book_src" / "_records").glob(f"*/{SLUG}.json"))
    figures = sorted(path for path in records.with_suffix("").glob("*.svg"))
    return figures, "step  1: 0.9753\nstep 20: 0.6065\nstep 40: 0.3679"


def material(folder: Path, figures: list[Path], printed: str) -> tuple[Path, str]:
    (folder / "docs" / "part").mkdir(parents=True)
    for figure in figures:
        shutil.copy(figure, folder / "docs" / "part" / figure.name)
    (folder / "docs" / "part" / "typical.md").write_text(typical.material([figure.name for figure in figures], printed), encoding="utf-8")
    config = {
        "site_name": "Typical",
        "theme": {"name": "material", "font": False},
        "markdown_extensions": ["pymdownx.superfences", "pymdownx.highlight", {"pymdownx.arithmatex": {"generic": True}}],
    }
    (folder / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")
    run(folder, "mkdocs", "build", "-q")
    return folder / "site", "/part/typical/"


def jupyter(folder: Path) -> tuple[Path, str]:
    (folder / "docs" / "part").mkdir(parents=True)
    (folder / "docs" / "part" / "typical.ipynb").write_text(typical.notebook(), encoding="utf-8")
    config = {"site_name": "Typical", "theme": {"name": "material", "font": False}, "plugins": ["search", {"mkdocs-jupyter": {"execute": True}}]}
    (folder / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")
    run(folder, "mkdocs", "build", "-q")
    return folder / "site", "/part/typical/"


def figures_of(visits: list[Visit]) -> dict[str, float]:
    """What the limits are about. The weight is the same in every visit."""
    return {
        "kB": visits[0].wire.total / 1000,
        "paint, s": median(seen.paint for seen in visits) / 1000,
        "shift": median(seen.shift for seen in visits),
        "task, ms": median(seen.task for seen in visits),
    }


def main(times: int = 5) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        sites = {"ours": ours(work / "ours")}
        sites["material"] = material(work / "material", *recorded(work / "ours"))
        sites["mkdocs-jupyter"] = jupyter(work / "jupyter")
        visits: dict[str, list[Visit]] = {tool: [] for tool in sites}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS)
            for _ in range(times):
                for tool, (site, place) in sites.items():  # in turn, so that noise falls on all
                    with Host(site) as host:
                        visits[tool].append(visit(browser, host, place, SLOW))
    print(f"{typical.WORDS} words, {typical.BLOCKS} blocks, {typical.FIGURES} figures, {typical.DISPLAYED + typical.INLINE} formulas; median of {times} first visits\n")
    print(f"| tool | {' | '.join(LIMITS)} | {' | '.join(f'{kind}, kB' for kind in KINDS)} | complaints |")
    print(f"|---|{'---:|' * (len(LIMITS) + len(KINDS) + 1)}")
    for tool, seen in visits.items():
        values = [f"{value:.3g}" for value in figures_of(seen).values()]
        weights = [f"{seen[0].wire.kinds[kind] / 1000:.0f}" for kind in KINDS]
        print(f"| {tool} | {' | '.join(values + weights)} | {len(seen[0].complaints)} |")
    print("\n| limit | | measured | |\n|---|---:|---:|---|")
    for what, value in figures_of(visits["ours"]).items():
        print(f"| {what} | {LIMITS[what]:g} | {value:.3g} | {'holds' if value <= LIMITS[what] else 'BROKEN'} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
