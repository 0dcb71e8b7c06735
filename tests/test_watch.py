"""What a block uses is seen, however it comes to it; and what cannot be seen counts as everything."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hooks import job, section, uses
from hooks.book import Book
from hooks.pool import Pool
from hooks.records import Uses

MUTANTS = Path(__file__).parent / "mutants"
PYTHON = "import subprocess\nimport sys\n\n"


@dataclass
class Watched:
    """The book of mutants, with a warm process."""

    book: Book
    pool: Pool

    def uses(self, *codes: str, solutions: tuple[str, ...] = (), options: str = "") -> Uses:
        """What a section of these blocks uses."""
        opening = f"```python {{{options}}}" if options else "```python"
        parts = ["# Tea", *(f"{opening}\n{code.strip()}\n```" for code in codes)]
        for number, code in enumerate(solutions, 1):
            inside = "".join(f"    {line}\n" for line in ["```python", *code.strip().split("\n"), "```"])
            parts.append(f'??? solution "{number}"\n\n{inside}')
        read = section.parse("\n\n".join(parts) + "\n", "book/tea/tea.md")
        assert read.problems == ()
        result = next(self.pool.run([job.job(read)]))
        assert result.failures == []
        return uses.identify(self.book, read, result)

    def functions(self, *codes: str, **more: object) -> set[str]:
        """The functions of the library that a section uses, without those that run when it is imported."""
        used = {unit for unit in self.uses(*codes, **more).units if ":" in unit}  # type: ignore[arg-type]
        assert used != self.everything, "a process left no notes"
        return {unit.removeprefix("kettle.") for unit in used - self.imported}

    def whole(self, *codes: str) -> bool:
        """Whether a section depends on all of the library."""
        return set(self.uses(*codes).units) - {"_runtime"} == set(self.book.units)

    @property
    def everything(self) -> set[str]:
        return {unit for unit in self.book.units if ":" in unit}

    @property
    def imported(self) -> set[str]:
        return {"kettle.pots:Named.__new__", "kettle.pots:Vessel.__init_subclass__", "kettle.rules:enter_prices", "kettle.rules:rule", "kettle:__getattr__"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched") / "mutants"
    shutil.copytree(MUTANTS, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    read = Book.read(folder / "mkdocs.yml")
    with Pool(read, 2) as pool:
        yield Watched(read, pool)


# In the section's own process


@pytest.mark.parametrize(
    ("code", "functions"),
    [
        ("import kettle", set()),
        ("from kettle import *\n\nscale(1)", {"base:scale"}),
        ("from kettle import fill\n\nfill(1)", {"base:pour", "pots:Vessel.fill"}),
        ("import kettle\n\nkettle.urn(1)", {"late:urn"}),
        ("from importlib import import_module\n\nimport_module('kettle.late').urn(1)", {"late:urn"}),
        ("from kettle.rules import RULES\n\nRULES['lemon'](2)", set()),
        ("from kettle import rules\n\nrules.menu['cake'](2)", {"rules:whip"}),
        ("from kettle import rules\n\nrules.offer(2)", {"rules:offer", "rules:_"}),
        ("from kettle import rules\n\n[].__class__(rules.offer([]))", {"rules:offer", "rules:_#2"}),
        ("from kettle import flow\n\nsorted(['a', 'b'], key=getattr(flow, 'si' + 'ze'))", {"flow:size"}),
        ("from kettle import flow\n\nnext(getattr(flow, 'dro' + 'ps')(2))", {"flow:drops"}),
        ("from kettle.pots import Pot\n\nPot().level = 2", {"pots:Vessel.__init__", "pots:Pot.level", "pots:Pot.level#2"}),
        ("from kettle.pots import Vessel\n\nVessel.empty = lambda self: 1\nVessel.kinds['pot']().weight()", {"pots:Vessel.__init__", "pots:Vessel.weight", "pots:Vessel.empty", "pots:Pot.empty"}),
        ("from kettle import base\n\nbase.scale = lambda *_: 1\nbase.steep('black')", {"base:scale", "base:steep"}),
        ("from kettle import base\n\nvars(base)['sca' + 'le'] = abs\nvars(base)['ste' + 'ep'];", set()),
        ("from kettle import pots\n\ndel pots.Cup.sip\npots.Cup()", {"pots:Cup.sip", "pots:Cup.__post_init__"}),
        ("import pickle\n\nfrom kettle import work\n\npickle.loads(pickle.dumps(vars(work)['cu' + 'be']))(2)", {"work:cube"}),
        ("import importlib\n\nfrom kettle import work\n\nold = vars(work)['cu' + 'be']\nimportlib.reload(work)\nold(2)", {"work:cube"}),
        ("import importlib\n\nfrom kettle import work\n\nvars(work)['cu' + 'be'](2)\nimportlib.reload(work)", {"work:cube"}),
        ("import sys\n\nimport kettle.work\n\ndel sys.modules['kettle.work']\nfrom kettle.work import half\n\nhalf(1)", {"work:half"}),
        ("import threading\n\nfrom kettle import work\n\nthread = threading.Thread(target=vars(work)['cu' + 'be'], args=(1,), daemon=True)\nthread.start()\nthread.join()", {"work:cube"}),
        # looked at
        ("from kettle import base\n\nvars(base)['ste' + 'ep']", {"base:steep"}),  # its signature is shown
        ("from kettle import looked\n\nlooked.parameters()", {"looked:form", "looked:letter", "looked:parameters", "looked:recipe"}),
        ("import inspect\n\nfrom kettle import looked\n\nstr(inspect.signature(vars(looked)['for' + 'm']))", {"looked:form"}),
        ("from kettle import looked\n\nvars(looked)['for' + 'm'].__defaults__", {"looked:form"}),
        ("from kettle import looked\n\nvars(looked)['rec' + 'ipe'].__kwdefaults__", {"looked:recipe"}),
        ("import dis\n\nfrom kettle import looked\n\ndis.dis(vars(looked)['let' + 'ter'])", {"looked:letter"}),
        ("from kettle.looked import form", {"looked:form"}),
    ],
)
def test_functions(book: Watched, code: str, functions: set[str]) -> None:
    assert book.functions(code) == functions


def test_functions_of_solutions(book: Watched) -> None:
    main, one, two = "from kettle import work\n\nwork.cube(1)", "work.half(1)", "import kettle\n\nkettle.urn(2)"
    assert book.functions(main, solutions=(one, two)) == {"work:cube", "work:half", "late:urn"}


def test_functions_of_solutions_in_fresh_processes(book: Watched) -> None:
    main = "import threading\n\nfrom kettle import work\n\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert book.functions(main, solutions=("work.half(1)", "work.mix(2)")) == {"work:half", "work:mix"}


def test_a_signature_that_does_not_fit(book: Watched) -> None:
    """The function never begins; another signature might let it."""
    code = "from kettle import rules\n\nrules.menu['scone']()"
    assert "rules:bake" in book.functions(code, options="raises=TypeError")
    assert "rules:bake" in book.functions(code.replace("rules.menu['scone']()", "try:\n    rules.menu['scone']()\nexcept TypeError:\n    print('no')"))


def test_a_module_that_is_looked_for(book: Watched) -> None:
    assert "kettle/" in book.uses("import kettle.rules").units, "it tries to import another one"


@pytest.mark.parametrize(
    "look",
    ["os.listdir(kettle.__path__[0])", "list(os.scandir(kettle.__path__[0]))", "[m.name for m in pkgutil.iter_modules(kettle.__path__)]", "list(pathlib.Path(kettle.__file__).parent.glob('*'))"],
)
def test_a_list_of_modules(tmp_path: Path, look: str) -> None:
    """In a library that looks for none itself."""
    with Pool(plain(tmp_path)) as pool:
        watched = Watched(pool.book, pool)
        before = watched.uses("import kettle").units
        used = watched.uses(f"import os\nimport pathlib\nimport pkgutil\n\nimport kettle\n\n{look}").units
    assert used.keys() - before.keys() == {"kettle/"}


def plain(folder: Path) -> Book:
    """A small library of its own."""
    (folder / "book").mkdir()
    (folder / "kettle" / "deep").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text("extra: {book: {source: book, library: kettle}}\n")
    (folder / "kettle" / "__init__.py").write_text("def f():\n    return 1\n")
    (folder / "kettle" / "a.py").write_text("def f():\n    return 1\n")
    (folder / "kettle" / "b.py").write_text("from kettle import a\n\n\ndef h():\n    return 0\n\n\nglobals().update(vars(a))\n\n\ndef g():\n    return 2\n")
    (folder / "kettle" / "my-tool.py").write_text("def f():\n    return 1\n")
    (folder / "kettle" / "deep" / "c.py").write_text("def f():\n    return 1\n")
    return Book.read(folder / "mkdocs.yml")


def test_modules_that_are_alike_or_take_each_others_names(tmp_path: Path) -> None:
    with Pool(plain(tmp_path)) as pool:
        watched = Watched(pool.book, pool)
        used = watched.uses("from kettle import b\n\nvars(b)['g']()")
        assert {"kettle.b", "kettle.b:g"} <= used.units.keys()
        assert "kettle.b:h" not in used.units
        used = watched.uses("from importlib import import_module\n\nvars(import_module('kettle.my-tool'))['f'].__call__()")
        assert "kettle.my-tool:f" in used.units
        used = watched.uses("import kettle.deep.c")
        assert "kettle/" in used.units, "`deep` is a folder without `__init__.py`: it may get one"


# Read in another way: the text of the file is what counts


@pytest.mark.parametrize(
    "code",
    [
        "import inspect\n\nfrom kettle import work\n\nprint(inspect.getsource(work.cube))",
        "from pathlib import Path\n\nimport kettle\n\nexec(Path(kettle.__path__[0], 'work.py').read_text())\nprint(cube(2))",
        "import runpy\n\nimport kettle\n\nprint(runpy.run_path(kettle.__path__[0] + '/work.py')['cube'](2))",
        "import importlib.util\n\nimport kettle\n\nspec = importlib.util.spec_from_file_location('other', kettle.__path__[0] + '/work.py')\n"
        "other = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(other)\nprint(other.cube(2))",
        "import sys\n\nimport kettle\n\nsys.path.insert(0, kettle.__path__[0])\nimport work\n\nprint(work.cube(2))",
        "import sys\n\nsys.meta_path[:] = sys.meta_path[1:]\nfrom kettle.work import cube\n\nprint(cube(2))",
        "import pkgutil\n\nprint(pkgutil.get_data('kettle', 'work.py'))",
        "import shutil\nimport sys\n\nimport kettle\n\nshutil.make_archive('all', 'zip', kettle.__path__[0])\nsys.path.insert(0, 'all.zip')\nimport work\n\nprint(work.cube(2))",
        f"{PYTHON}import kettle\n\nprint(subprocess.run([sys.executable, kettle.__path__[0] + '/work.py']))",
        f"{PYTHON}import kettle\n\nsubprocess.run([sys.executable, '-c', 'exec(open({{!r}}).read())'.format(kettle.__path__[0] + '/work.py')], check=True)",
        "from kettle import work\n\nhelp(work.cube)",
        "from kettle import work\n\nprint(work.cube.__doc__)",
    ],
)
@pytest.mark.parametrize("compiled", [False, True], ids=["first", "compiled"])
def test_files_that_are_read(book: Watched, code: str, compiled: bool) -> None:
    cache = book.book.root / "kettle" / "__pycache__"
    if not compiled:
        shutil.rmtree(cache, ignore_errors=True)
    assert "kettle/work.py" in book.uses(code).data


def test_a_source_that_is_read_after_an_error(book: Watched) -> None:
    """The machine itself reads it for the traceback: whoever does so next is seen all the same."""
    used = book.uses("from kettle import base\n\nbase.pour(-1)", options="raises=ValueError")
    assert used.data == {}
    used = book.uses("from kettle import base\n\nbase.pour(-1)", "import inspect\n\nprint(inspect.getsource(base.pour))\nraise ValueError", options="raises=ValueError")
    assert set(used.data) == {"kettle/base.py"}


def test_a_source_that_is_read_for_a_traceback(book: Watched) -> None:
    """What ran counts as code already. One who asks for the source after that is seen."""
    trace = "import inspect, traceback\n\nfrom kettle import base\n\ntry:\n    base.pour(-1)\nexcept ValueError:\n    len(traceback.format_exc())"
    used = book.uses(trace)
    assert used.data == {}
    assert "kettle.base:pour" in used.units
    assert set(book.uses(trace, "print(inspect.getsource(base.pour))").data) == {"kettle/base.py"}


def test_a_module_that_is_run_counts_as_a_whole(book: Watched) -> None:
    code = f"{PYTHON}subprocess.run([sys.executable, '-m', 'kettle.tool', '1'], check=True)"
    assert book.functions(code) == {"base:scale", "tool:main", "tool:extra"}
    assert book.functions("import runpy\n\nrunpy.run_module('kettle.tool');") == {"tool:main", "tool:extra"}


def test_a_module_from_elsewhere(book: Watched) -> None:
    code = "import kettle\n\nkettle.__path__.append('.')\nopen('lid.py', 'w').write('x = 1')\nfrom kettle import lid"
    assert book.whole(code)


def test_a_library_in_an_archive(book: Watched) -> None:
    code = "import sys\nimport zipfile\n\nwith zipfile.ZipFile('a.zip', 'w') as file:\n    file.writestr('kettle.py', 'x = 1')\nsys.path.insert(0, 'a.zip')\nimport kettle\n\nkettle.x"
    used = book.uses(code).units
    assert {unit for unit in used if unit.partition(":")[0] == "kettle"} == {unit for unit in book.book.units if unit.partition(":")[0] == "kettle"}


# In other processes

FORK = "import multiprocessing\n\nfrom kettle import work\n\nfork = multiprocessing.get_context('fork')\ncube = vars(work)['cu' + 'be']\n"
RAW = "import os\n\nfrom kettle import work\n\ncube = vars(work)['cu' + 'be']\nif os.fork() == 0:\n    {0}\nos.wait()"
CHILD = "'from kettle.work import cube; cube(2)'"
SLEEP = "'import time; from kettle.work import cube; cube(2); print(flush=True); time.sleep(60)'"


@pytest.mark.parametrize(
    "code",
    [
        f"{PYTHON}child = subprocess.Popen([sys.executable, '-c', {SLEEP}], stdout=subprocess.PIPE)\nchild.stdout.readline()\nchild.terminate()\nprint(child.wait())",
        RAW.format("cube(1)\n    import signal\n    os.kill(os.getpid(), signal.SIGTERM)"),
    ],
)
def test_a_process_that_is_asked_to_end_is_missed(book: Watched, code: str) -> None:
    assert book.whole(code)


def test_a_pool_that_is_ended_at_once(book: Watched) -> None:
    """Its workers end by themselves or are asked to, as it happens; what they used is never less than what is noted."""
    used = book.uses(FORK + "with fork.Pool(2) as pool:\n    print(pool.map(cube, range(2)))").units
    assert "kettle.work:cube" in used


@pytest.mark.parametrize(
    "code",
    [
        FORK + "process = fork.Process(target=cube, args=(1,))\nprocess.start()\nprocess.join()",
        FORK + "from concurrent.futures import ProcessPoolExecutor\n\nwith ProcessPoolExecutor(2, mp_context=fork) as pool:\n    print(list(pool.map(cube, range(2))))",
        FORK + "import concurrent.futures\n\nwith concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn')) as pool:\n    print(list(pool.map(cube, range(2))))",
        FORK + "pool = fork.Pool(1)\nprint(pool.map(cube, range(2)))\npool.close()\npool.join()",
        RAW.format("cube(1)\n    os._exit(0)"),
        RAW.format("if os.fork() == 0:\n        cube(1)\n        os._exit(0)\n    os.wait()\n    os._exit(0)"),
        RAW.format(f"import sys\n    os.execv(sys.executable, [sys.executable, '-c', {CHILD}])"),
        f"{PYTHON}subprocess.run([sys.executable, '-c', {CHILD}], check=True)",
        f"{PYTHON}subprocess.run(['sh', '-c', f'exec {{sys.executable}} -c \"from kettle.work import cube; cube(2)\"'], check=True)",
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'import atexit; from kettle.work import cube; atexit.register(cube, 2)'], check=True)",
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'import os; from kettle.work import cube; os.fork() or (cube(2), exit()); os.wait()'], check=True)",
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'import atexit, os; from kettle.work import cube; me = os.getpid(); "
        "atexit.register(lambda: os.getpid() == me or cube(2)); os.fork() and os.wait()'], check=True)",
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'from kettle.work import cube; cube(2); 1 / 0'])",
        f"{PYTHON}import os\n\nos.posix_spawn(sys.executable, [sys.executable, '-c', {CHILD}], os.environ)\nos.wait()",
        f"{PYTHON}import os\n\nos.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', {CHILD}])",
    ],
)
def test_processes_that_leave_notes(book: Watched, code: str) -> None:
    assert book.functions(code) == {"work:cube"}


ENDS = "subprocess.run([sys.executable, '-c', 'from kettle.work import cube; cube(2); import os; {0}'])"
BOTH = "subprocess.run(['sh', '-c', f'{sys.executable} -c 0; {sys.executable} -c 0'])\n"


@pytest.mark.parametrize(
    "code",
    [
        f"{PYTHON}subprocess.run(['echo', 'tea'])",
        f"{PYTHON}subprocess.run([sys.executable, '-I', '-c', '0'])",
        f"{PYTHON}subprocess.run([sys.executable, '-S', '-c', '0'])",
        f"{PYTHON}subprocess.run([sys.executable, '-E', '-c', '0'])",
        f"{PYTHON}subprocess.run([sys.executable, '-c', '0'], env={{}})",
        f"{PYTHON}" + ENDS.format("os._exit(0)"),
        f"{PYTHON}" + ENDS.format("os.kill(os.getpid(), 9)"),
        f"{PYTHON}" + ENDS.format("os.abort()"),
        f"{PYTHON}" + ENDS.format('os.execv(\\"/bin/true\\", [\\"true\\"])'),
        f"{PYTHON}" + ENDS.format('os.system(\\"true\\")'),
        f"{PYTHON}child = subprocess.Popen([sys.executable, '-c', {SLEEP}])",
        # One that leaves notes does not stand for one that leaves none.
        f"{PYTHON}{BOTH}",
        f"{PYTHON}{BOTH}subprocess.run(['echo', 'tea'])",
        f"{PYTHON}{BOTH}" + ENDS.format("os.kill(os.getpid(), 9)"),
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'import subprocess, sys; subprocess.run([sys.executable, \"-c\", \"0\"]); subprocess.run(\"true\")'])",
        f"{PYTHON}subprocess.run([sys.executable, '-c', 'import multiprocessing.shared_memory as m; s = m.SharedMemory(create=True, size=9); s.close(); s.unlink()'])\nsubprocess.run('true')",
        "import os\n\nos.system('true')",
        "import os\n\nos.popen('true').read()",
        "import os\n\nos.posix_spawn('/bin/true', ['true'], {})\nos.wait()",
        "import os\n\nos.spawnv(os.P_WAIT, '/bin/true', ['true'])",
        "import os\nimport pty\n\npty.spawn('true')",
        RAW.format("os.kill(os.getpid(), 9)"),
        "import os\nfrom os import _exit\n\nif os.fork() == 0:\n    _exit(0)\nos.wait()",
        FORK + "import time\n\nprocess = fork.Process(target=time.sleep, args=(60,), daemon=True)\nprocess.start()",
    ],
)
def test_processes_that_leave_none_may_have_used_everything(book: Watched, code: str) -> None:
    assert book.whole(code)


def test_helpers_of_python_are_none(book: Watched) -> None:
    code = "from multiprocessing.shared_memory import SharedMemory\n\nmemory = SharedMemory(create=True, size=9)\nmemory.close()\nmemory.unlink()"
    assert book.functions(code) == set()


def test_a_script_that_is_named_like_such_a_helper_is_none(book: Watched) -> None:
    name = "multiprocessing.resource_tracker.py"
    code = f"{PYTHON}open({name!r}, 'w').write('from kettle.work import cube; cube(2)')\nsubprocess.run([sys.executable, {name!r}], check=True)"
    assert book.functions(code) == {"work:cube"}


def test_processes_of_solutions(book: Watched) -> None:
    child = f"import subprocess\nimport sys\n\nsubprocess.run([sys.executable, '-c', {CHILD}], check=True)"
    other = child.replace("cube", "half")
    assert book.functions(child, solutions=(other, "1 + 1")) == {"work:cube", "work:half"}
    assert set(book.uses("1 + 1", solutions=("import subprocess\n\nsubprocess.run('true')",)).units) >= book.everything


@pytest.mark.skipif(sys.platform != "linux", reason="processes are killed")
def test_the_processes_of_these_tests_are_gone(book: Watched) -> None:
    book.pool.run([])
    mine = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"time.sleep(60)" in _read(path)]
    assert mine == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


