"""What takes a hook away again."""

from __future__ import annotations

from typing import Any


class Handle:
    """Takes one hook of a tensor away, by `remove()` or a call; of a function that was registered twice, one of the two.

    >>> from dlkit import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10.0)
    >>> handle.remove()
    >>> x.sum().backward()
    >>> x.grad
    tensor([1.])
    """

    def __init__(self, tensor: Any, hook: Any) -> None:
        self.tensor, self.hook, self.gone = tensor, hook, False

    def remove(self) -> None:
        hooks = list(self.tensor.hooks)
        if not self.gone:
            del hooks[next(i for i, hook in enumerate(hooks) if hook is self.hook)]
        self.tensor.hooks, self.gone = hooks, True

    __call__ = remove
