"""Records: what every section printed and drew when it last ran. Read, write; `compare.py` compares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hooks import disk

FORMAT = 1
NOTE = "generated: written by `python -m hooks`, not by hand"
NONE = "it has no record"
CPU = "CPU"  # what `devices()` of the book's page of code says where there is nothing else
IMAGES = {"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg"}


@dataclass(frozen=True)
class Output:
    """One thing that a cell showed.

    `kind` is `stdout`, `stderr`, `result` (the value of the last expression), `display` (what the block asked
    to show), `figure`, `error` (an exception that was expected) or `value` (of an expression in prose).
    `text` is its plain form. Where there is a richer one, `mime` names it and `content` holds it.
    """

    kind: str
    text: str = ""
    mime: str = ""  # text/html, text/latex, or an image
    content: bytes = b""
    raster: bytes = b""  # of a figure: the small gray PNG by which it is compared
    still: bytes = b""  # of a chart: the SVG that stands for it
    name: str = ""  # of an error: its class; of what a command printed: the command's line in its block


@dataclass(frozen=True)
class Cell:
    name: str  # block-3, value-1, solution-2-block-1
    outputs: tuple[Output, ...] = ()
    seconds: float = 0.0
    source: str = ""  # hash of what it executed, to say later which cell has changed


@dataclass(frozen=True)
class Ran:
    """When and on what a section ran."""

    date: str  # 2026-11-20
    machine: str  # Linux x86-64
    python: str  # 3.11.7
    seconds: float
    device: str = ""  # CPU, or what `_runtime.devices()` says
    provisional: bool = False  # not on the reference platform, or not with the pinned packages


@dataclass(frozen=True)
class Uses:
    """A section's inputs: what its last run used, with what identifies it."""

    units: Mapping[str, str] = field(default_factory=dict)  # of the library -> hash
    data: Mapping[str, str] = field(default_factory=dict)  # file or data set -> SHA-256
    packages: Mapping[str, str] = field(default_factory=dict)  # distribution -> version


@dataclass(frozen=True)
class Record:
    key: str  # source key
    cells: tuple[Cell, ...]
    ran: Ran

    def outputs(self, name: str) -> tuple[Output, ...]:
        return next((cell.outputs for cell in self.cells if cell.name == name), ())


def read(file: Path) -> tuple[Record | None, Uses | None, str]:
    """The record in `file`, what it used, and what is wrong with them in words (then they are not there).

    The parts of a record vouch for each other: the outputs hold the hashes of the images, the uses that of the
    outputs and of themselves. So no merge, and no build that was killed, makes a record that was never one.
    """
    with disk.alone(file.parent, reading=True):
        return _read(file)


