"""The pages that every tool builds: the same words, formulas and blocks for all, made from a seed.

A page has about 900 words, ten headings, formulas, a table, a list, links to earlier pages and eight blocks. Every
fourth page imports torch and makes an optimizer. Two things can be edited: a word of the prose, and a number in the
last block, whose output cannot be read off the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks import blocks

SEED = "yardstick"
FOLDER = 8  # pages in a folder: a chapter of a book
PART = 5  # folders in a part
WORD, NUMBER = "amber", 7  # what stands in a page before it is edited

WORDS = {
    "t": "ruler scale clock lens thread bridge ledger river stable kettle lantern harbor signal compass bucket gear "
    "mirror ladder window market tower basin quarry meadow cellar motor pulley sieve garden barrel",
    "k": "narrow patient crooked quiet heavy borrowed rusty level distant careful plain double late broken steady",
    "d": "weighs follows crosses repeats answers carries bends counts doubles hides measures meets outlives sorts",
}
THINGS, KINDS, DOINGS = (tuple(words.split(" ")) for words in WORDS.values())
PLACES = ("by the wall", "in the third drawer", "behind the mill", "on the north side", "under the stairs", "at noon")
SENTENCES = (
    "The {k} {t} {d} the {t2} {p}, and nobody has asked why.",
    "Suppose that a {t} {d} every {k} {t2}; then the {t3} is what remains.",
    "We read the {t} twice {p}, because one reading says little about a {k} {t2}.",
    "If $%s$ is small, the {t} {d} the {t2}, and the error is smaller than the {t3} {p}.",
    "What the {t} {d} is not the {k} {t2} but the {t3} behind it.",
    "Write $%s$ for the {k} {t}: it changes only where the {t2} does.",
    "A `{t}` that {d} nothing is still a {t}, as the *{t2}* {p} has shown.",
    "The numbers of the last row agree with $%s$ to the second digit, which a {k} {t} rarely does.",
    "Nothing here depends on the {t} {p}; a {k} {t2} would do as well.",
    "Keep the {t} apart from the **{k} {t2}**, or the {t3} {d} both.",
)
INLINE = (
    r"{a}_{n} < {m}",
    r"\lVert \mathbf{{{a}}} \rVert_2 \le {n}\,{b}",
    r"{a}^{{{n}}} - {m}{b}",
    r"\frac{{\partial {a}}}{{\partial {b}_{n}}}",
    r"\mathbb{{E}}[{a} \mid {b} = {n}]",
    r"\log {a} + {n}\log {b}",
)
DISPLAY = (
    r"{a}(\mathbf{{w}}) = \frac{{1}}{{{m}}}\sum_{{i=1}}^{{{n}}} \bigl({b}_i - \mathbf{{w}}^\top\mathbf{{x}}_i\bigr)^2",
    r"\hat{{{a}}} = \operatorname*{{arg\,min}}_{{{b} \in \mathbb{{R}}^{n}}} \; \lVert {b} - {m} \rVert^2 + \lambda\lvert {b} \rvert",
    r"\begin{{pmatrix}} {a} & {n} \\ {m} & {b} \end{{pmatrix}}\begin{{pmatrix}} x \\ y \end{{pmatrix}} = \begin{{pmatrix}} {n} \\ 0 \end{{pmatrix}}",
    r"\int_0^{n} e^{{-{m} {a}^2}}\,\mathrm{{d}}{a} = \sqrt{{\frac{{\pi}}{{{m}}}}}\;\Phi({b})",
    r"{a}_{{t+1}} = {a}_t - \eta_{n} \nabla_{{{b}}} L({a}_t), \qquad t = 0, 1, \dots, {m}",
)
LETTERS = "abcdfghkpqruvwxyz"


@dataclass(frozen=True)
class Code:
    """A block. `last` is an expression at its end whose value is to be shown; `figure` the name of what it draws."""

    source: str
    last: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Page:
    number: int
    parts: tuple[str | Code, ...]  # Markdown between blocks; relative links lead to `.md` files
    word: str
    answer: str  # what the last block prints, and what stands nowhere in the source

    @property
    def slug(self) -> str:
        return f"page-{self.number:03d}"

    @property
    def folder(self) -> str:
        return folder(self.number)

    @property
    def title(self) -> str:
        return title(self.number)

    @property
    def torch(self) -> bool:
        return self.number % 4 == 1


def folder(number: int) -> str:
    return f"chapter-{(number - 1) // FOLDER + 1:02d}"


def title(number: int) -> str:
    random = Random(f"{SEED} title {number}")
    return f"The {random.choice(KINDS)} {random.choice(THINGS)} of day {number}"


def page(number: int, work: float = 1.0, word: str = WORD, edit: int = NUMBER) -> Page:
    """One page. `work` scales its training loop; `word` and `edit` are what an edit changes."""
    return Page(number, tuple(_parts(number, work, word, edit)), word, str(blocks.answer(number, edit)))


def _parts(number: int, work: float, word: str, edit: int) -> Iterator[str | Code]:
    random = Random(f"{SEED} page {number}")
    written = blocks.of(number, number % 4 == 1, work, edit)
    yield f"# {title(number)}\n\n{_paragraph(random, 3)}\n\nThe word of this page is {word}.\n"
    for at, (source, last, figure) in enumerate(written):
        yield f"## {_heading(random, at + 1)}\n\n{_paragraph(random, 3)}\n\n{_extra(random, at, number)}"
        yield Code(source, last, figure)
        yield f"{_paragraph(random, 1)}\n"
    yield f"## What remains\n\n{_paragraph(random, 4)}\n"


def _heading(random: Random, at: int) -> str:
    return f"{at}. A {random.choice(KINDS)} {random.choice(THINGS)}"


def _formula(random: Random, shapes: tuple[str, ...]) -> str:
    a, b = random.sample(LETTERS, 2)
    return random.choice(shapes).format(a=a, b=b, n=random.randint(2, 9), m=random.randint(2, 99))


def _paragraph(random: Random, sentences: int) -> str:
    said = []
    for shape in random.sample(SENTENCES, sentences):
        t, t2, t3 = random.sample(THINGS, 3)
        k, d, p = random.choice(KINDS), random.choice(DOINGS), random.choice(PLACES)
        text = shape.format(t=t, t2=t2, t3=t3, k=k, d=d, p=p)
        said.append(text % _formula(random, INLINE) if "%s" in text else text)
    return " ".join(said)


def _extra(random: Random, at: int, number: int) -> str:
    """What stands before a block beside plain paragraphs: a formula, a table, a list, links."""
    if at in (1, 3, 5, 7):
        return f"$$\n{_formula(random, DISPLAY)}\n$$\n\n{_paragraph(random, 1)}\n"
    if at == 2:
        rows = "".join(
            f"| {random.choice(THINGS)} | {random.randint(1, 999)} | ${_formula(random, INLINE)}$ |\n" for _ in range(5)
        )
        return f"| thing | count | bound |\n|---|---:|---|\n{rows}"
    if at == 4:
        return "".join(f"- {_paragraph(random, 1)}\n" for _ in range(3))
    if at == 6 and number > 1:
        before = sorted({number - 1, random.randint(1, number - 1)})
        links = " and ".join(f"[{title(other)}](../{folder(other)}/page-{other:03d}.md)" for other in before)
        return f"More of this stands in {links}.\n"
    return ""
