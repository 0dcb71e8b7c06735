"""The engine: tensors that can be differentiated, to any order, on NumPy or on torch's arrays.

The functions have torch's names and arguments. Those that begin with a tensor are methods of it, too (`METHODS`).
"""

from dlkit.autograd.tensor import Tensor, grad  # noqa: I001  (first: everything else makes Tensors)
from dlkit.autograd.backend import use
from dlkit.autograd.graph import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from dlkit.autograd.rules import *
from dlkit.autograd.functions import *
from dlkit.autograd.create import *
from dlkit.autograd import create as _create, functions as _functions, rules as _rules

METHODS = frozenset(_rules.__all__) | frozenset(_functions.__all__)

__all__ = [
    "METHODS",
    "Tensor",
    "enable_grad",
    "grad",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
    "use",
    *_rules.__all__,
    *_functions.__all__,
    *_create.__all__,
]
