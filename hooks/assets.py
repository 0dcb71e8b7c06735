"""Files that the site takes from npm packages: package.json's field `book.assets` says which, and where they go."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hooks.problem import BookError, Problem


def found(root: Path) -> dict[str, Path]:
    """Path in the site -> file under node_modules. Raises BookError if one is missing.

    A path that ends in a slash takes all files of its patterns.
    """
    manifest = root / "package.json"
    if not manifest.exists():
        return {}
    wanted = json.loads(manifest.read_text(encoding="utf-8")).get("book", {}).get("assets", {})
    files: dict[str, Path] = {}
    for place, patterns in wanted.items():
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            matches = sorted((root / "node_modules").glob(pattern))
            if not matches:
                mend = "Run `npm ci`, or `python -m hooks install book`."
                raise BookError([Problem("package.json", 1, f"`node_modules/{pattern}` is not installed.", mend)])
            files.update({place + path.name if place.endswith("/") else place: path for path in matches})
    return files


def modules(root: Path, files: dict[str, Path]) -> dict[str, str]:
    """Of those files, scripts that import other packages by name, which no browser can: path in the site -> their text.

    package.json's field `book.imports` says what stands for a package: an address, seen from the script.
    """
    manifest = root / "package.json"
    wanted = json.loads(manifest.read_text(encoding="utf-8")).get("book", {}).get("imports", {}) if manifest.exists() else {}
    texts = {}
    for place, packages in wanted.items():
        texts[place] = files[place].read_text(encoding="utf-8")
        for package, address in packages.items():
            texts[place] = re.sub(rf"""(\bfrom\s*)(['"]){re.escape(package)}\2""", rf"\1\2{address}\2", texts[place])
    return texts
