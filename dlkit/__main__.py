"""`python -m dlkit check`: what works on this machine, and the mend for what does not."""

from __future__ import annotations

import sys

from dlkit.check import report


def main(arguments: list[str]) -> int:
    """The exit status: 0 when all that the book needs is there."""
    if arguments != ["check"]:
        print("usage: python -m dlkit check        (data sets: python -m dlkit.data list | fetch NAME... | verify)", file=sys.stderr)
        return 2
    lines, whole = report()
    print("\n".join(lines))
    return 0 if whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
