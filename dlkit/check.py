"""What works on this machine: versions, devices, data; and the mend for what does not."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MEND = "python -m pip install '.[run]', in the folder of the book"
PACKAGES = ("numpy", "torch", "matplotlib", "pandas", "pillow", "scikit-learn", "pooch", "filelock", "safetensors", "cloudpickle", "array-api-compat")


def report() -> tuple[list[str], bool]:
    """Lines for a person, and whether nothing is missing. A missing GPU or data set is told, and is no fault."""
    found, missing = packages()
    lines = [f"Python    {platform.python_version()} on {platform.system()} {platform.machine()}", f"packages  {', '.join(found)}"]
    if missing:
        lines.append(f"          missing: {', '.join(missing)}; mend: {MEND}")
    lines += [f"devices   {line}" for line in devices()] if "torch" not in missing else []
    lines += [f"data      {line}" for line in data()] if not {"pooch", "filelock"} & set(missing) else []
    return lines, not missing


def packages() -> tuple[list[str], list[str]]:
    """Those that are installed, with their versions, and those that are not."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return found, missing


def devices() -> list[str]:
    """The processor, and each GPU with its memory."""
    import torch

    lines = [f"cpu: {os.cpu_count()} cores, torch uses {torch.get_num_threads()}"]
    for number in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(number)
        lines.append(f"cuda:{number}: {about.name}, {about.total_memory / 2**30:.0f} GiB")
    if torch.backends.mps.is_available():
        lines.append("mps: Apple's GPU")
    if len(lines) == 1:
        why = "this torch is built without CUDA" if torch.version.cuda is None else "torch sees none; is the driver installed?"
        lines.append(f"no GPU ({why}): sections that need one are shown as recorded")
    return lines


def data() -> list[str]:
    """How much of the catalogue is in the cache, and where the rest would come from."""
    from dlkit.data import cache, sets
    from dlkit.data.store import stands

    usual = [held for held in sets().values() if not held.off_mirror]
    whole = [held for held in usual if all(stands(file) for file in held.wanted)]
    lines = [f"{len(whole)} of {len(usual)} sets in {cache()}"]
    mirror = os.environ.get("DLKIT_MIRROR", "")
    if mirror and not mirror.startswith("http") and not Path(mirror).is_dir():
        lines.append(f"DLKIT_MIRROR is {mirror}, which is no folder; mend: name one that holds the files as set/name, or unset it")
    elif mirror:
        lines.append(f"mirror: {mirror}")
    if len(whole) < len(usual):
        size = sum(held.bytes for held in usual if held not in whole) / 1e6
        lines.append(f"a set is fetched when a section first asks for it; all at once ({size:.0f} MB): python -m dlkit.data fetch --all")
    return lines
