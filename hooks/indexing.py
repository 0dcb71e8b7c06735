"""The index that browsers search, made by Pagefind from what can be found in the site.

Each thing is a small page of its own to Pagefind, so that a result costs a few hundred bytes, not a chapter. What is
shown of it and not searched (its page, its formula) stands in the address of an anchor, which Pagefind hands on as it is.

What a reader waits for first is Pagefind's list of all pages: with numbers instead of hashes for names it is a third as
long. And a number says what has it: the pages of one kind and part stand together, and `FACETS` says how many they are.
So there are no filters, which are as long again, and which Pagefind writes in another order at every run.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import itertools
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
FACETS = "facets.json"
LANGUAGE = "en"
KEPT = re.compile(rf"pagefind\.js|wasm\.{LANGUAGE}\.pagefind|pagefind\.{LANGUAGE}_.*\.pf_meta|pagefind-entry\.json|(?:index|fragment)/.*")
# A page in CBOR: a list of two, its file's name (where hashes begin alike, Pagefind takes more digits), the number of its words.
PAGE = re.compile(rb"\x82[\x6a-\x77](" + LANGUAGE.encode() + rb"_[0-9a-f]{7,20})(?=[\x00-\x1b])")
SEAL = b"pagefind_dcd"  # the beginning of each of its files, unpacked
Files = dict[str, bytes]


def files(records: list[Record], cache: Cache | None = None) -> Files:
    """The files of the index by their names; those of an earlier build, if nothing that can be found has changed."""
    key = keys.digest(*map(repr, records))
    found: Files | None = cache.get("search", key) if cache else None
    if found is None:
        first: dict[str, Record] = {}
        for record in records:
            first.setdefault(record.url, record)  # an address twice is the author's error: to Pagefind it is one page
        ordered = sorted(first.values(), key=_facet)
        found = _settled(_pagefind(map(_page, ordered)), key)
        if (pages := sum(path.startswith("fragment/") for path in found)) != len(ordered):
            raise RuntimeError(f"Pagefind has {pages} pages of {len(ordered)}")
        found[FACETS] = json.dumps(_facets(ordered), ensure_ascii=False).encode()
        if cache:
            cache.put("search", key, found)
    return found


def write(found: Files, folder: Path) -> None:
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _facet(record: Record) -> tuple[int, Part]:
    return search.KINDS.index(record.kind), record.part


def _facets(ordered: list[Record]) -> dict[str, Any]:
    """The parts; how many records of which kind and part follow each other; and the titles of all pages, which answer at the first key."""
    parts = search.parts(ordered)
    place = {part: at for at, part in enumerate(parts)}
    runs = [(facet, len(list(run))) for facet, run in itertools.groupby(ordered, _facet)]
    return {
        "parts": [part.title for part in parts],
        "runs": [[search.KINDS[kind], place.get(part, -1), count] for (kind, part), count in runs],
        "pages": [[record.url, record.title, place.get(record.part, -1)] for record in ordered if record.kind == "section" and "#" not in record.url],
    }


def _page(record: Record) -> dict[str, str]:
    """A record as the page that Pagefind reads."""
    shown = {"page": record.page, **({"formula": record.formula} if record.formula else {})}
    card = html.escape(json.dumps(shown, separators=(",", ":")).replace(" ", r"\u0020"))  # of an address it takes the spaces out
    # In the text the title would be found again; the page's title is found, too, and counts less. But a page without a
    # word Pagefind leaves out, and then the numbers of all that follow are wrong.
    silent = ' data-pagefind-ignore="index"' if re.search(r"[^\W_]", record.text) else ""
    title = f'<h1 data-pagefind-meta="title"{silent}>{html.escape(record.title)}</h1><i id="{card}"></i>'
    words = f"<p>{html.escape(record.text, quote=False)}</p>"
    return {"url": record.url, "file_contents": f'<html lang="{LANGUAGE}"><body>{title}{words}</body></html>'}


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


def _settled(made: Files, key: str) -> Files:
    """The pages with their numbers as names. The other letters are those of the whole index: no browser mixes two of them up."""
    listed = next(path for path in made if path.endswith(".pf_meta"))
    data = gzip.decompress(made[listed])
    assert data.startswith(SEAL)
    renamed: dict[str, str] = {}

    def number(match: re.Match[bytes]) -> bytes:
        renamed[match[1].decode()] = name = f"{LANGUAGE}_{len(renamed):04x}{key[:3]}"
        return b"\x82\x6a" + name.encode()

    fragments = {Path(path).stem: content for path, content in made.items() if path.startswith("fragment/")}
    data = PAGE.sub(number, data, count=len(fragments))  # the pages stand first
    assert renamed.keys() == fragments.keys()
    seal = f"{LANGUAGE}_{hashlib.sha256(data).hexdigest()[:10]}"
    old = listed.removeprefix("pagefind.").removesuffix(".pf_meta")
    settled = {path: content for path, content in made.items() if path != listed and not path.startswith("fragment/")}
    settled |= {f"fragment/{renamed[stem]}.pf_fragment": content for stem, content in fragments.items()}
    settled[f"pagefind.{seal}.pf_meta"] = gzip.compress(data, 9, mtime=0)
    settled["pagefind-entry.json"] = made["pagefind-entry.json"].replace(old.encode(), seal.encode())
    return dict(sorted(settled.items()))
