"""Functions on tensors, with the names and arguments that torch gives them.

Those that begin with a tensor are methods of it, too (`METHODS`).
"""

from collections.abc import Callable
from typing import Any

from dlkit.functions import (
    arithmetic,
    compare,
    convert,
    create,
    dtypes,
    elementwise,
    extremes,
    indexing,
    like,
    norms,
    parts,
    products,
    rearrange,
    reduce,
    rounding,
    sampling,
    shapes,
    soft,
)
from dlkit.functions.arithmetic import *
from dlkit.functions.compare import *
from dlkit.functions.convert import *
from dlkit.functions.create import *
from dlkit.functions.dtypes import *
from dlkit.functions.elementwise import *
from dlkit.functions.extremes import *
from dlkit.functions.indexing import *
from dlkit.functions.like import *
from dlkit.functions.norms import *
from dlkit.functions.parts import *
from dlkit.functions.products import *
from dlkit.functions.rearrange import *
from dlkit.functions.reduce import *
from dlkit.functions.rounding import *
from dlkit.functions.sampling import *
from dlkit.functions.shapes import *
from dlkit.functions.soft import *

_OF_ONE = (
    arithmetic,
    compare,
    convert,
    elementwise,
    extremes,
    indexing,
    like,
    norms,
    parts,
    products,
    rearrange,
    reduce,
    rounding,
    shapes,
    soft,
)
_NOT = {"where", "cat", "concat", "concatenate", "stack", "hstack", "vstack", "broadcast_tensors", "meshgrid", "einsum"}

METHODS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name) for module in _OF_ONE for name in module.__all__ if name not in _NOT
}
METHODS |= convert.CASTS | {"bernoulli": sampling.bernoulli, "multinomial": sampling.multinomial}

__all__ = ["METHODS", *(name for module in (*_OF_ONE, create, dtypes, sampling) for name in module.__all__)]
