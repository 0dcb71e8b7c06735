"""Archives that upstream holds only as many small files: rebuilt here, and checked by the list of their members.

Two uncompressed tar files of the same members are the same set; so such an archive has two checksums in the catalogue:
of the file that mirrors hold, and of the list "<sha256>  <name>" of its members, sorted by name.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from dlkit.data.archives import members
from dlkit.data.catalogue import DataError, File
from dlkit.data.downloading.web import download

ZIP = 1 << 30  # bytes: a repository's archive has no promised size
KEEP = {  # which of the upstream archive's members belong to the set
    "bccd": r"(Annotations|ImageSets/Main|JPEGImages)/[^/]+",
    "cifar10-jpeg": r"(train|test)/[a-z]+/\d{4}\.jpg",
    "fsdd": r"\d_[a-z]+_\d+\.wav",
}


def rebuilt_path(path: Path) -> Path:
    """Where the rebuilt archive stands: beside the mirror's, uncompressed."""
    return path.with_name(path.name.removesuffix(".tar.xz") + ".rebuilt.tar")


def rebuild(file: File, folder: Path) -> Path:
    """The archive, from upstream, in the folder.

    Raises:
        DataError: the members are not those of the catalogue.
    """
    assert file.rebuild is not None
    source = file.rebuild["from"]
    found = dict(_one_by_one(file, source, folder) if "{member}" in source else _from_zip(file, source, folder))
    return pack(file, found, folder / "file")


def pack(file: File, found: dict[str, bytes], path: Path) -> Path:
    """The members as a tar file, if they are the catalogue's."""
    check(file, found)
    with tarfile.open(path, "w") as tar:
        for name in sorted(found):
            info = tarfile.TarInfo(name)
            info.size = len(found[name])
            tar.addfile(info, io.BytesIO(found[name]))
    return path


def is_right(file: File, path: Path) -> bool:
    """Whether a rebuilt archive stands there whole."""
    try:
        check(file, dict(members(path)))
    except DataError:
        return False
    return True


def check(file: File, found: dict[str, bytes]) -> None:
    """The members' list has the catalogue's checksum, or it is an error."""
    lines = "".join(f"{hashlib.sha256(found[name]).hexdigest()}  {name}\n" for name in sorted(found))
    if hashlib.sha256(lines.encode()).hexdigest() != file.content_sha256:
        raise DataError("the files there are not those in the catalogue (the checksum of their list differs)")


def _from_zip(file: File, source: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Those of the set, below the one top folder of a repository's archive and the prefix."""
    assert file.rebuild is not None
    download(source, folder / "upstream.zip", limit=ZIP)
    keep, prefix = re.compile(KEEP[file.set]), file.rebuild["prefix"]
    for name, content in members(folder / "upstream.zip"):
        inner = name.partition("/")[2]
        if inner.startswith(prefix) and keep.fullmatch(inner.removeprefix(prefix)):
            yield inner.removeprefix(prefix), content


def _one_by_one(file: File, source: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each member from its own address, by the list in the catalogue."""
    assert file.rebuild is not None
    for name, digest in file.rebuild["members"].items():
        path = folder / digest
        if not path.exists():  # two members may be equal
            download(source.replace("{member}", name), path, limit=1 << 24, known_hash=f"sha256:{digest}")
        yield name, path.read_bytes()
