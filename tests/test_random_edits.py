"""Whatever is edited, in any order: what earlier builds have kept changes no byte of the site."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from copies import Done, Tiny

OUTLINE, BOOKS, CONFIG, INDEX = "book/outline.yml", "book/references.bib", "mkdocs.yml", "docs/index.md"
PAGES = ["measuring-rain", "a-mornings-work", "the-moon-and-the-rain"]
HEAD = "---\nstars: 1\nneeds: [{needs}]\nable: [see it, name it]\n---\n\n# {title}\n\n"

Edit = Callable[[Tiny, random.Random], object]


def page(r: random.Random) -> str:
    return f"book/water/{r.choice(PAGES)}.md"


def below(tiny: Tiny, file: str, text: str) -> None:
    """Put a paragraph before a page's first heading below its title."""
    tiny.edit(file, "\n## ", f"\n{text}\n\n## ")


def link(tiny: Tiny, r: random.Random) -> None:
    anchor = r.choice(["", "#sec-depth", "#fig-spring", "#exercises", "#block-1"])
    below(tiny, page(r), f"See [it]({r.choice(PAGES)}.md{anchor}).")


def refer(tiny: Tiny, r: random.Random) -> None:
    label = r.choice(["sec-depth", "eq-depth", "fig-spring", "tbl-days", "sec-snow", "sec-units", "fig-chance", "sec-gone", *(f"sec-{name}" for name in PAGES)])
    below(tiny, page(r), f"See @{label}.")


def label(tiny: Tiny, r: random.Random) -> None:
    name = f"{r.randrange(10**6)}"
    below(tiny, page(r), r.choice([f"$$ x_{{{name}}} $$ {{#eq-n{name}}}", f"|a|b|\n|-|-|\n|1|2|\n\n: Table {name}. {{#tbl-n{name}}}"]))


def beside(tiny: Tiny, r: random.Random) -> None:
    file = r.choice(["well.txt", "deep.txt"])
    (tiny.root / "book/water" / file).write_text(str(r.random()))
    below(tiny, page(r), f"See [the well]({file}).")


def gone_beside(tiny: Tiny, r: random.Random) -> None:
    (tiny.root / "book/water/well.txt").unlink(missing_ok=True)


def swap(tiny: Tiny, r: random.Random) -> None:
    names = r.sample(PAGES, 2)
    text = (tiny.root / OUTLINE).read_text()
    text = text.replace(f"- {names[0]}:", "- ?:").replace(f"- {names[1]}:", f"- {names[0]}:").replace("- ?:", f"- {names[1]}:")
    (tiny.root / OUTLINE).write_text(text)


def snow(tiny: Tiny, r: random.Random) -> None:
    """A planned section is written, or it is planned again."""
    path = tiny.root / "book/water/snow.md"
    outline = tiny.root / OUTLINE
    text = outline.read_text()
    if path.exists() and r.random() < 0.5:
        path.unlink()
        outline.write_text(text.replace("- snow:\n", "- snow: Snow\n"))
    else:
        path.write_text(HEAD.format(needs=r.choice(PAGES), title=f"Snow {r.randrange(9)}") + "It falls.\n\n## More\n\nMuch.\n")
        outline.write_text(text.replace("- snow: Snow\n", "- snow:\n"))


def unlisted(tiny: Tiny, r: random.Random) -> None:
    path = tiny.root / "book/water/fog.md"
    outline = tiny.root / OUTLINE
    if not path.exists():
        path.write_text(HEAD.format(needs="", title="Fog") + "It is thick, as @eq-depth.\n")
    elif "- fog:" in outline.read_text():
        tiny.edit(OUTLINE, "          - fog:\n", "")
    else:
        tiny.edit(OUTLINE, "          - snow", "          - fog:\n          - snow")


def index(tiny: Tiny, r: random.Random) -> None:
    path = tiny.root / "book/water/index.md"
    if path.exists() and r.random() < 0.4:
        path.unlink()
    else:
        path.write_text(f"# Water\n\nWords {r.random()} of water, @sec-measuring-rain.\n")


def record(tiny: Tiny, r: random.Random) -> None:
    """Records by hand: a byte changed, or gone."""
    path = tiny.root / "book/_records/water" / f"{r.choice(PAGES)}{r.choice(['.json', '.uses.json'])}"
    if path.exists():
        path.write_text(path.read_text().replace("2", "3", 1))


def cited(tiny: Tiny, r: random.Random) -> None:
    path = tiny.root / BOOKS
    path.write_text(path.read_text().replace("Meeus", r.choice(["Meeus", "Beaus"])).replace("1962", r.choice(["1962", "1963"]), 1))


