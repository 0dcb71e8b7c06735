"""Never hurt: whatever a block does, it costs its own section at most; no process, no folder, no other output is lost or left.

One copy of the tiny book gets a chapter of sections that do harm, and is built once.
"""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from copies import TINY, Done, Tiny, copy
from test_errors import block, spoken
from test_kills import alive, wait_for_the_end
from test_worker import blocks, gone, run, run_all, told

from hooks import family
from hooks.book import Book
from hooks.events import Events
from hooks.pool import Pool

CHAPTER = "book/harm"
MEMORY = 300_000_000
linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: this system has no such limits")

END = "A block must not end its process."
STILL = "the block is still running after 1 s. Make it faster, or raise `timeout=`."
SCARCE = "A section may use 0.3 GB of memory: use less, or raise `memory` in `_runtime.py`."
OFFLINE = "blocks have no network. Data come from the catalogue: the modules that `network` in `_runtime.py` names."
BEHIND = "behind this block, what runs the blocks fails"
SPREAD = """
import os, subprocess, sys, time
subprocess.Popen(["sleep", "600"])
subprocess.Popen(["sleep", "600"], start_new_session=True)
subprocess.run(["sh", "-c", "sleep 600 & (setsid sleep 600 &)"])
daemon = "import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    os.fork() or time.sleep(600)"
subprocess.run([sys.executable, "-c", daemon])
while os.fork() == 0:
    os.setsid()
    time.sleep(0.005)
"""

