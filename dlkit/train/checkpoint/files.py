"""Files of a checkpoint: tensors and text that are on the disk when the call returns."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def write_tensors(path: Path, tensors: dict[str, Any]) -> None:
    """A safetensors file. Names of one tensor (tied weights) are written once; the others are in the file's metadata."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    first: dict[Any, str] = {}
    written, same = {}, {}
    for name, tensor in tensors.items():
        key = identity(tensor) if tensor.numel() else name
        if key in first:
            same[name] = first[key]
        else:
            first[key] = name
            tensor = tensor.detach()
            whole = tensor.is_contiguous() and tensor.untyped_storage().nbytes() == tensor.nbytes
            written[name] = tensor if whole else tensor.clone(memory_format=torch.contiguous_format)
    try:
        save_file(written, path, {"same": json.dumps(same)})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def identity(tensor: Tensor) -> Any:
    """The same for two names of one tensor."""
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.device


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies in memory, which stay as they are while the training goes on; what was one tensor is one."""
    copies: dict[Any, Tensor] = {}
    for tensor in tensors.values():
        if identity(tensor) not in copies:
            copies[identity(tensor)] = tensor.detach().to("cpu", copy=True)
    return {name: copies[identity(tensor)] for name, tensor in tensors.items()}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """What `write_tensors` was given."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        same = json.loads((file.metadata() or {}).get("same", "{}"))
    return tensors | {name: tensors[other] for name, other in same.items()}


def write(path: Path, text: str) -> None:
    """A file, on the disk when this returns."""
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def publish(partial: Path, final: Path) -> None:
    """Give a finished folder its name: at once, and to last through a loss of power."""
    for folder in [partial, *(path for path in partial.iterdir() if path.is_dir())]:
        flush(folder)
    partial.rename(final)
    flush(final.parent)


def flush(folder: Path) -> None:
    """The names in a folder are on the disk when this returns."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