def _read(file: Path) -> tuple[Record | None, Uses | None, str]:
    if not file.exists():
        return None, None, NONE
    try:
        data = file.read_bytes()
        raw = json.loads(data)
        if raw["format"] != FORMAT:
            return None, None, "its record has another format"
        cells = tuple(_cell(raw_cell, file) for raw_cell in raw["cells"])
        record = Record(raw["key"], cells, Ran(**raw["ran"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, None, f"its record cannot be read ({error})"
    try:
        used = json.loads(file.with_suffix(".uses.json").read_bytes())
        uses = Uses(used["units"], used["data"], used["packages"])
        if used["seal"] != _seal(data, uses):
            return record, None, "its outputs and its list of inputs are not of one run"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return record, None, f"its list of inputs cannot be read ({error})"
    return record, uses, ""


def _cell(raw: Mapping[str, Any], file: Path) -> Cell:
    outputs = []
    for item in raw["outputs"]:
        output = Output(item["kind"], "".join(item.get("text", [])), item.get("mime", ""), name=item.get("name", ""))
        if "image" in item:
            output = replace(output, content=_image(file, item["image"]))
            if "raster" in item:
                output = replace(output, raster=_image(file, item["raster"]))
        elif "content" in item:
            output = replace(output, content="".join(item["content"]).encode())
            if "still" in item:
                output = replace(output, still=_image(file, item["still"]))
        outputs.append(output)
    return Cell(raw["cell"], tuple(outputs), raw["seconds"], raw["source"])


def _image(file: Path, named: Mapping[str, str]) -> bytes:
    name = Path(named["file"]).name
    data = (file.with_suffix("") / name).read_bytes()
    if _hash(data) != named["sha256"]:
        raise ValueError(f"{name} is not the picture that was recorded")
    return data


def write(file: Path, record: Record, uses: Uses, names: Mapping[str, str]) -> None:
    """Put a record on disk: pictures first, then the outputs, then the inputs that seal them.

    `names` gives cells with a label the name under which a person looks for their pictures.
    """
    images: dict[str, bytes] = {}
    cells = [_raw_cell(cell, names.get(cell.name, cell.name), images) for cell in record.cells]
    ran = {key: value for key, value in vars(record.ran).items() if value is not False}
    outputs = _json({"format": FORMAT, "key": record.key, "ran": ran, "cells": cells})
    file.parent.mkdir(parents=True, exist_ok=True)
    with disk.alone(file.parent):
        _put(file, {name: images[name] for name in sorted(images)}, outputs, uses)


def write_uses(file: Path, record: Record, uses: Uses) -> bool:
    """Put only the inputs on disk: the outputs are as they were. False if they are not, since another build was here."""
    with disk.alone(file.parent):
        if _read(file)[0] != record:
            return False
        outputs = file.read_bytes()
        named = [item[key]["file"] for cell in json.loads(outputs)["cells"] for item in cell["outputs"] for key in ("image", "raster", "still") if key in item]
        _put(file, {name: (file.with_suffix("") / Path(name).name).read_bytes() for name in named}, outputs, uses)
    return True


def _put(file: Path, images: Mapping[str, bytes], outputs: bytes, uses: Uses) -> None:
    """Make the files of a record what they shall be; touch none that is so already."""
    folder = file.with_suffix("")
    inputs = {"note": NOTE, "seal": _seal(outputs, uses), **_inputs(uses)}
    wanted = {**{folder / name: data for name, data in images.items()}, file: outputs, file.with_suffix(".uses.json"): _json(inputs)}
    changed = {path: data for path, data in wanted.items() if not path.is_file() or path.read_bytes() != data}
    there = folder.iterdir() if folder.is_dir() else ()
    disk.replace_files(changed, file.parent, gone=[path for path in there if path.suffix in IMAGES.values() and path not in wanted])
    with suppress(OSError):  # it is not empty, or not there
        folder.rmdir()


def sweep(folder: Path) -> None:
    """Remove what killed builds have left among the records in a folder."""
    for inside in [folder, *folder.rglob("*/")]:
        if inside.is_dir():
            disk.sweep_files(inside)


def _inputs(uses: Uses) -> dict[str, dict[str, str]]:
    return {"units": dict(uses.units), "data": dict(uses.data), "packages": dict(uses.packages)}


def _raw_cell(cell: Cell, name: str, images: dict[str, bytes]) -> dict[str, Any]:
    outputs, drawn = [], 0
    for output in cell.outputs:
        item: dict[str, Any] = {"kind": output.kind}
        if output.text:
            item["text"] = output.text.splitlines(keepends=True)
        if output.name:
            item["name"] = output.name
        if output.mime:
            item["mime"] = output.mime
        if suffix := IMAGES.get(output.mime):
            drawn += 1
            stem = f"{name}-{drawn}" if drawn > 1 else name
            item["image"] = _named(stem + suffix, output.content, images)
            if output.raster:
                item["raster"] = _named(stem + ".gray.png", output.raster, images)
        elif output.content:
            item["content"] = output.content.decode().splitlines(keepends=True)
            if output.still:
                drawn += 1
                item["still"] = _named((f"{name}-{drawn}" if drawn > 1 else name) + ".svg", output.still, images)
        outputs.append(item)
    return {"cell": cell.name, "outputs": outputs, "seconds": cell.seconds, "source": cell.source}


def _named(name: str, data: bytes, images: dict[str, bytes]) -> dict[str, str]:
    images[name] = data
    return {"file": name, "sha256": _hash(data)}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _seal(outputs: bytes, uses: Uses) -> str:
    """What says that these outputs came from these inputs. Lines of two runs, merged, have another."""
    return _hash(outputs + _json(_inputs(uses)))


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
