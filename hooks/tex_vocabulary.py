"""The commands that a formula may hold: a closed list, so that every writer can draw every formula.

What is not here is an error, even if KaTeX knows it: the site is not the only place where the formulas are set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain


@dataclass(frozen=True)
class Command:
    """`takes` says its arguments, one letter each: m a formula, o one in brackets that may be missing, t text,
    n a name, d a delimiter, r rows, c the columns of an array."""

    kind: str
    shown: str = ""  # the character or the word that it stands for
    takes: str = ""


@dataclass(frozen=True)
class Trap:
    """What KaTeX sets without a complaint, and not as it is meant."""

    pattern: re.Pattern[str]
    reason: str
    mend: str


# kind -> (arguments, names with what they show); ␣ is a space.
_TABLE = {
    "letter": (
        "",
        "alpha:α beta:β gamma:γ delta:δ epsilon:ϵ varepsilon:ε zeta:ζ eta:η theta:θ vartheta:ϑ iota:ι kappa:κ lambda:λ "
        "mu:μ nu:ν xi:ξ pi:π varpi:ϖ rho:ρ varrho:ϱ sigma:σ varsigma:ς tau:τ upsilon:υ phi:ϕ varphi:φ chi:χ psi:ψ "
        "omega:ω Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Upsilon:Υ Phi:Φ Psi:Ψ Omega:Ω ell:ℓ hbar:ℏ Re:ℜ Im:ℑ aleph:ℵ",
    ),
    "symbol": (
        "",
        "partial:∂ nabla:∇ infty:∞ forall:∀ exists:∃ nexists:∄ neg:¬ lnot:¬ emptyset:∅ varnothing:∅ top:⊤ bot:⊥ angle:∠ "
        "prime:′ triangle:△ square:□ checkmark:✓ degree:° backslash:\\ %:% $:$ #:# _:_ &:&",
    ),
    "dots": ("", "ldots:… dots:… dotsc:… cdots:⋯ dotsb:⋯ vdots:⋮ ddots:⋱"),
    "large": (
        "",
        "sum:∑ prod:∏ coprod:∐ int:∫ iint:∬ iiint:∭ oint:∮ bigcup:⋃ bigcap:⋂ bigoplus:⨁ bigotimes:⨂ bigodot:⨀ bigvee:⋁ bigwedge:⋀",
    ),
    "binary": (
        "",
        "times:× cdot:⋅ ast:∗ star:⋆ circ:∘ bullet:∙ pm:± mp:∓ div:÷ cup:∪ cap:∩ setminus:∖ wedge:∧ land:∧ vee:∨ lor:∨ "
        "oplus:⊕ ominus:⊖ otimes:⊗ odot:⊙ oslash:⊘ dagger:† ddagger:‡ bmod:mod",
    ),
    "relation": (
        "",
        "le:≤ leq:≤ ge:≥ geq:≥ ne:≠ neq:≠ approx:≈ equiv:≡ sim:∼ simeq:≃ cong:≅ propto:∝ ll:≪ gg:≫ lesssim:≲ gtrsim:≳ prec:≺ "
        "succ:≻ preceq:⪯ succeq:⪰ in:∈ notin:∉ ni:∋ subset:⊂ subseteq:⊆ subsetneq:⊊ supset:⊃ supseteq:⊇ mid:∣ parallel:∥ "
        "perp:⊥ coloneqq:≔ triangleq:≜ doteq:≐ models:⊨ vdash:⊢ colon::",
    ),
    "arrow": (
        "",
        "to:→ rightarrow:→ leftarrow:← gets:← leftrightarrow:↔ Rightarrow:⇒ Leftarrow:⇐ Leftrightarrow:⇔ iff:⟺ implies:⟹ "
        "mapsto:↦ longrightarrow:⟶ longleftarrow:⟵ longmapsto:⟼ uparrow:↑ downarrow:↓ nearrow:↗ searrow:↘ hookrightarrow:↪ "
        "rightleftharpoons:⇌",
    ),
    "long arrow": ("om", "xrightarrow:→ xleftarrow:←"),
    "delimiter": (
        "",
        "{:{ }:} |:‖ lbrace:{ rbrace:} vert:| Vert:‖ lvert:| rvert:| lVert:‖ rVert:‖ langle:⟨ rangle:⟩ lfloor:⌊ rfloor:⌋ lceil:⌈ rceil:⌉",
    ),
    "fence": ("d", "left right middle"),
    "size": ("d", "big bigl bigr bigm Big Bigl Bigr Bigm bigg biggl biggr biggm Bigg Biggl Biggr Biggm"),
    "function": (
        "",
        "arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh",
    ),
    "limit": ("", "det gcd inf lim max min Pr sup limsup:lim␣sup liminf:lim␣inf argmin:arg␣min argmax:arg␣max"),
    "name": ("n", "operatorname operatorname*"),
    "limits": ("", "limits nolimits"),
    "modulo": ("m", "pmod:mod"),
    "face": ("m", "mathrm mathbf mathit mathsf mathtt mathbb mathcal mathscr mathfrak mathnormal boldsymbol bm"),
    "text": ("t", "text textrm textbf textit texttt"),
    "accent": (
        "m",
        "hat:^ widehat:^ tilde:~ widetilde:~ bar:¯ vec:→ dot:˙ ddot:¨ check:ˇ breve:˘ acute:´ grave:` overline:‾ underline:_ overrightarrow:→",
    ),
    "brace": ("m", "underbrace:⏟ overbrace:⏞"),
    "stack": ("mm", "overset underset stackrel"),
    "fraction": ("mm", "frac dfrac tfrac cfrac binom dbinom tbinom"),
    "root": ("om", "sqrt:√"),
    "box": ("m", "boxed cancel phantom"),
    "class": ("m", "mathrel mathbin"),
    "rows": ("r", "substack"),
    "rule": ("", "hline"),
    "style": ("", "displaystyle textstyle mathstrut"),
    "row": ("", "\\"),
    "space": ("", ", : > ; ! ␣ quad qquad"),
}


def _read(kind: str, takes: str, names: str) -> Iterator[tuple[str, Command]]:
    for item in names.split():
        rest, _, shown = item[1:].partition(":")  # the colon is a command itself
        name = item[0] + rest
        shown = shown or (name if kind in ("function", "limit") else "")
        yield name.replace("␣", " "), Command(kind, shown.replace("␣", " "), takes)


COMMANDS: dict[str, Command] = dict(chain.from_iterable(_read(kind, *row) for kind, row in _TABLE.items()))
ENVIRONMENTS = {
    "aligned": Command("lines", takes="r"),
    "gathered": Command("lines", takes="r"),
    "split": Command("lines", takes="r"),
    "cases": Command("cases", "{", "r"),
    "array": Command("array", takes="cr"),
    "matrix": Command("matrix", "", "r"),
    "pmatrix": Command("matrix", "()", "r"),
    "bmatrix": Command("matrix", "[]", "r"),
    "Bmatrix": Command("matrix", "{}", "r"),
    "vmatrix": Command("matrix", "||", "r"),
    "Vmatrix": Command("matrix", "‖‖", "r"),
    "smallmatrix": Command("matrix", "", "r"),
}
IN_TEXT = {*"%$#_&{} "}  # escapes that text may hold
CHARACTERS = {"°"}  # beyond ASCII, as they are; in text everything is

_NUMBERED = "Equations are numbered by the build: write `$$ ... $$ {#eq-name}`."
_LINES = "It would number its lines itself: use `aligned` or `gathered`."
_LINK = "Links and pictures are Markdown."
_COLOR = "Color says nothing in print, in the dark or aloud: use `\\boxed`, `\\underbrace` or words."
_SPACE = "Use `\\,`, `\\;`, `\\quad` or `\\qquad`."
_MACRO = "There are no macros: write out what it stands for."
_FACE = "It is a switch: write `\\mathbf{...}`, `\\mathrm{...}` or `\\mathcal{...}`."
INSTEAD = {
    **dict.fromkeys(("tag", "label", "ref", "eqref", "nonumber", "notag"), _NUMBERED),
    **dict.fromkeys(("href", "url", "includegraphics", "htmlClass", "htmlId", "htmlStyle", "htmlData"), _LINK),
    **dict.fromkeys(("color", "textcolor", "colorbox", "fcolorbox"), _COLOR),
    **dict.fromkeys(("hspace", "kern", "mkern", "mskip", "mspace", "hskip", "enspace"), _SPACE),
    **dict.fromkeys(("def", "gdef", "let", "newcommand", "renewcommand", "providecommand"), _MACRO),
    **dict.fromkeys(("bf", "rm", "it", "sf", "tt", "cal", "bold"), _FACE),
    **dict.fromkeys(("mathbbm", "mathds"), "Write `\\mathbf{1}`."),
    **dict.fromkeys(("mbox", "hbox", "textnormal", "textsf", "emph"), "Write `\\text{...}`."),
    "mathop": "Its limits would stand at the side: write `\\operatorname*{...}`.",
    "not": "Use the relation's own name: `\\ne`, `\\notin`, `\\nexists`.",
    "over": "Write `\\frac{...}{...}`.",
    "choose": "Write `\\binom{...}{...}`.",
    "norm": "Write `\\lVert x \\rVert`.",
    "abs": "Write `\\lvert x \\rvert`.",
    "newline": "Write `\\\\`.",
    "intertext": "End the formula, write the words, and begin another.",
}
ENVIRONMENTS_INSTEAD = {
    **dict.fromkeys((name + star for name in ("align", "alignat", "equation", "gather", "multline", "eqnarray") for star in ("", "*")), _LINES),
    "alignedat": "Use `aligned`.",
    "dcases": "Use `cases`.",
    "rcases": "Use `cases`.",
}
_GREEK = "|".join(name for name, command in COMMANDS.items() if command.kind == "letter" and command.shown in "αβγδϵεζηθϑικλμνξπϖρϱσςτυϕφχψω")
TRAPS = (
    Trap(re.compile(r"\\mathbb\s*(?:\{[^{}]*\d[^{}]*\}|\d)"), "`\\mathbb` has no digits, and leaves them plain", "Write `\\mathbf{1}`."),
    Trap(re.compile(r"\\mathbb\s*(?:\{[^{}]*[a-z][^{}]*\}|[a-z])"), "`\\mathbb` has capitals alone", "Write a capital, or take another face."),
    Trap(re.compile(r"\\math(?:cal|scr)\s*(?:\{[^{}]*[a-z][^{}]*\}|[a-z])"), "script letters are capitals", "Write a capital, or take another face."),
    Trap(
        re.compile(rf"\\math(?:bf|rm|it|sf|tt|bb|cal|scr|frak)\s*(?:\{{[^{{}}]*)?\\(?:{_GREEK})(?![A-Za-z])"),
        "this face has no small Greek letters, and leaves them as they are",
        "Write `\\boldsymbol{...}`, or the letter alone.",
    ),
    Trap(re.compile(r"(?<!\\)(?:\\\\)*%"), "`%` begins a comment, and hides what follows", "Write `\\%`."),
)
CHARACTER_NAMES = {command.shown: name for name, command in reversed(COMMANDS.items()) if len(command.shown) == 1 and not command.takes}


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """The known names most like one that is not, best first.

    >>> nearest("mathbbf", COMMANDS)[0]
    'mathbf'
    >>> nearest("matrx", ENVIRONMENTS)[0]
    'matrix'
    """
    words = [known for known in names if len(known) > 1]
    folded = {known.lower(): known for known in words}
    return get_close_matches(name, words, 3) or [folded[known] for known in get_close_matches(name.lower(), folded, 3)]


def listed() -> str:
    """All of it as a list in Markdown, for those who write."""
    kinds: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        kinds.setdefault(command.kind, []).append(f"\\{name}".replace(" ", "␣"))
    kinds["environment"] = list(ENVIRONMENTS)
    return "\n".join(f"- {kind}: " + " ".join(f"`{name}`" for name in names) for kind, names in kinds.items())
