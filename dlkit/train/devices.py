"""Where to compute, in which numbers, from which seed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping
from typing import Any

import torch

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick(name: str | torch.device | None = None) -> torch.device:
    """The device asked for, or the best there is: cuda, mps, cpu, in this order.

    Raises:
        ValueError: no device has this name, or this machine lacks it; the message names those it has.

    >>> pick("cpu")
    device(type='cpu')
    """
    if name is None or name == "auto":
        return torch.device(available()[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"{name!r} is no device. This machine has: {', '.join(available())}") from None
    if device.type == "cpu":
        return device  # without a word to CUDA: once its driver has been asked, no fork of this process can use a GPU
    here = available()
    if device.type == "cuda" and device.index is not None and f"cuda:{device.index}" not in here:
        raise ValueError(f"there is no {name} on this machine. It has: {', '.join(here)}")
    if device.type in ("cuda", "mps") and device.type not in here:
        why = ": this build of PyTorch is for the CPU" if device.type == "cuda" and torch.version.cuda is None else ""
        raise ValueError(f"{name} is not there{why}. This machine has: {', '.join(here)}; `pick()` takes the best")
    return device


def available() -> list[str]:
    """Names of this machine's devices, the best first.

    >>> available()[-1]
    'cpu'
    """
    names = []
    if torch.cuda.is_available():
        names += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def precision(name: str, device: torch.device) -> torch.dtype:
    """The type that matrix products compute in: "fp32", "bf16" or "fp16".

    Raises:
        ValueError: another name, or a device that cannot.

    >>> precision("bf16", torch.device("cpu"))
    torch.bfloat16
    """
    if name not in PRECISIONS:
        raise ValueError(f"precision {name!r} is none of {', '.join(PRECISIONS)}")
    if name == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise ValueError(f"{torch.cuda.get_device_name(device)} has no bf16: use precision='fp16' or 'fp32'")
    return PRECISIONS[name]


def tf32(allow: bool = True) -> None:
    """Let CUDA's float32 matrix products and convolutions round their factors to TF32: 10 bits of fraction, much faster.

    >>> tf32(True); torch.backends.cuda.matmul.allow_tf32
    True
    >>> tf32(False)
    """
    torch.backends.cuda.matmul.allow_tf32 = allow
    torch.backends.cudnn.allow_tf32 = allow


def seed(number: int, *, rank: int = 0, deterministic: bool = False) -> None:
    """Seed Python, NumPy and PyTorch on all devices; `rank` gives each process its own numbers.

    `deterministic` asks PyTorch for operations that give the same bits each time, or else an error.

    >>> seed(1); a = torch.rand(2); seed(1); bool((a == torch.rand(2)).all())
    True
    """
    import numpy

    number = (number + 1_000_003 * rank) % 2**32
    random.seed(number)
    numpy.random.seed(number)
    torch.manual_seed(number)
    if deterministic:
        torch.use_deterministic_algorithms(True)


def random_state() -> dict[str, Any]:
    """The state of all random generators that a run draws from; `restore` gives it back."""
    import numpy

    kind, keys, *rest = tuple[Any, ...](numpy.random.get_state(legacy=True))
    state: dict[str, Any] = {"python": random.getstate(), "numpy": (kind, torch.from_numpy(keys.astype("int64")), *rest), "torch": torch.get_rng_state()}
    if torch.cuda.is_initialized():  # else nothing was drawn there; to ask would start CUDA, also in a fork, which cannot
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore(state: Mapping[str, Any]) -> None:
    """Set all random generators as they were at `random_state`.

    >>> before = random_state(); a = random.random(), torch.rand(1); restore(before)
    >>> a == (random.random(), torch.rand(1))
    True
    """
    import numpy

    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    numpy.random.set_state((kind, keys.numpy().astype("uint32"), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


def move(batch: Any, device: torch.device) -> Any:
    """A batch, with every tensor in its tuples, lists and dictionaries on the device; copies from pinned memory do not wait.

    >>> move({"x": (torch.ones(2), "name")}, torch.device("cpu"))
    {'x': (tensor([1., 1.]), 'name')}
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=device.type == "cuda")  # towards the CPU nobody would wait for the copy
    if isinstance(batch, Mapping):
        return {key: move(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(move(value, device) for value in batch))
    if isinstance(batch, (tuple, list)):
        return type(batch)(move(value, device) for value in batch)
    return batch


def memory(device: torch.device | str = "cpu") -> dict[str, float]:
    """Megabytes in use: on a GPU `used`, `peak`, `total`; on a CPU the process's `peak` alone.

    >>> memory()["peak"] > 1
    True
    """
    device = torch.device(device)
    if device.type == "cuda":
        _, total = torch.cuda.mem_get_info(device)
        values = {"used": torch.cuda.memory_allocated(device), "peak": torch.cuda.max_memory_allocated(device), "total": total}
        return {name: value / 1e6 for name, value in values.items()}
    if device.type == "mps":
        return {"used": torch.mps.current_allocated_memory() / 1e6}
    with contextlib.suppress(ImportError):  # Windows has no such module
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6}
    return {}
