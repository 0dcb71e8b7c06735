"""`checkpoint.json`, the manifest of a checkpoint: whether all is whole, and of which model it is."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from dlkit.train.checkpoint import sharded
from dlkit.train.checkpoint.collective import CheckpointError, Everyone
from dlkit.train.checkpoint.files import digest, digest_text, read_tensors, write
from dlkit.train.distributed import is_sharded, unwrap

FORMAT = 1


def write_manifest(folder: Path, known: dict[str, Any], everyone: Everyone) -> None:
    """Write checkpoint.json, with the SHA-256 of all other files and of itself. Each process computes those of some files."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    with everyone.all_or_none():
        mine = {name: digest(folder / name) for name in files[everyone.rank :: everyone.size]}
    parts = everyone.gather(mine)
    if everyone.rank == 0:
        known = {"format": FORMAT} | known | {"files": {name: part[name] for part in parts for name in part}}
        write(folder / "checkpoint.json", json.dumps(known | {"this": checksum(known)}, indent=1))


def checksum(known: dict[str, Any]) -> str:
    """The SHA-256 of what checkpoint.json says."""
    return digest_text(json.dumps({name: value for name, value in known.items() if name != "this"}, sort_keys=True))


def read_manifest(path: Path) -> dict[str, Any]:
    """What checkpoint.json says."""
    try:
        known: dict[str, Any] = json.loads((path / "checkpoint.json").read_text())
        form = known.get("format")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} is no checkpoint, or damaged: {error}{remedy(path)}") from None
    if form != FORMAT:
        raise CheckpointError(f"{path} has format {form}, this version reads {FORMAT}")
    if known.get("this") != checksum(known):
        raise CheckpointError(f"{path / 'checkpoint.json'} was changed{remedy(path)}")
    return known


def verify(path: str | Path, everyone: Everyone | None = None) -> dict[str, Any]:
    """Whether all files of a checkpoint are as they were written. Each process reads some of them."""
    path, everyone = Path(path), everyone or Everyone(False)
    known = read_manifest(path)
    for name, hashed in list(known["files"].items())[everyone.rank :: everyone.size]:
        found = None
        with contextlib.suppress(OSError):
            found = digest(path / name)
        if found != hashed:
            what = "is truncated or was changed" if found else "is not there"
            raise CheckpointError(f"{path / name} {what}{remedy(path)}")
    return known


def remedy(path: Path) -> str:
    return f": remove the folder {path.name}, and the run resumes from the one before"


def load_model(model: nn.Module, path: str | Path) -> None:
    """Load the model of a checkpoint, however it and this one are spread; nothing is loaded where one name or shape differs.

    Where this one is spread, all its processes must call.

    Raises:
        CheckpointError: the checkpoint is damaged, or of another model.

    >>> import tempfile, torch
    >>> from dlkit.train import Checkpoints, Trainer
    >>> net, other = nn.Linear(2, 1), nn.Linear(2, 1)
    >>> trainer = Trainer(net, torch.optim.SGD(net.parameters(), 0.1), nn.functional.mse_loss, device="cpu")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_model(other, Checkpoints(folder).save(trainer))
    >>> torch.equal(net.weight, other.weight)
    True
    """
    path, everyone = Path(path), Everyone(is_sharded(model))
    with everyone.all_or_none():
        known = verify(path, everyone)
    model_loader(model, path, known, everyone)()


def model_loader(model: nn.Module, path: Path, known: dict[str, Any], everyone: Everyone) -> Callable[[], None]:
    """What loads the model of a checkpoint that is whole, once it is known to be of this model."""
    own = {name: tuple(tensor.shape) for name, tensor in unwrap(model).state_dict().items()}
    if known["sharded"]:
        shapes = {name[6:]: shape for name, shape in sharded.shapes(path / sharded.FOLDER).items() if name.startswith("model.")}
        check_shapes(path, shapes, own)
        return lambda: sharded.read_model(model, path / sharded.FOLDER, everyone.group if is_sharded(model) else None)
    saved = read_tensors(path / "model.safetensors")
    check_shapes(path, {name: tuple(tensor.shape) for name, tensor in saved.items()}, own)
    return lambda: sharded.distribute(model, saved) if is_sharded(model) else unwrap(model).load_state_dict(saved)


def check_shapes(path: Path, saved: dict[str, tuple[int, ...]], own: dict[str, tuple[int, ...]]) -> None:
    """
    Raises:
        CheckpointError: names and shapes of the saved model are not those of this one.
    """
    lines = [f"{name} is {saved[name]}, the model's is {shape}" for name, shape in own.items() if saved.get(name, shape) != shape]
    lines += [f"it lacks {name}" for name in own if name not in saved] + [f"it has {name}, the model has not" for name in saved if name not in own]
    if lines:
        more = f"\n    and {len(lines) - 5} more" if len(lines) > 5 else ""
        raise CheckpointError(f"{path} is of another model:\n    " + "\n    ".join(lines[:5]) + more)
