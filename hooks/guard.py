"""No network but loopback while blocks run, and no signals to processes that are not the section's own.

A seat belt, not a wall: it sees what Python does, in a section's process and in the Pythons that it starts. C code that
opens a connection by itself is not stopped. The standard library only: this runs before anything else in such a Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

MODULES, MACHINE = "BOOK_NETWORK_MODULES", "BOOK_MACHINE"  # for processes that a section starts
SEND = {"socket.connect": "opens a connection to", "socket.sendto": "sends to", "socket.sendmsg": "sends to"}
FIND = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0}


class Refused(PermissionError):
    """What a block may not do. `mend` is what its author can do about it."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Guard:
    """`modules` are those that may use the network, and what they contain; `machine` is the warm process."""

    def __init__(self, modules: Iterable[str], machine: int) -> None:
        self.modules, self.machine = tuple(modules), machine

    def install(self) -> None:
        os.environ.update({MODULES: ",".join(self.modules), MACHINE: str(self.machine)})
        checks = dict.fromkeys(SEND, self._connects) | dict.fromkeys(FIND, self._finds)
        checks |= {"socket.bind": self._binds, "os.kill": self._kills, "os.killpg": self._kills}
        get = checks.get

        def audit(event: str, arguments: tuple[Any, ...]) -> None:
            if check := get(event):
                check(event, arguments)

        sys.addaudithook(audit)

    def _connects(self, event: str, arguments: tuple[Any, ...]) -> None:
        address = arguments[1]
        if _internet(*arguments) and not _here(address[0]):
            self._refuse(f"{SEND[event]} {_text(address[0])}:{address[1]}")

    def _finds(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not _here(arguments[0]) and not _number(arguments[0]):
            self._refuse(f"looks for the address of {_text(arguments[0])}")

    def _binds(self, event: str, arguments: tuple[Any, ...]) -> None:
        address = arguments[1]
        if _internet(*arguments) and not _here(address[0], own=True):
            self._refuse(f"listens at {_text(address[0]) or 'every address'}", "Listen at 127.0.0.1.")

    def _kills(self, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[0] in (-1, 1, self.machine):
            raise Refused("this block signals processes that are not its own", "Signal only what the section has started.")

    def _refuse(self, what: str, mend: str = "") -> None:
        if not _within(self.modules, sys._getframe(2)):
            mend = mend or "Data come from the catalogue: the modules that `network` in `_runtime.py` names."
            raise Refused(f"this block {what}; blocks have no network", mend)


def _within(modules: tuple[str, ...], frame: FrameType | None) -> bool:
    """Whether one of the modules, or of those that they contain, is at work."""
    while frame:
        name = frame.f_globals.get("__name__", "")
        if name == "__main__":  # of a process that runs such a module
            name = getattr(frame.f_globals.get("__spec__"), "name", "")
        if any(name == module or str(name).startswith(module + ".") for module in modules):
            return True
        frame = frame.f_back
    return False


def _internet(socket: Any, address: Any) -> bool:
    import socket as sockets

    return isinstance(address, tuple) and socket.family in (sockets.AF_INET, sockets.AF_INET6)


def _text(host: Any) -> str:
    return host.decode(errors="replace") if isinstance(host, (bytes, bytearray)) else str(host)


def _number(host: Any) -> Any:
    """An address that is written as a number; None for a name."""
    import ipaddress

    try:
        return ipaddress.ip_address(_text(host).partition("%")[0])
    except ValueError:
        return None


def _here(host: Any, own: bool = False) -> bool:
    """Whether a host is this machine, seen from itself; `own` is stricter, since others could see it, too."""
    if host is None or _text(host).lower().rstrip(".") == "localhost":
        return True
    if number := _number(host):
        mapped = getattr(number, "ipv4_mapped", None) or number
        return bool(mapped.is_loopback or (mapped.is_unspecified and not own))
    return not own and _text(host) in ("", os.uname().nodename)


def refusal(error: BaseException | None) -> Refused | None:
    """The refusal behind an error, which a library may have wrapped into its own."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting and len(seen) < 50:
        one = waiting.pop()
        if isinstance(one, Refused):
            return one
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None)]
    return None


def begin_child() -> None:
    """In a Python that a section has started."""
    modules, machine = os.environ.get(MODULES), os.environ.get(MACHINE)
    if modules is not None and machine:
        Guard(filter(None, modules.split(",")), int(machine)).install()