def setting(tiny: Tiny, r: random.Random) -> None:
    old, new = r.choice(
        [
            ("site_name: Rain", "site_name: More Rain"),
            ("  font: false", "  font: false\n  features: [navigation.tabs]"),
            ("  generator: false", f"  generator: {r.choice(['true', 'false'])}\n  when: 2024-01-0{r.randrange(1, 9)}"),
            ('permalink: "#"', f'permalink: "{r.choice("#+§")}"'),
            ("  - tables\n", "  - tables\n  - footnotes\n"),
            ("docs_dir: docs", "docs_dir: docs\nsite_url: https://rain.example/"),
            ("  - Home: index.md", "  - index.md"),
        ]
    )
    path = tiny.root / CONFIG
    text = path.read_text()
    if new not in text:
        path.write_text(text.replace(old, new, 1))


def own(tiny: Tiny, r: random.Random) -> None:
    path = tiny.root / INDEX
    text = path.read_text()
    if text.startswith("---"):
        text = text.split("---\n", 2)[2]
    head = r.choice(["", "---\nstatus: new\n---\n", f"---\ntitle: Home {r.randrange(9)}\n---\n"])
    path.write_text(head + text.replace("# ", r.choice(["# ", "# A ", "A word.\n\n# "]), 1))


def template(tiny: Tiny, r: random.Random) -> None:
    partials = tiny.root / "over/partials"
    partials.mkdir(parents=True, exist_ok=True)
    (partials / "copyright.html").write_text(f"Free {r.randrange(9)} {{{{ config.extra.when }}}} {{{{ build_date_utc }}}}")
    if "custom_dir" not in (tiny.root / CONFIG).read_text():
        tiny.edit(CONFIG, "  font: false", "  font: false\n  custom_dir: over")


def value(tiny: Tiny, r: random.Random) -> None:
    """Another thing that is executed: its record is missing."""
    below(tiny, page(r), "A $x^2$ and `{python} 1 + 1`.")


EDITS: list[Edit] = [
    lambda t, r: below(t, page(r), f"Prose {r.random()} and $y_{{{r.randrange(99)}}}$."),
    lambda t, r: t.edit(page(r), "# ", f"# {r.choice(['Old', 'New', 'A $z$'])} "),
    lambda t, r: t.edit(page(r), "\n## ", f"\n## {r.choice(['Deep', 'High'])} "),
    lambda t, r: t.edit(page(r), "stars: ", f"stars: {r.randrange(1, 4)}  # "),
    lambda t, r: t.edit("book/water/measuring-rain.md", 'caption="', f'caption="{r.choice("ABC")} '),
    lambda t, r: t.edit("puddle/gauge.py", '"""', f'"""{r.choice("ABC")} '),
    lambda t, r: t.edit("puddle/moon.py", '"""', f'"""{r.choice("ABC")} '),
    lambda t, r: t.edit("constraints.txt", "\n", f"\nsomething-{r.randrange(99)}==1.0\n"),
    lambda t, r: t.edit(OUTLINE, "title: W", f"title: {r.choice('VW')}W"),
    lambda t, r: t.edit(OUTLINE, "units: ", f"units: {r.choice('AB')} "),
    lambda t, r: t.edit(INDEX, "# ", "[it](nowhere.md)\n\n# "),
    link, refer, label, beside, gone_beside, swap, snow, unlisted, index, record, cited, setting, own, template, value,
]  # fmt: skip


def clone(tiny: Tiny, root: Path) -> Tiny:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(tiny.root, root, ignore=shutil.ignore_patterns(".cache", "site", "__pycache__"))
    return Tiny(root)


def words(tiny: Tiny, done: Done) -> list[str]:
    """What a build complains of."""
    lines = done.said.replace(str(tiny.root), "").splitlines()
    return sorted(line for line in lines if line.startswith(("ERROR", "WARNING")))


def check(tiny: Tiny, fresh: Tiny) -> str:
    """A build that knows those before, and one that knows nothing: how they differ."""
    before, after = tiny.run("site", "--strict"), fresh.run("site", "--strict")
    if "Traceback" in after.said:
        return after.said
    if words(tiny, before) != words(fresh, after) or before.status != after.status:
        return f"{before.said}\n\nand fresh:\n{after.said}"
    one, other = tiny.site(), fresh.site()
    return " ".join(sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name)))


def walk(tiny: Tiny, folder: Path, seed: int, steps: int) -> None:
    r = random.Random(seed)
    done: list[str] = []
    tiny.run("site", "--strict")
    for _ in range(steps):
        for _ in range(r.choice([1, 1, 2, 3])):
            number = r.randrange(len(EDITS))
            done.append(f"{number} {EDITS[number].__name__}")
            with suppress(AssertionError):  # there is nothing any more to be edited in this way
                EDITS[number](tiny, r)
        found = check(tiny, clone(tiny, folder))
        assert not found, f"seed {seed}: {done}: {found}"


def test_three_random_edits(tiny: Tiny, tmp_path: Path) -> None:
    walk(tiny, tmp_path / "fresh", 1, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_random_edits(tiny: Tiny, tmp_path: Path, seed: int) -> None:
    walk(tiny, tmp_path / "fresh", seed, 30)
