"""The vocabulary of formulas: closed, right about its characters, and known to those who write."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from hooks import tex
from hooks.tex_vocabulary import COMMANDS, ENVIRONMENTS, ENVIRONMENTS_INSTEAD, INSTEAD, listed

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = {"m": "{X}", "o": "[y]", "t": "{a b}", "n": "{ab}", "d": "(", "r": r"{a \\ b}", "c": "{l|r}"}
ALONE = {name: rf"\{name}" + "".join(ARGUMENTS[kind] for kind in command.takes) for name, command in COMMANDS.items()}
AROUND = {"left": r"\left( x \right)", "right": r"\left( x \right)", "middle": r"\left( x \middle| y \right)", "limits": r"\sum\limits_x"}
AROUND |= {"nolimits": r"\sum\nolimits_x", "hline": r"\begin{array}{c} \hline x \end{array}", "\\": r"\begin{matrix} x \\ y \end{matrix}"}
SAME = str.maketrans({"∥": "‖", "∣": "|", "\u2009": " ", "\u2061": "", "\u2063": ""})  # MathML's own for the same sign


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_set_and_shows_what_the_list_says(name: str) -> None:
    typeset = tex.typeset(AROUND.get(name, ALONE[name]), display=True)
    command = COMMANDS[name]
    if command.shown and not command.takes:
        mathml = typeset.partition("<annotation")[0].partition("<semantics>")[2]
        said = html.unescape(re.sub(r"<[^>]+>", "", mathml)).translate(SAME)
        assert said.strip() == command.shown.translate(SAME)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environment_is_set(name: str) -> None:
    columns = "{ll}" if "c" in ENVIRONMENTS[name].takes else ""
    cell = "a & b" if name != "gathered" else "a"
    assert "<mtable" in tex.typeset(rf"\begin{{{name}}}{columns} {cell} \\ {cell} \end{{{name}}}", display=True)


def test_what_has_a_mend_is_not_in_the_list() -> None:
    assert not COMMANDS.keys() & INSTEAD.keys()
    assert not ENVIRONMENTS.keys() & ENVIRONMENTS_INSTEAD.keys()


@pytest.mark.parametrize(
    ("formula", "mend", "position"),
    [
        (r"x \tag{1}", "Equations are numbered by the build: write `$$ ... $$ {#eq-name}`.", 2),
        (r"\begin{align} x \end{align}", "It would number its lines itself: use `aligned` or `gathered`.", 0),
        (r"\href{javascript:alert(1)}{x}", "Links and pictures are Markdown.", 0),
        (r"a \textcolor{red}{x}", r"Color says nothing in print, in the dark or aloud: use `\boxed`, `\underbrace` or words.", 2),
        (r"\mathop{\mathrm{arg\,max}}_y", r"Its limits would stand at the side: write `\operatorname*{...}`.", 0),
        (r"2 \mathbb{1}[x > 0]", r"Write `\mathbf{1}`.", 2),
        (r"\mathbb 1", r"Write `\mathbf{1}`.", 0),
        (r"\mathcal{l}", "Write a capital, or take another face.", 0),
        (r"\mathbf{x + \theta}", r"Write `\boldsymbol{...}`, or the letter alone.", 0),
        ("50% x\n", r"Write `\%`.", 2),
        ("x ≤ 1", r"Write `\le`.", 2),
        ("α", r"Write `\alpha`.", 0),
        (r"\mathbff{x}", r"Is it `\mathbf` or ", 0),
        (r"\Lamda", r"Is it `\Lambda` or ", 0),
        (r"\begin{pmatrx} x \end{pmatrx}", r"Is it `\begin{pmatrix}` or ", 0),
        (r"\vphantom{x}", r"Is it `\phantom`? `hooks/tex_vocabulary.py` lists all.", 0),  # KaTeX knows it
    ],
)
def test_what_is_refused_says_what_to_write(formula: str, mend: str, position: int) -> None:
    with pytest.raises(tex.TexError) as caught:
        tex.typeset(formula)
    assert caught.value.mend.startswith(mend)
    assert caught.value.position == position


@pytest.mark.parametrize("formula", [r"\text{ä: 5\%, and $\alpha$ too}", r"\mathbf{x}_\theta \mathbf\Sigma", r"50\,\%", r"\cos 30°", r"\mathbb{E}_{x_1}"])
def test_what_only_looks_like_a_trap_is_set(formula: str) -> None:
    assert tex.typeset(formula)


def test_contributors_find_the_whole_list() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    assert listed() in re.sub("^    ", "", text, flags=re.MULTILINE), "put there what `hooks.tex_vocabulary.listed()` gives"
