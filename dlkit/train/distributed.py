"""One model on many devices, from outside: copies of it (DDP), shards of it (FSDP2), slices of its layers (tensor parallel).

The model knows nothing of it, and a world of one process leaves it as it is. The engines are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from dlkit.train.world import World


def replicate(model: nn.Module, world: World) -> nn.Module:
    """The model as `DistributedDataParallel`: a copy in each process, whose gradients are averaged in the backward pass.

    All begin with the parameters of rank 0. The model itself is the result's `.module`.
    """
    if world.size == 1:
        return model.to(world.device)
    devices = [world.device] if world.device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(
        model.to(world.device), device_ids=devices, process_group=world.group, gradient_as_bucket_view=True
    )


def shard(
    model: nn.Module, world: World, *, blocks: Iterable[nn.Module] | None = None, mesh: Any = None, dtype: torch.dtype | None = None
) -> nn.Module:
    """Keep 1/size of each parameter, gradient and optimizer state in each process: FSDP2's `fully_shard`, in place.

    The parameters of a block are together only while it computes; `blocks` None takes the entries of the model's `ModuleList`
    and `Sequential`. All begin with the parameters of rank 0. `dtype` is the one to compute in; sums of gradients stay in
    float32. `mesh` is a one-dimensional device mesh, as `grid(...)["data"]`. Make the optimizer afterwards.

    >>> from dlkit.train import join, run
    >>> def held():  # of a weight of shape (3, 2)
    ...     return tuple(shard(nn.Linear(2, 3, bias=False), join()).weight.to_local().shape)
    >>> run(held, world=2)
    [(2, 2), (1, 2)]
    """
    if world.size == 1 and mesh is None:
        return model.to(world.device)
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    broadcast_model(model, world)  # which stays where it is: a block at a time goes to the device, and is cut there
    options: dict[str, Any] = {"mesh": _line(world) if mesh is None else mesh}
    if dtype:
        options["mp_policy"] = MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32)
    for block in _entries(model) if blocks is None else blocks:
        fully_shard(block, **options)
    fully_shard(model, **options)
    return model.to(world.device)


def split(model: nn.Module, world: World, plan: dict[str, Any], mesh: Any = None) -> nn.Module:
    """Cut layers across the processes by PyTorch's `parallelize_module`, in place: all see the same examples.

    `plan` gives a style to names, `{"up": ColwiseParallel(), "down": RowwiseParallel()}` of `torch.distributed.tensor.parallel`.
    `*` stands for any part of a name. All begin with the parameters of rank 0. Make the optimizer afterwards.

    Raises:
        ValueError: no layer has a name of the plan.

    >>> split(nn.ModuleDict({"up": nn.Linear(2, 4)}), World(), {"out": None})
    Traceback (most recent call last):
    ValueError: the plan has 'out', and the model no such layer; it has up.
    """
    from fnmatch import fnmatchcase

    names = [name for name, _ in model.named_modules() if name]
    styles: dict[str, Any] = {}
    for pattern, style in plan.items():
        found = [name for name in names if fnmatchcase(name, pattern)]
        if not found:
            raise ValueError(f"the plan has {pattern!r}, and the model no such layer; it has {', '.join(names)}.")
        styles |= dict.fromkeys(found, style)
    if world.size == 1 and mesh is None:
        return model.to(world.device)
    from torch.distributed.tensor.parallel import parallelize_module

    broadcast_model(model.to(world.device), world)
    return parallelize_module(model, _line(world) if mesh is None else mesh, styles)


def grid(world: World, **sizes: int) -> Any:
    """A device mesh with named sides, as `grid(world, data=2, tensor=2)`; their product is the world's size.

    Raises:
        ValueError: it is not.

    >>> grid(World(), data=2, tensor=2)
    Traceback (most recent call last):
    ValueError: data 2 x tensor 2 makes 4 processes, and there are 1.
    """
    from torch.distributed.device_mesh import init_device_mesh

    product = 1
    for size in sizes.values():
        product *= size
    if product != world.size:
        said = " x ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"{said} makes {product} processes, and there are {world.size}.")
    return init_device_mesh(world.device.type, tuple(sizes.values()), mesh_dim_names=tuple(sizes))


def along(world: World, side: Any) -> World:
    """The world of those on one side of a mesh with this process: who shares the batches.

    >>> from dlkit.train import join, run
    >>> def ranks():
    ...     mesh = grid(join(), data=2, tensor=1)
    ...     return along(join(), mesh["data"]).rank, along(join(), mesh["tensor"]).rank
    >>> run(ranks, world=2)
    [(0, 0), (1, 0)]
    """
    return replace(world, rank=side.get_local_rank(), size=side.size(), group=side.get_group())


def broadcast_model(model: nn.Module, world: World) -> None:
    """Give every process the parameters and buffers of rank 0."""
    broadcast_tensors([*model.parameters(), *model.buffers()], world)


def broadcast_tensors(tensors: Iterable[torch.Tensor], world: World) -> None:
    """Give every process the tensors of rank 0, in place; those that are distributed are left alone."""
    with torch.no_grad():
        for tensor in tensors:
            if not tensor.is_meta and not hasattr(tensor, "device_mesh"):
                there = world.broadcast(tensor.detach().to(world.device))
                if there.device != tensor.device:
                    tensor.copy_(there)


def full_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """The whole model's state dict, in every process's memory, under its own names, however it is spread.

    All processes must ask. The parts of one tensor at a time are together on the device.

    >>> {name: tuple(value.shape) for name, value in full_state(nn.Linear(2, 3)).items()}
    {'weight': (3, 2), 'bias': (3,)}
    """
    state = model.state_dict()
    if torch.distributed.is_initialized():
        from torch.distributed.checkpoint.state_dict import get_model_state_dict

        state = get_model_state_dict(model)
    return {name: _whole(tensor.detach()) for name, tensor in state.items()}


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    """A copy on the CPU, of all parts."""
    gather = getattr(tensor, "full_tensor", None)
    return gather().cpu() if gather else tensor.cpu() if tensor.device.type != "cpu" else tensor.clone()


def unwrap(model: nn.Module) -> nn.Module:
    """The model itself, without what `DistributedDataParallel` or `torch.compile` wrapped around it: its names have no prefix."""
    while True:
        wrapped = model._modules.get("_orig_mod")
        if wrapped is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            wrapped = model.module
        if wrapped is None:
            return model
        model = wrapped


def is_distributed(model: nn.Module) -> bool:
    """Whether several processes hold copies or parts of the model."""
    if not torch.distributed.is_initialized() or torch.distributed.get_world_size() == 1:
        return False
    return any(isinstance(part, nn.parallel.DistributedDataParallel) for part in model.modules()) or is_sharded(model)


def is_sharded(model: nn.Module) -> bool:
    """Whether its forward pass needs the other processes: it does where they hold parts of it."""
    return any(hasattr(parameter, "device_mesh") for parameter in model.parameters())


def _line(world: World) -> Any:
    return grid(world, data=world.size)


def _entries(model: nn.Module) -> list[nn.Module]:
    """The outermost entries of lists and sequences that have parameters."""
    found: list[nn.Module] = []
    for child in model.children() if not isinstance(model, (nn.Sequential, nn.ModuleList)) else [model]:
        if isinstance(child, (nn.Sequential, nn.ModuleList)):
            found += [entry for entry in child if any(True for _ in entry.parameters())]
        else:
            found += _entries(child)
    return found
