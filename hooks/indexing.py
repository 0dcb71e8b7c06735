"""The index that browsers search, made by Pagefind from what can be found in the site.

Each thing is a small page of its own to Pagefind, so that a result costs a few hundred bytes, not a chapter. What is
shown of it and not searched (its kind, its page, its formula) stands in the address of an anchor, which Pagefind hands
on as it is. A kind and a part are filters with one value each: of several values Pagefind writes the order in which
its hash table has them, which differs from run to run; so does the order of the filters, and that we mend.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import subprocess
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pagefind.service import get_executable

from hooks import keys, search
from hooks.cache import Cache
from hooks.search import Part, Record

FOLDER = "pagefind"  # of the index, in the site
LANGUAGE = "en"
KEPT = re.compile(rf"pagefind\.js|wasm\.{LANGUAGE}\.pagefind|pagefind\.{LANGUAGE}_.*\.pf_meta|pagefind-entry\.json|(?:index|fragment|filter)/.*")
FILTERS = re.compile(rb"(?:\x82[\x60-\x77]in-[a-z]+(?:-\d+)?\x6a" + LANGUAGE.encode() + rb"_[0-9a-f]{7})+")
SEAL = b"pagefind_dcd"  # the beginning of each of its files, unpacked
Files = dict[str, bytes]


def files(records: list[Record], cache: Cache | None = None) -> Files:
    """The files of the index by their names; those of an earlier build, if nothing that can be found has changed."""
    key = keys.digest(*map(repr, records))
    found: Files | None = cache.get("search", key) if cache else None
    if found is None:
        parts = search.parts(records)
        found = _settled(_pagefind(_page(record, parts) for record in records))
        found["parts.json"] = json.dumps([part.title for part in parts], ensure_ascii=False).encode()
        if cache:
            cache.put("search", key, found)
    return found


def write(found: Files, folder: Path) -> None:
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _page(record: Record, parts: list[Part]) -> dict[str, str]:
    """A record as the page that Pagefind reads."""
    shown = {"kind": record.kind, "page": record.page, "part": record.part.title}
    if record.formula:
        shown["formula"] = record.formula
    filters = [f"in-{record.kind}", *([f"in-part-{parts.index(record.part)}"] if record.part in parts else [])]
    marks = "".join(f'<i data-pagefind-filter="{name}:y"></i>' for name in filters)
    card = html.escape(json.dumps(shown, separators=(",", ":")).replace(" ", r"\u0020"))  # of an address it takes the spaces out
    # In the text the title would be found again; the page's title is found, too, and counts less.
    title = f'<h1 data-pagefind-meta="title" data-pagefind-ignore="index">{html.escape(record.title)}</h1><i id="{card}"></i>'
    words = f"<p>{html.escape(record.text, quote=False)}</p>"
    return {"url": record.url, "file_contents": f'<html lang="{LANGUAGE}"><body>{title}{marks}{words}</body></html>'}


def _pagefind(pages: Iterable[Mapping[str, str]]) -> Files:
    """Talk to Pagefind's own program. (Its Python package waits a tenth of a second for each page.)"""
    program = get_executable()
    if program is None:
        raise FileNotFoundError("Pagefind's program is not installed: `pip install pagefind[bin]`")
    with subprocess.Popen([program, "--service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            index = _asked(process, [{"type": "NewIndex", "config": {"force_language": LANGUAGE}}])[0]["index_id"]
            _asked(process, [{"type": "AddFile", "index_id": index, **page} for page in pages])
            made = _asked(process, [{"type": "GetFiles", "index_id": index}])[0]["files"]
        finally:
            process.terminate()
    return {file["path"]: base64.b64decode(file["content"]) for file in made if KEPT.fullmatch(file["path"])}


def _asked(process: subprocess.Popen[bytes], questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Its answers: base64 of JSON both ways, a comma behind each."""
    assert process.stdin
    assert process.stdout

    def ask(pipe: Any = process.stdin) -> None:
        for number, question in enumerate(questions, 1):
            pipe.write(base64.b64encode(json.dumps({"message_id": number, "payload": question}).encode()) + b",")
        pipe.flush()

    asking = threading.Thread(target=ask, daemon=True)  # it answers while it is being asked
    asking.start()
    answers: list[dict[str, Any]] = []
    rest = b""
    while len(answers) < len(questions):
        data = process.stdout.read1(1 << 20)  # type: ignore[attr-defined]
        if not data:
            raise RuntimeError("Pagefind has ended before the index was made")
        *whole, rest = (rest + data).split(b",")
        answers += [json.loads(base64.b64decode(answer))["payload"] for answer in whole]
    asking.join()
    for answer in answers:
        if answer["type"] == "Error":
            raise RuntimeError(f"Pagefind: {answer['message']}")
    return answers


def _settled(made: Files) -> Files:
    """The same files for the same pages: the filters in the order of their names, and named by what is in them."""
    name = next(name for name in made if name.endswith(".pf_meta"))
    data = gzip.decompress(made[name])
    assert data.startswith(SEAL)
    filters = FILTERS.search(data)
    if filters:
        each = re.findall(rb"\x82[\x60-\x77]in-[a-z]+(?:-\d+)?\x6a" + LANGUAGE.encode() + rb"_[0-9a-f]{7}", filters[0])
        data = data[: filters.start()] + b"".join(sorted(each)) + data[filters.end() :]
    seal = hashlib.sha256(data).hexdigest()[:10]
    old = name.removeprefix("pagefind.").removesuffix(".pf_meta")
    entry = made["pagefind-entry.json"].replace(old.encode(), f"{LANGUAGE}_{seal}".encode())
    settled = {**made, f"pagefind.{LANGUAGE}_{seal}.pf_meta": gzip.compress(data, 9, mtime=0), "pagefind-entry.json": entry}
    if f"{LANGUAGE}_{seal}" != old:
        del settled[name]
    return dict(sorted(settled.items()))
