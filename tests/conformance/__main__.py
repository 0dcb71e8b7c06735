"""python -m tests.conformance [NAMES...] [--cap N] [-v] [--write]: what agrees with torch, an operation a row.

`--write` runs all and writes the page docs/conformance.md. The exit status is 1 where a sample differs, and 2 where
nothing could be compared.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time

from tests.conformance import databases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cap", type=int, default=databases.CAP)
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if databases.missing():
        print(f"nothing compared: {databases.missing()}", file=sys.stderr)
        return 2
    from tests.conformance import operations, table

    found: dict[str, list[operations.Result]] = {}
    totals: collections.Counter[str] = collections.Counter()
    for name in given.names or operations.NAMES:
        start, row = time.process_time(), collections.Counter()
        said: collections.Counter[str] = collections.Counter()
        found[name] = list(operations.run(name, given.cap))
        for result in found[name]:
            row["samples"] += 1
            row["passed" if result.passed else "unsupported" if result.unsupported else "failed"] += 1
            if not result.passed:
                why = result.unsupported or next(f"{k}: {w}" for k, w in result.wrong.items() if w)
                said[why if given.verbose < 2 else f"[{result.variant} {result.dtype} {result.number}] {why}"] += 1
        totals.update(row)
        if given.verbose == 0 or row["passed"] < row["samples"]:
            print(f"{name:40} {dict(row)} {time.process_time() - start:.1f} s")
        for why, times in said.most_common(3 if given.verbose == 1 else 100) if given.verbose else ():
            print(f"      {times} x {why}")
    print(f"{dict(totals)}, {totals['passed'] / max(1, totals['samples']):.2%} passed")
    if given.write and (given.names or given.cap != databases.CAP):
        parser.error("--write is for all operations and samples")
    if given.write:
        table.PAGE.write_text(table.page(found), encoding="utf-8")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
