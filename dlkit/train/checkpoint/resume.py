"""A run is brought to where a checkpoint was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dlkit.train.checkpoint import pytree, sharded
from dlkit.train.checkpoint.collective import CheckpointError, Everyone
from dlkit.train.checkpoint.files import read_tensors
from dlkit.train.checkpoint.manifest import model_loader, read_manifest, verify
from dlkit.train.checkpoint.snapshot import own_buffers
from dlkit.train.distributed import is_sharded, unwrap


def resume(trainer: Any, path: Path, everyone: Everyone, exact: bool) -> None:
    """Load all of a checkpoint into a trainer. All processes must call."""
    with everyone.all_or_none():
        known = verify(path, everyone)
    same = known["world"] == everyone.size and known["sharded"] == is_sharded(trainer.model)
    with everyone.all_or_none():
        if not same:
            refuse_other_processes(trainer, path, known, everyone, exact)
        if known["optimizer"] != type(trainer.optimizer).__name__:
            raise CheckpointError(f"{path} was made with {known['optimizer']}, this run has {type(trainer.optimizer).__name__}")
        rank = everyone.rank if same else 0
        state = read_state(path, f"rank-{rank}")
        put_model = model_loader(trainer.model, path, known, everyone)
    try:
        if known["sharded"]:
            sharded.read_optimizer(trainer.model, trainer.optimizer, path, everyone.group if is_sharded(trainer.model) else None)
            optimizer = trainer.optimizer.state_dict()
        else:
            optimizer = read_state(path, "optimizer")
        put_model()
        with everyone.all_or_none():
            trainer.load_state_dict(state["loop"] | {"optimizer": optimizer})
    except (ValueError, KeyError) as error:
        raise CheckpointError(f"{path} does not fit this run: {error}") from error
    if same:
        buffers = own_buffers(unwrap(trainer.model))
        for name, value in state.get("buffers", {}).items():
            buffers[name].copy_(value)
        trainer.load_random_state(state["random"])


def read_state(path: Path, name: str) -> Any:
    """What `pytree.flatten` and `write_tensors` made two files of."""
    return pytree.unflatten(json.loads((path / f"{name}.json").read_text()), read_tensors(path / f"{name}.safetensors"))


def refuse_other_processes(trainer: Any, path: Path, known: dict[str, Any], everyone: Everyone, exact: bool) -> None:
    """
    Raises:
        CheckpointError: this run, with other processes than the one before, cannot go on there.
    """
    kinds = {True: "a model in shards", False: "a whole model"}
    made = f"{path} was made by {known['world']} processes with {kinds[known['sharded']]}, this run has {everyone.size} with {kinds[is_sharded(trainer.model)]}"
    alone = "load_model(model, path) loads the model alone"
    if is_sharded(trainer.model) and not known["sharded"]:
        raise CheckpointError(f"{made}: the optimizer's state cannot be cut; {alone}")
    if known["batch"]:
        ends = [each for each in sorted(path.parent.glob("epoch-*-batch-00000000*")) if (each / "checkpoint.json").exists() and not read_manifest(each)["batch"]]
        end = f"exact=False and path={str(ends[-1])!r}, the end of an epoch" if ends else "exact=False from one at the end of an epoch, of which there is none"
        raise CheckpointError(f"{made}. In the middle of an epoch the other examples would be dealt otherwise: resume with as many, or with {end}; {alone}")
    if exact:
        raise CheckpointError(f"{made}. The random numbers and the dealing of examples would differ: resume with as many, or with exact=False; {alone}")
