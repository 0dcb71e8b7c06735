"""A traceback that has come from another process, so that the caller's error shows the lines where it arose."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

Call = tuple[str, int, str]  # file, line, name of the function
RAISE = f"raise (ValueError{' ' * 1000})"  # as wide as the widest line: a part of a line is marked, a whole one is not


def calls(trace: TracebackType | None) -> list[Call]:
    """What a traceback says, as it can be sent."""
    found = []
    while trace:
        code = trace.tb_frame.f_code
        found.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return found


def rebuilt(calls: Sequence[Call]) -> TracebackType | None:
    """A traceback through frames that have no more than file, line and name: `linecache` finds the text.

    >>> import traceback
    >>> print(*traceback.format_tb(rebuilt([("train.py", 7, "step")])), end="")
      File "train.py", line 7, in step
    """
    trace: TracebackType | None = None
    for file, line, name in reversed(calls):
        code = compile("\n" * (line - 1) + RAISE, file, "exec").replace(co_name=name)
        try:
            exec(code, {"__name__": name, "__file__": file})
        except ValueError as error:
            here = error.__traceback__.tb_next if error.__traceback__ else None
            if here:
                trace = TracebackType(trace, here.tb_frame, here.tb_lasti, here.tb_lineno)
    return trace
