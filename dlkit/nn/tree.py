"""What belongs to a module: its parameters, its buffers and the modules in it, by name.

They are ordinary attributes. `_kinds` remembers which names are of which kind, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from dlkit.autograd import Tensor
from dlkit.nn.parameter import Parameter

T = TypeVar("T")
Named = Iterator[tuple[str, T]]


class Tree:
    """A node of the tree that modules make."""

    _kinds: dict[str, str]
    _fleeting: set[str]  # buffers that a state_dict leaves out

    def __setattr__(self, name: str, value: Any) -> None:
        kinds = vars(self).get("_kinds")
        kind = "parameter" if isinstance(value, Parameter) else "module" if isinstance(value, Tree) else None
        if kinds is None:
            if kind:
                raise AttributeError(
                    f"{type(self).__name__} is given the {kind} {name!r} too early: call super().__init__() first"
                )
            return object.__setattr__(self, name, value)
        known = kinds.get(name)
        if kind is None and known is not None:
            if value is not None and not (known == "buffer" and isinstance(value, Tensor)):
                raise TypeError(
                    f"{name!r} is a {known} of this {type(self).__name__}, and cannot become a "
                    f"{type(value).__name__}: give it a {known.capitalize()} or None"
                )
            kind = known
        if kind != known:
            kinds.pop(name, None)
            kinds[name] = cast("str", kind)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # called for what is not there
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._kinds.pop(name, None)
        self._fleeting.discard(name)

    def _own(self, kind: str, value: Any, name: str) -> None:
        """Register a value, or None, which is of a kind because it is said to be."""
        if not isinstance(name, str) or "." in name or not name:
            raise KeyError(f"a {kind} cannot be called {name!r}: its name is a string, not empty, without a dot")
        if hasattr(self, name) and name not in self._kinds:
            raise KeyError(f"{type(self).__name__} has an attribute {name!r} already: call the {kind} otherwise")
        if self._kinds.get(name) != kind:
            self._kinds.pop(name, None)
        self._kinds[name] = kind
        object.__setattr__(self, name, value)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or, with None, say that there is none of this name."""
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"the parameter {name!r} must be a Parameter or None, not a {type(param).__name__}")
        self._own("parameter", param, name)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the module's state but is not learned, such as a running mean.

        Args:
            persistent: False to leave it out of the `state_dict`.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"the buffer {name!r} must be a Tensor or None, not a {type(tensor).__name__}")
        self._own("buffer", tensor, name)
        (self._fleeting.discard if persistent else self._fleeting.add)(name)

    def add_module(self, name: str, module: Any) -> None:
        """Add a module by name, as an assignment does, but with any name."""
        if module is not None and not isinstance(module, Tree):
            raise TypeError(f"the module {name!r} must be a Module or None, not a {type(module).__name__}")
        self._own("module", module, name)

    register_module = add_module

    # -------------------------------------------------------------------------------------------- walks

    def _members(self, kind: str) -> Named[Any]:
        """Those of this module alone."""
        own = vars(self)
        return (
            (name, own[name]) for name, found in list(self._kinds.items()) if found == kind and own[name] is not None
        )

    def _named(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Named[Any]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else [(prefix, self)]:
            for name, value in module._members(kind):
                if not (remove_duplicate and id(value) in seen):
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Named[Any]:
        """This module and all modules in it, with their paths; one that is there twice comes once."""
        yield from self._walk(prefix, set() if remove_duplicate else None)

    def _walk(self, path: str, seen: set[int] | None) -> Named[Any]:
        if seen is not None:
            if id(self) in seen:
                return
            seen.add(id(self))
        yield path, self
        for name, module in self._members("module"):
            yield from module._walk(f"{path}.{name}" if path else name, seen)

    def modules(self) -> Iterator[Any]:
        """This module and all modules in it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Named[Any]:
        """The modules that are attributes of this one."""
        seen: set[int] = set()
        for name, module in self._members("module"):
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Any]:
        """The modules that are attributes of this one."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Named[Parameter]:
        """All parameters with their paths; one that is shared comes once."""
        return self._named("parameter", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, for an optimizer."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Named[Tensor]:
        """All buffers with their paths."""
        return self._named("buffer", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Any:
        """The module at a path such as `"encoder.layers.0"`."""
        found: Any = self
        for name in filter(None, target.split(".")):
            if found._kinds.get(name) != "module":
                raise AttributeError(f"{type(found).__name__} has no module {name!r}: there is no path {target!r}")
            found = getattr(found, name)
        return found
