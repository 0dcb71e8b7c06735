"""The model and the optimizer of a run whose tensors are spread over processes, by `torch.distributed.checkpoint`.

Each process writes the pieces it has, as safetensors that know where in the whole they belong: so another number of processes,
or one alone, can read them. Parameters have their names in the model, in the optimizer's state, too.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train.checkpoint import pytree
from dlkit.train.distributed import unwrap

FOLDER = "shards"


def optimizer_state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The optimizer's state by the names of parameters."""
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

    if optimizer.state:
        return dict(get_optimizer_state_dict(unwrap(model), optimizer))
    names = {parameter: name for name, parameter in unwrap(model).named_parameters()}  # torch would make a step, to have a state
    return {"state": {}, "param_groups": [group | {"params": [names[p] for p in group["params"]]} for group in optimizer.param_groups]}


def begin(folder: Path, model: dict[str, Tensor], optimizer: dict[str, Tensor], group: Any, later: bool) -> Callable[[], None]:
    """Save in all processes at once; what is returned does it, or with `later` waits until it is done. All must call both.

    With `later` the tensors may change as soon as this returns.
    """
    from torch.distributed import checkpoint as dcp

    if not hasattr(dcp, "HuggingFaceStorageWriter"):
        raise ImportError(f"the checkpoint of a model in shards needs torch 2.9 or later, this is {torch.__version__}")
    state = {f"model.{name}": tensor.detach() for name, tensor in model.items()} | optimizer
    if torch.distributed.get_rank():  # of what all have, rank 0's: buffers may differ
        state = {name: tensor for name, tensor in state.items() if hasattr(tensor, "device_mesh")}
    options = {"storage_writer": dcp.HuggingFaceStorageWriter(str(folder), save_distributed=True), "process_group": group}
    with clear():
        future = dcp.async_save(state, **options) if later else None

    def finish() -> None:
        with clear():
            dcp.save(state, **options) if future is None else future.result()

    return finish


def read(folder: Path, wanted: dict[str, Tensor], group: Any) -> None:
    """Fill tensors, each process the pieces it has. All must call."""
    from torch.distributed import checkpoint as dcp

    with clear(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        dcp.load(wanted, storage_reader=dcp.HuggingFaceStorageReader(str(folder)), process_group=group, no_dist=group is None)


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Of the whole tensors."""
    from torch.distributed import checkpoint as dcp

    known = dcp.HuggingFaceStorageReader(str(folder)).read_metadata().state_dict_metadata
    return {name: tuple(each.size) for name, each in known.items()}


def read_model(model: nn.Module, folder: Path, group: Any) -> None:
    from torch.distributed.checkpoint.state_dict import get_model_state_dict, set_model_state_dict

    state = dict(get_model_state_dict(unwrap(model)))
    read(folder, {f"model.{name}": tensor for name, tensor in state.items()}, group)
    set_model_state_dict(unwrap(model), state)


def read_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, path: Path, group: Any) -> None:
    """
    Raises:
        ValueError: it has another state.
    """
    from torch.distributed.checkpoint.state_dict import (
        StateDictOptions,
        get_optimizer_state_dict,
        set_optimizer_state_dict,
    )

    own: dict[str, Tensor] = {}
    pytree.flatten(dict(get_optimizer_state_dict(unwrap(model), optimizer)), own, "optimizer")  # made, if there was none
    structure = json.loads((path / "optimizer.json").read_text())
    wanted = pytree.tensor_names(structure)
    if lacking := [name for name in wanted if name not in own]:
        raise ValueError(f"this run's optimizer has no {lacking[0]}")
    found = {name: own[name] for name in wanted}
    read(path / FOLDER, found, group)
    state = pytree.unflatten(structure, found)
    if state["state"]:
        set_optimizer_state_dict(unwrap(model), optimizer, state, options=StateDictOptions(strict=False))
    else:
        optimizer.state.clear()
        for group_, saved in zip(optimizer.param_groups, state["param_groups"], strict=True):
            group_.update({name: value for name, value in saved.items() if name != "params"})


@contextlib.contextmanager
def clear() -> Iterator[None]:
    """The errors of all processes as one."""
    from torch.distributed.checkpoint import CheckpointException

    try:
        yield
    except CheckpointException as error:
        raise OSError("; ".join(f"rank {rank}: {failure[0]}" for rank, failure in sorted(error.failures.items()))) from error


def distribute(model: nn.Module, whole: dict[str, Tensor]) -> None:
    """Give each process its pieces of whole tensors, which all have."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    set_model_state_dict(unwrap(model), whole, options=StateDictOptions(full_state_dict=True))
