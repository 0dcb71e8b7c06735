"""Jupyter's semantics without a kernel: IPython's own shell, with outputs caught and lines counted as in the file."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from hooks import capture, live
from hooks.capture import Capture
from hooks.job import Task
from hooks.records import Output


class _Compiler(CachingCompiler):
    """Compiles a block under the section's file name, at the lines where it stands there."""

    path = ""
    lines: list[str] = []
    line = 1

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        # The whole file, so that tracebacks and inspect.getsource show the section's own lines.
        linecache.cache[self.path] = (sum(map(len, self.lines)), None, self.lines, self.path)
        return self.path

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        parsed: ast.AST = super().ast_parse(source, filename, symbol)
        return ast.increment_lineno(parsed, self.line - 1)


class _Hook(DisplayHook):
    silent = False

    def quiet(self) -> bool:
        return self.silent

    def write_output_prompt(self) -> None:
        pass

    def compute_format_data(self, result: Any) -> Any:
        """Nothing for a part of a figure: the figure is shown, and the part in words would say less."""
        return ({}, {}) if capture.part(result) else super().compute_format_data(result)

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        self.shell.show("result", format_dict)

    def finish_displayhook(self) -> None:
        self._is_active = False

    def log_output(self, format_dict: dict[str, Any]) -> None:
        pass


class _Publisher(DisplayPublisher):
    def publish(self, data: dict[str, Any], metadata: Any = None, **_: Any) -> None:
        self.shell.show("display", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.capture.take()


def _exit(code: Any = None) -> NoReturn:
    raise SystemExit if code is None else SystemExit(code)


class Shell(InteractiveShell):
    """Runs the cells of one section."""

    compiler_class = Type(_Compiler)
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    capture: Capture
    unshown: BaseException | None = None

    def __init__(self) -> None:
        """A shell for any section, made once in the warm process: forks `begin` theirs."""
        config = Config()
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        super().__init__(config=config, user_ns={"__name__": "__main__"})
        self.display_formatter.formatters["image/svg+xml"].for_type_by_name("matplotlib.figure", "Figure", self._figure)
        self.display_formatter.mimebundle_formatter.for_type_by_name(*live.CHARTS, live.bundled)
        self.figures: list[Output] = []

    def begin(self, caught: Capture, path: str, text: str) -> None:
        """Become the shell of one section, whose scratch folder is the working folder."""
        self.capture = caught
        self.compile.path, self.compile.lines = path, text.splitlines(keepends=True)
        self.history_manager.dir_hist[:] = [Path.cwd()]  # what blocks know as `_dh`
        self.starting_dir = os.getcwd()

    def init_virtualenv(self) -> None:
        """The environment is the one that the section's process was started in."""

    def init_user_ns(self) -> None:
        super().init_user_ns()
        self.user_ns["exit"] = self.user_ns["quit"] = _exit  # IPython's own let the block go on

    def _tee(self, channel: str) -> nullcontext[None]:
        """Nothing is kept of what blocks print: the capture does that, and a stream may be None."""
        return nullcontext()

    def showtraceback(self, exc_tuple: Any = None, *_: Any, **__: Any) -> None:
        """The error is the caller's to show. That of a value which cannot be shown comes this way alone."""
        if exc_tuple:
            self.unshown = self.unshown or exc_tuple[1]

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """As any other error."""

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nor is it kept: that would read the source of every frame, and so make it an input."""
        return {}

    def show(self, kind: str, data: dict[str, Any]) -> None:
        if self.figures:  # the value was a figure, drawn by the formatter below
            self.capture.add(self.figures.pop())
            self.figures.clear()
        elif data:
            self.capture.add(capture.bundle(kind, data))

    def _figure(self, drawn: Any) -> str:
        output = capture.figure(drawn)
        self.figures.append(output)
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(drawn)  # shown once, not again at the block's end
        return output.content.decode()

    def block(self, task: Task) -> BaseException | None:
        """Run a block; the exception that ended it, if one did."""
        self.compile.line = task.line
        self.displayhook.silent = task.quiet
        self.unshown = None
        result = self.run_cell(task.source, store_history=True)
        error: BaseException | None = result.error_before_exec or result.error_in_exec or self.unshown
        if error is None:
            for drawn in capture.open_figures():
                self.capture.add(capture.figure(drawn))
        else:
            capture.open_figures()
        return error

    def transform_cell(self, raw_cell: str) -> str:
        """Blocks are Python: nothing of IPython's own syntax is looked for."""
        return raw_cell

    def value(self, task: Task) -> str:
        """The text of an expression in prose."""
        parsed = ast.parse(task.source, self.compile.path, "eval")
        code = compile(ast.increment_lineno(parsed, task.line - 1), self.compile.path, "eval")
        self.compile.cache("")
        return str(eval(code, self.user_ns))
