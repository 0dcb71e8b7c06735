"""One of the processes that `run` starts: calls the function, sends what it prints, returns or raises.

A spawned one begins here: `python -m dlkit.train.worker DESCRIPTOR`, with its orders in the pipe.
"""

from __future__ import annotations

import io
import os
import pickle
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import distributed as dist

from dlkit.train import world as worlds
from dlkit.train.tracebacks import Call, calls


@dataclass(frozen=True)
class Orders:
    """What a worker needs to know, besides what it is to call."""

    rank: int
    size: int
    device: str | None
    patience: float
    meeting: str  # the file through which the processes find each other


class CannotFork(RuntimeError):
    """A library that the parent has used does not work in its forks."""


class Sender:
    """The worker's end: a lock, for its watching thread speaks, too."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.lock = connection, threading.Lock()

    def send(self, kind: str, *what: Any) -> None:
        with self.lock:
            self.connection.send_bytes(pickle.dumps((kind, *what)))


class Printed(io.TextIOBase):
    """Standard output whose lines the caller prints: a notebook or a page of a book shows them where `run` stands."""

    def __init__(self, sender: Sender) -> None:
        self.sender, self.waiting = sender, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.waiting += text
        lines, end, rest = self.waiting.rpartition("\n")
        if end:
            self.waiting = rest
            self.sender.send("print", lines + end)
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            text, self.waiting = self.waiting, ""
            self.sender.send("print", text)


def work(connection: Connection, orders: Orders, function: Callable[[], Any], forked: bool) -> None:
    """Call the function as rank `orders.rank`, and end this process."""
    os.setsid()  # so that it ends together with what it has started
    sender = Sender(connection)
    threading.Thread(target=_watch, args=(sender, threading.get_ident()), daemon=True).start()
    sys.stdout = Printed(sender)
    torch.set_num_threads(1)  # a fork has no threads but its own, and the libraries for threads do not know
    try:
        if forked:
            _probe(worlds.choose(orders.rank, orders.device))
        with worlds.nobody():
            _join(orders)
            sender.send("begun")
            value = dumps(function())
        sys.stdout.flush()
        sender.send("value", value)
    except BaseException as error:  # whatever it is, the caller has to hear of it
        sys.stdout.flush()
        sender.send("error", *_told(error))
    threading.Event().wait()  # with all connections open, until the caller ends it: so the first error is the cause


def _join(orders: Orders) -> None:
    rank, size = str(orders.rank), str(orders.size)
    os.environ.update({"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size})
    store = dist.FileStore(orders.meeting, orders.size)
    worlds.enter(orders.rank, orders.size, orders.rank, worlds.choose(orders.rank, orders.device), orders.patience, store=store)


def _probe(device: torch.device) -> None:
    """Whether a forked process can differentiate, and use its GPU: not if its parent has used one."""
    try:
        torch.zeros(1, device=device, requires_grad=True).sum().backward()
    except RuntimeError as error:
        raise CannotFork from error


def _watch(sender: Sender, main: int) -> None:
    """Say where the function stands when the caller asks; end when it says so with an empty message, or is no more."""
    try:
        while sender.connection.recv_bytes():
            frame = sys._current_frames().get(main)
            sender.send("where", "".join(traceback.format_list(_users(traceback.extract_stack(frame)))))
        os._exit(0)  # by itself, unlike a killed process: what follows the processes of a section hears of it
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)


def _users(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames from the called function on: what stands below it is this file's."""
    mine = [at for at, frame in enumerate(frames) if frame.filename == __file__]
    return frames[mine[-1] + 1 if mine else 0 :]


def _told(error: BaseException) -> tuple[bytes | None, str, str, list[Call]]:
    """An error as bytes, if it has any, its kind and message, all of it as text, and the calls that led to it."""
    said = "".join(traceback.format_exception_only(error)).strip()
    text = "".join(traceback.format_exception(error)).strip()
    path = calls(error.__traceback__)
    path = path[max((at + 1 for at, call in enumerate(path) if call[0] == __file__), default=0) :]
    try:
        data = dumps(error)
        pickle.loads(data)  # an error whose class has arguments of its own may be written, yet not be read
    except Exception:
        data = None
    return data, said, text, path


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        return _on_cpu(value)


def _on_cpu(value: Any) -> Any:
    """A tensor on a GPU travels as one in memory, so that the caller need not touch the GPU."""
    if isinstance(value, torch.Tensor) and value.device.type != "cpu" and type(value) in (torch.Tensor, torch.nn.Parameter):
        return value.detach().cpu().__reduce_ex__(2)
    return NotImplemented


def dumps(value: Any) -> bytes:
    """A value as bytes: by pickle, and where that does not know how, by cloudpickle."""
    buffer = io.BytesIO()
    try:
        _Pickler(buffer).dump(value)
    except Exception:
        import cloudpickle

        return bytes(cloudpickle.dumps(value))
    return buffer.getvalue()


def main(descriptor: int) -> None:
    """A spawned worker."""
    connection = Connection(descriptor)
    orders, state, function = pickle.loads(connection.recv_bytes())
    random.setstate(state["random"])
    torch.set_rng_state(state["torch"])
    if "numpy" in state:
        import numpy

        numpy.random.set_state(state["numpy"])
    work(connection, orders, pickle.loads(function), forked=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
