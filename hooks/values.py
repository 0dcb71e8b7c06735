"""A fingerprint of a value and all that it holds, without running any code of its class: equal ones say that nothing has changed in it.

It knows Python's own types, whatever gives its memory away (arrays), and instances of classes that are written in Python.
Of all others, and of what is too large, it knows nothing. What code outside of Python keeps is not seen, so such types count as unknown.
"""

from __future__ import annotations

import types
from collections import deque
from contextlib import suppress
from hashlib import blake2b
from typing import Any

NODES = 4000
BYTES = 32_000_000
PLAIN = {type(None), bool, int, float, complex, str, bytes, range, type(Ellipsis), type(NotImplemented)}
FIXED = {types.ModuleType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType}
HEAP = 1 << 9  # of a type's flags: it was made by a class statement
POINTER = 8  # bytes
STATE = ("__dict__", "__weakref__", "__doc__", "__module__", "__slots__")


class _Unknown(Exception):
    pass


def fingerprint(value: Any, library: str = "") -> bytes | None:
    """Nothing where it cannot be told. Functions of the `library` count as fixed.

    >>> fingerprint([1, {"a": 2.5}]) == fingerprint([1, {"a": 2.5}]), fingerprint(iter([]))
    (True, None)
    """
    look = _Look(library)
    try:
        look.at(value)
    except (_Unknown, RecursionError, AttributeError, ValueError, TypeError, BufferError):
        return None
    return look.seen.digest()


class _Look:
    def __init__(self, library: str) -> None:
        self.library = f"{library or '-'}."
        self.seen = blake2b(digest_size=16)
        self.met: dict[int, int] = {}
        self.bytes = 0

    def at(self, value: Any) -> None:
        kind = type(value)
        if kind in PLAIN:
            self.add(repr((kind.__name__, value)).encode())
            return
        if id(value) in self.met:
            self.add(b"again %d" % self.met[id(value)])
            return
        self.met[id(value)] = len(self.met)
        if len(self.met) > NODES:
            raise _Unknown
        self.add(f"{kind.__module__}.{kind.__qualname__}".encode())
        if kind in FIXED:
            self.add(b"%d" % id(value))
        elif kind in (list, tuple, deque):
            self.all(value)
        elif kind is dict:
            self.pairs(value)
        elif kind in (set, frozenset):
            if not all(type(one) in PLAIN for one in value):
                raise _Unknown
            self.add("\\n".join(sorted(map(repr, value))).encode())
        elif kind is types.FunctionType and f"{value.__module__}.".startswith(self.library):
            self.add(b"%d" % id(value))  # to look into it would count as a use
        elif kind is types.FunctionType:
            self.add(b"%d" % id(value.__code__))
            self.all((value.__defaults__, value.__kwdefaults__, value.__dict__, [cell.cell_contents for cell in value.__closure__ or ()]))
        elif kind is types.MethodType:
            self.all((value.__func__, value.__self__))
        elif kind is type:
            self.type(value)
        elif _written(kind):
            self.instance(value, kind)
        else:
            self.memory(value)

    def add(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.bytes > BYTES:
            raise _Unknown
        self.seen.update(b"%d:" % len(data) + data)

    def all(self, values: Any) -> None:
        self.add(b"%d" % len(values))
        for one in values:
            self.at(one)

    def pairs(self, table: dict[Any, Any]) -> None:
        self.add(b"%d" % len(table))
        for key, one in table.items():
            self.at(key)
            self.at(one)

    def type(self, kind: Any) -> None:
        """A class may hold values, too; Python's own do not change."""
        self.add(b"%d" % id(kind))
        if _written(kind) and kind.__module__ == "__main__":
            self.pairs({name: one for name, one in type.__getattribute__(kind, "__dict__").items() if name not in STATE and type(one) not in FIXED})

    def instance(self, value: Any, kind: Any) -> None:
        for one in kind.__mro__[:-1]:
            for name, slot in type.__getattribute__(one, "__dict__").items():
                if type(slot) is types.MemberDescriptorType:
                    self.add(name.encode())
                    try:
                        inside = slot.__get__(value)
                    except AttributeError:
                        continue
                    self.at(inside)
        table: dict[str, Any] = {}
        with suppress(AttributeError):  # it has slots alone
            table = object.__getattribute__(value, "__dict__")
        self.pairs(table)

    def memory(self, value: Any) -> None:
        with memoryview(value) as memory:
            if "O" in memory.format or memory.nbytes > BYTES:
                raise _Unknown
            self.add(repr((memory.format, memory.shape)).encode())
            self.add(memory.tobytes())


def _written(kind: Any) -> bool:
    """Whether a class and all above it were written in Python: then its instances have room for their attributes, and for nothing else."""
    if type(kind) is not type or not all(one.__flags__ & HEAP for one in kind.__mro__[:-1]):
        return False
    slots = sum(type(slot) is types.MemberDescriptorType for one in kind.__mro__[:-1] for slot in type.__getattribute__(one, "__dict__").values())
    return bool(kind.__basicsize__ == object.__basicsize__ + POINTER * (slots + (kind.__weakrefoffset__ > 0) + (kind.__dictoffset__ > 0)))