# A section's name -> what its only block does (it begins on line 4), and what is said of it: line (0: it may be any) and words.
FAULTS: dict[str, tuple[str, int, str]] = {
    # Ends
    "an-end": ("import os\nos._exit(3)", 4, f"the block's process ended with exit status 3. {END}"),
    "an-abort": ("import os\nos.abort()", 5, f"the block's process died of SIGABRT. {END}"),
    "an-exit": ("exit()", 4, "the block raises SystemExit. If it is meant to, add `raises=SystemExit`."),
    "an-exit-with-a-number": ("quit(3)", 4, "the block raises SystemExit: 3."),
    "an-interrupt": ("raise KeyboardInterrupt", 4, "the block raises KeyboardInterrupt."),
    "an-interrupt-of-its-own": ("import os, signal\nos.kill(os.getpid(), signal.SIGINT)", 5, "the block raises KeyboardInterrupt."),
    "a-kill": ("import os\nos.kill(os.getpid(), 9)", 4, f"the block's process died of SIGKILL. {END} If it does not, the machine has run out of memory"),
    "a-termination": ("import os\nos.kill(os.getpid(), 15)", 4, f"the block's process died of SIGTERM. {END}"),
    "an-alarm": ("import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.1)\ntime.sleep(9)", 4, f"the block's process died of SIGALRM. {END}"),
    "a-stop": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", 5, "the block has stopped its process. A block must not stop its process."),
    # Without end
    "a-loop-in-c": ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", 5, STILL),
    "a-call-in-c": ("import ctypes\nctypes.PyDLL(None).sleep(600)", 5, STILL),
    "a-loop-that-hears-nothing": ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass", 4, STILL),
    "a-loop-under-another-number": ("import os\nos.getpid = lambda: os.getppid()\nwhile True: pass", 6, STILL),
    "a-crash-in-depth": ("import sys\nsys.setrecursionlimit(10**9)\na = []\nfor _ in range(10**6): a = [a]\nrepr(a)", 8, f"the block's process died of SIGSEGV. {END}"),
    "a-recursion": ("def f():\n    f()\nf()", 5, "the block raises RecursionError: maximum recursion depth exceeded."),
    # Too much
    "a-flood": ("for _ in range(9): print('rain' * 1_000_000)", 4, "the block prints more than 4,000 kB; 150 kB are allowed. Show less."),
    "a-flood-at-once": ("import os\nfor _ in range(60): os.write(1, b'rain' * 25_000)", 4, "the block prints more than 4,000 kB; 150 kB are allowed. Show less."),
    "a-flood-from-c": ("import subprocess\nsubprocess.run(['sh', '-c', 'yes'])", 5, "the block has written more than 64 MB to its output. Show less."),
    "a-long-word": ("raise ValueError('x' * 10**6)", 4, f"the block raises ValueError: {'x' * 288} ..."),
    # Errors that are hard to tell
    "an-error-without-words": ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", 6, "the block raises E: <exception str() failed>."),
    "an-error-of-odd-letters": ("raise ValueError('\\ud800 \\0 \\x1b[31m!')", 4, "the block raises ValueError: \\ud800 \\x00 !."),
    "a-group": ("raise ExceptionGroup('rain', [KeyError('a'), TypeError('b')])", 4, "the block raises ExceptionGroup: rain (2 sub-exceptions)."),
    "an-error-of-no-kind": ("class E(BaseException): pass\nraise E('a')", 5, "the block raises E: a."),
    "a-question": ("input('rain? ')", 4, "the block raises EOFError: EOF when reading a line. Nobody answers `input()`: write the value into the code."),
    # What the machine stands on
    "closed-files": ("import os\nos.closerange(3, 1000)", 4, "the block has closed the file through which its process answers. Close only what it has opened."),
    "a-word-in-every-file": (
        "import os\nfor n in range(3, 30):\n    try: os.write(n, b'rain' * 9)\n    except OSError: pass",
        0,
        "the block has written into the file through which its process answers. Write only into what it has opened.",
    ),
    "no-lists": ("import builtins\nbuiltins.list = None", 4, f"{BEHIND}: TypeError: "),
    "no-files": ("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))", 4, f"{BEHIND}: OSError: [Errno 24] Too many open files"),
    # What is not its own
    "a-connection": ("import socket\nsocket.create_connection(('192.0.2.1', 80))", 5, f"this block opens a connection to 192.0.2.1:80; {OFFLINE}"),
    "an-address": ("import urllib.request as u\nu.urlopen('http://example.org')", 5, f"this block looks for the address of example.org; {OFFLINE}"),
    "a-packet": ("import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))", 5, f"this block sends to 192.0.2.1:9; {OFFLINE}"),
    "a-server": ("import socket\nsocket.socket().bind(('', 0))", 5, "this block listens at every address; blocks have no network. Listen at 127.0.0.1."),
    "a-childs-connection": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import socket; socket.create_connection((\"192.0.2.1\", 80))'], check=True)",
        5,
        "the block raises subprocess.CalledProcessError: ",
    ),
    "all-processes": ("import os\nos.kill(-1, 9)", 5, "this block signals processes that are not its own. Signal only what the section has started."),
    "the-warm-process": ("import os\nos.kill(os.getppid(), 9)", 5, "this block signals processes that are not its own."),
    # Company
    "company": (SPREAD.strip() + "\nos._exit(4)", 4, f"the block's process ended with exit status 4. {END}"),
    "company-without-end": (SPREAD.strip() + "\ntime.sleep(600)", 13, STILL),
}
if sys.platform == "linux":
    FAULTS |= {
        "much-memory": ("a = bytearray(10**9)", 4, f"the block raises MemoryError. {SCARCE}"),
        "more-memory": ("a = []\nwhile True: a.append(bytearray(10**6))", 5, f"the block raises MemoryError. {SCARCE}"),
        "much-memory-in-c": ("import numpy as np\nnp.ones(10**9)", 5, "the block raises numpy"),
        "the-words-of-c": ('raise RuntimeError("allocator: can\'t allocate memory")', 4, f'the block raises RuntimeError: allocator: can\'t allocate memory. {SCARCE}'),
        "an-abort-of-c": (
            "import os\nos.write(2, b\"terminate called after throwing an instance of 'std::bad_alloc'\")\nos.abort()",
            6,
            f"the block runs out of memory, and its process died of SIGABRT. {SCARCE}",
        ),
    }

# What does no harm, though it might -> words of its page. Each is followed by a block that prints a sum.
SOUND: dict[str, tuple[str, str]] = {
    "a-closed-stream": ("import sys\nsys.stdout.close()\nprint('drip')", "drip 5"),
    "a-closed-descriptor": ("import os\nos.close(1)\nos.close(2)\nfile = open('rain', 'w')", "5"),
    "bytes": ("import os\nos.write(1, b'\\xff drip\\n');", "\\xff drip 5"),
    "another-folder": ("import os\nos.chdir('/')", "5"),
    "no-folder": ("import os, shutil\nshutil.rmtree(os.getcwd())", "5"),
    "a-locked-folder": ("import os\nos.makedirs('a/b')\nos.chmod('a', 0)", "5"),
    "a-temporary-folder": ("import tempfile\nfolder = tempfile.mkdtemp()", "5"),
    "colors": ("print('\\x1b[31mred\\x1b[0m 1\\rdrip')", "drip 5"),
    "a-thread": ("import threading, time\nthreading.Thread(target=lambda: time.sleep(600)).start()", "5"),
    "another-library": ("import sys, puddle\npuddle.Gauge = None\nsys.modules['puddle'] = None", "5"),
    "no-library": ("import sys\nfor name in list(sys.modules):\n    if name.startswith(('json', 'linecache', 'hooks')): del sys.modules[name]", "5"),
    "a-copy": ("import os\nif os.fork() == 0: print('drip', flush=True)\nelse: os.wait();", "drip 5"),
    "a-copy-that-fails": ("import os\nif os.fork() == 0: 1 / 0\nos.waitstatus_to_exitcode(os.wait()[1])", "ZeroDivisionError: division by zero 1 5"),
    "a-copy-that-exits": ("import os, sys\nif os.fork() == 0: sys.exit(7)\nos.waitstatus_to_exitcode(os.wait()[1])", "7 5"),
    "loopback": (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(('localhost', server.getsockname()[1])).close()",
        "5",
    ),
    "no-collection": ("import gc, atexit, signal\ngc.disable()\natexit.register(lambda: 1 / 0)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)", "5"),
    "a-trace": ("import sys\nsys.settrace(lambda *_: None)\nsys.setrecursionlimit(90)", "5"),
}
PATCHED = "builtins.open builtins.zip os.getpid os.path.join os.pread os._exit os.stat time.perf_counter sys.settrace json.dumps json.loads pickle.dumps random.getstate"
SOUND |= {f"no-{name.replace('.', '-').replace('_', '')}": (f"import {name.rpartition('.')[0]}\n{name} = None", "5") for name in PATCHED.split()}


@dataclass
class Built:
    tiny: Tiny
    done: Done
    scratch: Path
    mark: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("faults")
    tiny, scratch, mark = copy(folder / "tinybook"), folder / "scratch", f"MARK-{uuid.uuid4()}"
    scratch.mkdir()
    (tiny.root / CHAPTER).mkdir()
    for slug, (code, _, words) in FAULTS.items():
        limit = "timeout=1" if words == STILL or "stopped" in words else ""
        (tiny.root / CHAPTER / f"{slug}.md").write_text(f"# T\n\n{block(code, limit)}\n")
    for slug, (code, _) in SOUND.items():
        last = "import numpy as np\n\nprint(2 + 3)" if slug != "a-trace" else "print(2 + 3)"
        (tiny.root / CHAPTER / f"{slug}.md").write_text(f"# T\n\n{block(code)}\n\n{block(last)}\n")
    names = "".join(f"          - {slug}:\n" for slug in [*FAULTS, *SOUND])
    tiny.edit("book/outline.yml", "appendices:\n", f"      - slug: harm\n        title: Harm\n        sections:\n{names}appendices:\n")
    tiny.edit("book/_runtime.py", "# Rain needs no network.", f"memory = {MEMORY}\n\n# Rain needs no network.")
    tiny.edit("book/water/a-mornings-work.md", "sheet = []\n", "sheet = list()\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(scratch))
        patch.setenv("BOOK_TEST_MARK", mark)
        return Built(tiny, tiny.run("site"), scratch, mark)


@pytest.mark.parametrize("slug", FAULTS)
def test_each_fault_is_named_with_its_place_and_its_mend(built: Built, slug: str) -> None:
    _, line, words = FAULTS[slug]
    about = [text for text in built.done.said.splitlines() if f"{slug}.md:" in text]
    found = re.search(rf"{CHAPTER}/{slug}\.md:(\d+): ", built.done.said)
    said = f"{CHAPTER}/{slug}.md:{line or (found and found[1])}: {words}"
    assert said in built.done.said, about
    assert said in spoken(built.tiny.page(f"harm/{slug}/"))
    assert len(re.findall(rf"harm/{slug}\.md:\d+: ", built.done.said)) == 1, about


@pytest.mark.parametrize("slug", SOUND)
def test_what_does_no_harm_is_shown(built: Built, slug: str) -> None:
    assert f"harm/{slug}.md: executed, new" in built.done.said, [text for text in built.done.said.splitlines() if f"{slug}.md:" in text]
    shown = " ".join(re.findall(r'<pre class="output[^>]*>(.*?)</pre>', built.tiny.page(f"harm/{slug}/"), re.DOTALL))
    assert " ".join(shown.split()).endswith(SOUND[slug][1])


def test_further_words(built: Built) -> None:
    assert "    ExceptionGroup: rain (2 sub-exceptions)\n      KeyError: 'a'\n      TypeError: 'b'".replace("'b'", "b") in built.done.said
    assert "this block opens a connection to 192.0.2.1:80; blocks have no network\n" in built.done.said, "what a child has said before it failed"
    assert re.search(r"line 2, in f: f\(\)\n.* times more \.\.\.\n.* more \.\.\.\n", built.done.said), "thousand equal lines are folded"
    assert max(map(len, built.done.said.splitlines())) < 3000


def test_the_other_sections_are_as_ever(built: Built) -> None:
    for slug in ("measuring-rain", "the-moon-and-the-rain"):
        assert "7." in built.tiny.text(f"water/{slug}/")
    assert "book/water/a-mornings-work.md: executed, new" in built.done.said
    assert f"the book has {len(FAULTS)} errors, listed above; the other pages are built." in built.done.said


def test_nothing_is_left(built: Built) -> None:
    assert alive(built.mark) == [], "no process"
    assert list(built.scratch.iterdir()) == [], "no folder"


# Processes


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(Book.read(TINY / "mkdocs.yml"), 2) as started:
        yield started


@linux
def test_ending_one_section_ends_no_other_ones_processes(pool: Pool, tmp_path: Path) -> None:
    """Beside a section whose program runs in a session of its own, others come and go, and leave processes behind."""
    stay = f"""
import os, subprocess, time
sleeper = subprocess.Popen(["sh", "-c", "setsid sleep 601 & sleep 601"], start_new_session=True)
while len(os.listdir({str(tmp_path)!r})) < 12:
    time.sleep(0.01)
print(sleeper.poll(), len(subprocess.run(["ps", "--no-headers", "--ppid", str(sleeper.pid)], stdout=subprocess.PIPE).stdout.splitlines()))
"""
    go = "import os\nopen({!r}, 'w')\n" + SPREAD.strip() + "\nos._exit(1)"
    texts = {"stay": blocks(stay.strip(), options="timeout=60")}
    texts |= {f"go-{number}": blocks(go.format(str(tmp_path / str(number)))) for number in range(12)}
    results = run_all(pool, texts)
    assert told(results["stay"])["block-1"] == "None 2"
    assert all(len(results[name].failures) == 1 for name in texts if name != "stay")
    assert wait_for_nobody("sleep\0601") == []


def wait_for_nobody(words: str) -> list[bytes]:
    for _ in range(100):
        found = [line for path in Path("/proc").glob("[0-9]*") if words.encode() in (line := command(path))]
        if not found:
            return []
        time.sleep(0.02)
    return found


def command(path: Path) -> bytes:
    try:
        return (path / "cmdline").read_bytes()
    except OSError:
        return b""


@linux
def test_no_zombie_stays_with_the_warm_process(pool: Pool) -> None:
    for end in ("'done'", "os._exit(1)", "os.kill(os.getpid(), 9)"):
        run(pool, blocks(SPREAD.strip(), end))
    assert [process for process in family.table().values() if process.parent == pool.process.pid] == []


def test_a_multiplying_process_is_caught(pool: Pool) -> None:
    """Each copy makes the next one, in a session of its own or not, and goes: the number of the last one is never known."""
    code = """
import os, time
if os.fork() == 0:
    while True:
        if os.fork(): os._exit(0)
        if time.time_ns() % 3 == 0: os.setsid()
"""
    mark = f"MARK-{uuid.uuid4()}"
    run(pool, blocks(f"import os\n\nos.environ['MARK'] = {mark!r}\nos.execv('/usr/bin/env', ['env', {sys.executable!r}, '-c', {code!r}])"))
    assert wait_for_the_end(mark) < 5


def test_asked_to_end_the_warm_process_clears_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_kills import running

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started = Pool(Book.read(TINY / "mkdocs.yml"), 1)
    own, other = running(started, tmp_path / "where")
    started.process.terminate()
    started.process.wait(10)
    assert gone(own)
    assert gone(other)
    assert list(tmp_path.glob("book-*")) == []
    started.close()


def test_a_section_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait in vain for nothing: each gets its answer."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    with Pool(Book.read(TINY / "mkdocs.yml"), 1) as started:
        assert told(run(started, blocks("1"))) == {"block-1": "1"}
        (tmp_path / "temporary").rmdir()
        results = run_all(started, {"one": blocks("1"), "two": blocks("2")})
        assert [f.message for result in results.values() for f in result.failures] == ["the section's process cannot be started: No such file or directory."] * 2
        (tmp_path / "temporary").mkdir()
        assert told(run(started, blocks("3"))) == {"block-1": "3"}


def test_half_a_message_keeps_nobody_waiting() -> None:
    ours, theirs = os.pipe()
    events = Events(ours)
    os.write(theirs, b"\0\0\0\x05N.")
    assert events.read() == []
    assert not events.garbled
    os.write(theirs, b"umbrella")
    events.read()
    assert events.garbled
    os.close(theirs)
    events.close()


# The network, for those who may


def test_a_module_that_may_use_the_network(tiny: Tiny) -> None:
    """It comes as far as the system: an address that is reserved for documents has no host."""
    fetch = "import socket\n\n\ndef fetch():\n    with socket.socket() as opened:\n        opened.settimeout(0.2)\n        return opened.connect_ex(('192.0.2.1', 9)) != 0\n"
    (tiny.root / "puddle/fetching.py").write_text(fetch)
    (tiny.root / "puddle/sneaking.py").write_text(fetch)
    tiny.edit("book/_runtime.py", "network: tuple[str, ...] = ()", 'network: tuple[str, ...] = ("puddle.fetching",)')
    child = "import subprocess\nimport sys\n\nsubprocess.run([sys.executable, '-c', 'from puddle.{0} import fetch; fetch()'], capture_output=True).returncode"
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 1) as started:
        shown = told(run(started, blocks("from puddle.fetching import fetch\n\nfetch()", child.format("fetching"), child.format("sneaking"))))
        assert list(shown.values()) == ["True", "0", "1"]
        (failure,) = run(started, blocks("from puddle.sneaking import fetch\n\nfetch()")).failures
    assert failure.message.startswith("this block opens a connection to 192.0.2.1:9")


# Where forking is not safe


@pytest.mark.parametrize("why", ["a thread", "a setting"])
def test_a_fresh_process_gives_the_same_outputs(tiny: Tiny, why: str) -> None:
    if why == "a setting":
        tiny.edit("book/_runtime.py", "# Rain needs no network.", "fork = False\n")
    else:
        thread = "import pandas  # noqa: F401\n    import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
        tiny.edit("book/_runtime.py", "import pandas  # noqa: F401", thread)
    with (tiny.root / "book/_runtime.py").open("a") as file:
        file.write("other = 1  # so that all sections run\n")
    before = {name: data for name, data in tiny.records().items() if not name.endswith(".uses.json")}
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert done.said.count("executed, equal") == 3, done.said
    assert {name: data for name, data in tiny.records().items() if not name.endswith(".uses.json")} == before


def test_faults_in_a_fresh_process(tiny: Tiny) -> None:
    tiny.edit("book/_runtime.py", "# Rain needs no network.", "fork = False\n")
    with Pool(Book.read(tiny.root / "mkdocs.yml"), 2) as started:
        spread = blocks(SPREAD.strip() + "\nos._exit(1)")
        results = run_all(started, {"spread": spread, "loop": blocks("while True: pass", options="timeout=1"), "sum": blocks("1 + 1", "2", solutions=("3", "1 / 0"))})
    assert [f.message for f in results["spread"].failures] == ["the block's process ended with exit status 1."]
    assert [f.message for f in results["loop"].failures] == ["the block is still running after 1 s."]
    assert [f.cell for f in results["sum"].failures] == ["solution-2-block-1"]
    assert [cell.name for cell in results["sum"].cells] == ["block-1", "block-2", "solution-1-block-1"]
