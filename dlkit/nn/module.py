"""The base of all layers and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, ParamSpec, Protocol, Self, TypeVar

import numpy as np

from dlkit.autograd import Tensor, backend
from dlkit.nn import hooks, state
from dlkit.nn.tree import Tree

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Forward(Protocol[P, R]):
    """What has a `forward`: calling it takes the same arguments and gives the same result."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


class Module(Tree):
    """A function with parameters, made of others. A model is a subclass with a `forward`.

    Parameters and modules that are assigned to attributes in `__init__` belong to it; `super().__init__()` comes first.

    >>> from dlkit import nn
    >>> class Model(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = nn.Parameter([2.0])
    ...
    ...     def forward(self, x):
    ...         return x * self.scale
    >>> Model()(Tensor([1.0, 3.0]))
    tensor([2., 6.], op=mul)
    >>> Model().state_dict()
    {'scale': tensor([2.])}
    """

    forward: Callable[..., Any]
    training: bool

    def __init__(self) -> None:
        vars(self).update(_kinds={}, _fleeting=set(), _before=[], _after=[], training=True)

    def __call__(self: Forward[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        own = vars(self)
        if "_before" not in own:
            raise AttributeError(f"{type(self).__name__}.__init__ does not call super().__init__()")
        if own["_before"] or own["_after"]:
            return hooks.call(self, args, kwargs)  # type: ignore[no-any-return]
        return self.forward(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "forward":
            raise NotImplementedError(f"{type(self).__name__} has no forward: define it, and a call computes it")
        return super().__getattr__(name)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> hooks.Handle:
        """Call `hook(module, args)` before every `forward`; what it returns, if anything, are the arguments."""
        return hooks.add(self._before, hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> hooks.Handle:
        """Call `hook(module, args, result)` after every `forward`; what it returns, if anything, is the result.

        >>> from dlkit import nn
        >>> layer = nn.Identity()
        >>> with layer.register_forward_hook(lambda module, args, result: result + 1):
        ...     layer(Tensor([1.0]))
        tensor([2.])
        """
        return hooks.add(self._after, hook, prepend, with_kwargs)

    # -------------------------------------------------------------------------------------------- modes

    def train(self, mode: bool = True) -> Self:
        """Let this module and those in it behave as in training, or, with False, as afterwards."""
        if not isinstance(mode, bool):
            raise ValueError(f"train takes True or False, not {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Let this module and those in it behave as after training: no dropout, no batch statistics."""
        return self.train(False)

    def apply(self, fn: Callable[[Any], object]) -> Self:
        """Call a function with every module in this one, and at last with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters have gradients, or, with False, none of them."""
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or fill them with zeros."""
        for p in self.parameters():
            p.grad = None if set_to_none or p.grad is None else Tensor(backend.zeros_like(p.grad.data))

    # -------------------------------------------------------------------------------------------- state

    def state_dict(self, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """All parameters and persistent buffers by their paths, in the memory that they have, without a graph.

        >>> from dlkit import nn
        >>> [(name, t.shape) for name, t in nn.Linear(3, 2).state_dict().items()]
        [('weight', (2, 3)), ('bias', (2,))]
        """
        found = state.tensors(self, prefix)
        return found if keep_vars else {name: t.detach() for name, t in found.items()}

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy numbers into the parameters and buffers of the same names.

        Args:
            state_dict: tensors of dlkit or of torch, or arrays, by their paths.
            strict: False to let keys be missing or unexpected; they are returned in any case.
            assign: take over the arrays instead of copying their numbers.

        Raises:
            RuntimeError: names all keys that do not fit, and all tensors of another shape.
        """
        return state.load(self, state_dict, strict, assign)

    # ----------------------------------------------------------------------------- where numbers lie, and how

    def _apply(self, change: Callable[[Any], Any]) -> Self:
        """Change the arrays of all parameters, of their gradients and of all buffers."""
        for t in [*self.parameters(), *self.buffers()]:
            t.data = change(t.data)
            t.version[0] += 1
            if t.grad is not None:
                t.grad = Tensor(change(t.grad.data))
        return self

    def to(self, *targets: Any, device: Any = None, dtype: Any = None) -> Self:
        """Move all parameters and buffers to a device, make those of floats another element type, or both.

        Args:
            targets: devices (`"cpu"`, `"cuda"`, ...), element types (of floats), or a tensor that has both.

        Raises:
            TypeError: an element type that is not of floats.
        """
        for target in targets:
            if isinstance(target, Tensor):
                device, dtype = target.device, target.dtype
            elif str(target).split(":")[0] in ("cpu", "cuda", "mps", "xpu"):
                device = target
            else:
                dtype = target
        if dtype is not None and np.dtype(dtype).kind != "f":
            raise TypeError(f"parameters are floats: to({np.dtype(dtype)}) would leave them no gradient")

        def change(a: Any) -> Any:
            if dtype is not None and backend.is_float(a):
                a = backend.cast(a, dtype)
            stays = device is None or (backend.is_numpy(a) and str(device) == "cpu")
            return a if stays else backend.native(a, "torch", str(device))

        return self._apply(change)

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self.to("cpu")

    def cuda(self, device: int | None = None) -> Self:
        """Move all parameters and buffers to a GPU, where they are torch's arrays."""
        return self.to("cuda" if device is None else f"cuda:{device}")

    def half(self) -> Self:
        """Make all floats float16."""
        return self.to(np.float16)

    def double(self) -> Self:
        """Make all floats float64."""
        return self.to(np.float64)

    def float(self) -> Self:
        """Make all floats float32."""
        return self.to(np.float32)

    # -------------------------------------------------------------------------------------------- as text

    def extra_repr(self) -> str:
        """What stands in the parentheses of `repr`: a subclass says it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _shown(self) -> list[tuple[str, str]]:
        """The modules in this one, by name, as text."""
        return [(name, repr(module)) for name, module in self._members("module")]

    def __repr__(self) -> str:
        extra = [line for line in self.extra_repr().split("\n") if line]
        parts = [f"({name}): {text}".replace("\n", "\n  ") for name, text in self._shown()]
        if not parts and len(extra) <= 1:
            return f"{self._get_name()}({''.join(extra)})"
        return f"{self._get_name()}(\n  " + "\n  ".join(extra + parts) + "\n)"


def refuse(layer: Module, wanted: str, got: Any) -> NoReturn:
    """Say which layer was given what it cannot compute with."""
    said = f"has shape {got.shape}" if isinstance(got, Tensor) else f"is {got!r}"
    raise RuntimeError(f"{layer!r} takes {wanted}, and the input {said}")
