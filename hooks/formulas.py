"""TeX as one reads it in a line of plain text: for what is searched, not for what is set."""

from __future__ import annotations

import re
import unicodedata

DRESS = re.compile(
    r"\\(?:math(?:bf|rm|bb|cal|it|sf|tt|frak)|text\w*|operatorname|boldsymbol|bm|left|right|[bB]igg?[lr]?|displaystyle|limits|tag|label)(?![A-Za-z])\*?"
    r"|\\(?:begin|end)\{[^{}]*\}(?:\{[^{}]*\})?"
)
FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\w))\s*(?:\{([^{}]*)\}|(\w))")
SIGNS = {
    "cdot": "·", "times": "×", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "to": "→", "mapsto": "↦",
    "in": "∈", "sum": "Σ", "prod": "Π", "int": "∫", "partial": "∂", "nabla": "∇", "infty": "∞", "top": "ᵀ", "odot": "⊙", "otimes": "⊗", "pm": "±",
    "dots": "…", "ldots": "…", "cdots": "…", "sqrt": "√", "sim": "~", "mid": "|", "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|", "ell": "ℓ",
    "varepsilon": "ε", "quad": " ", "qquad": " ", "forall": "∀", "propto": "∝", "leftarrow": "←", "rightarrow": "→", "colon": ":",
}  # fmt: skip


def spoken(tex: str) -> str:
    """
    >>> spoken(r"\\hat{y} = \\mathbf{w}^\\top\\mathbf{x} + \\tfrac1{2n}\\,\\alpha_i \\le \\log 2")
    'hat y = w^ᵀ x + 1/2n α_i ≤ log 2'
    """
    tex = FRACTION.sub(r"\1\2/\3\4", DRESS.sub(" ", tex))
    tex = re.sub(r"\\([A-Za-z]+)", lambda match: f"{_sign(match[1])} ", tex)
    tex = re.sub(r"\\[,;:! \\]|[{}&~]", " ", tex)
    tex = re.sub(r"\s+", " ", tex.replace("\\", "")).strip()
    return re.sub(r"([_^])\s+|\s+(?=[_^,.;:)\]])|(?<=[(\[])\s+", r"\1", tex)


def _sign(name: str) -> str:
    try:
        return SIGNS.get(name) or unicodedata.lookup(f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER {name.upper()}")
    except KeyError:
        return name
