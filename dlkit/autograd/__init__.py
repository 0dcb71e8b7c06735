"""The engine: tensors that can be differentiated, to any order, on NumPy or on torch's arrays."""

from dlkit.autograd.tensor import Tensor, grad  # noqa: I001  (first: all the others know it)
from dlkit.autograd.backend import use
from dlkit.autograd.recording import enable_grad, is_grad_enabled, no_grad, set_grad_enabled

__all__ = ["Tensor", "enable_grad", "grad", "is_grad_enabled", "no_grad", "set_grad_enabled", "use"]
