"""A build that is killed, at any moment: the records and the site stay whole, no process survives, the next build is as good.

What a kill at each single step does to a record and to a site is in `test_disk.py`. Here whole builds are killed: half of
them at random times, half before a random step on the files that must stay whole.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from copies import ROOT, Tiny, copy, still

from hooks import job, records, section
from hooks.book import Book
from hooks.pool import Pool
from hooks.problem import BookError
from hooks.records import Record, Uses

MEASURING = "book/water/measuring-rain.md"
MOON = "book/water/the-moon-and-the-rain.md"
MORNING = "book/water/a-mornings-work.md"

# Loaded by every Python of a build. The one that writes records and site writes down its steps on them, or is killed,
# with its whole group, before one of them.
COUNTER = r'''
import os
import signal
import sys

if "mkdocs" in sys.orig_argv:
    steps = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "ctypes.dlsym"}
    log, last, count = os.environ.get("STEPS_LOG"), int(os.environ.get("LAST_STEP", 0)), 0

    def step(event, arguments):
        global count
        if event not in steps:
            return
        place = str(arguments[0])
        phase = "record" if "_records" in place else "site" if place.endswith("renameat2") or arguments[-1] == "renameat2" else ""
        if event in ("os.remove", "os.rmdir", "shutil.rmtree"):
            phase = phase or "clear"
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if phase:
            count += 1
            if count == last:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            if log:
                with open(log, "a") as file:
                    file.write(phase + "\n")

    sys.addaudithook(step)
'''

Kept = dict[str, tuple[Record | None, Uses | None, str]]


@dataclass
class Scene:
    """A book in which every section must run, with an old site; and what a build makes of it that nobody disturbs."""

    tiny: Tiny
    kept: Path  # the book as it was before
    scratch: Path  # for temporary files of builds
    old: Kept = field(default_factory=dict)
    new: Kept = field(default_factory=dict)
    old_site: dict[str, bytes] = field(default_factory=dict)
    new_site: dict[str, bytes] = field(default_factory=dict)
    new_records: dict[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0  # that such a build takes
    steps: list[str] = field(default_factory=list)  # and its steps on files, by phase

    def read(self) -> Kept:
        book = Book.read(self.tiny.root / "mkdocs.yml")
        return {file: records.read(book.record_file(read)) for file, read in book.sections.items()}

    def restore(self) -> None:
        shutil.rmtree(self.tiny.root)
        shutil.copytree(self.kept, self.tiny.root)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """A build in a process group of its own, all of its processes marked."""
        paths = [str(self.kept.parent / "start"), str(ROOT)]
        whole = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(self.scratch), "NO_MKDOCS_2_WARNING": "1", **environment}
        return subprocess.Popen(
            [sys.executable, "-m", "hooks", "site"], cwd=self.tiny.root, env=whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("kills")
    tiny = copy(folder / "book")
    still(tiny)
    shutil.rmtree(tiny.root / "book/_records")  # whose clock ran
    # Something that a kill must find, too: a block's own process.
    tiny.edit(MORNING, """subprocess.run([sys.executable, "-c", "print('07:22  the printer')"], check=True)""", 'subprocess.run(["sh", "-c", "sleep 0.3; echo 07:22  the printer"], check=True)')
    done = tiny.run("update")
    assert done.status == 0, done.said
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said
    scene = Scene(tiny, folder / "kept", folder / "scratch")
    scene.old, scene.old_site = scene.read(), tiny.site()
    # One has other outputs and other pictures, one has pictures of other names, one has only other inputs.
    tiny.edit(MEASURING, "table.head(4)", "table.head(5)")
    tiny.edit(MEASURING, "bars(list(rain.values()))", 'bars(list(rain.values()), color="C2")')
    tiny.edit(MEASURING, "figsize=(2.6, 1.6)", "figsize=(2.6, 1.8)")
    path = tiny.root / MOON
    path.write_text(path.read_text().replace("fig-chance", "fig-luck").replace('color="0.7"', 'color="0.5"'))
    tiny.edit("book/_runtime.py", "import time\n", 'import time\n\nKIND = "rain"\n')
    (folder / "start").mkdir()
    (folder / "start" / "sitecustomize.py").write_text(COUNTER)
    scene.scratch.mkdir()
    shutil.copytree(tiny.root, scene.kept)
    began = time.monotonic()
    build = scene.start(STEPS_LOG=str(folder / "steps"))
    said, _ = build.communicate()
    scene.seconds = time.monotonic() - began
    assert build.returncode == 0, said
    assert "0 replayed, 3 executed" in said
    scene.steps = (folder / "steps").read_text().split()
    assert set(scene.steps) >= {"record", "clear"}
    scene.new, scene.new_records, scene.new_site = scene.read(), tiny.records(), tiny.site()
    assert scene.new_site != scene.old_site
    assert all(new[:2] != old[:2] and None not in new[:2] + old[:2] for new, old in zip(scene.new.values(), scene.old.values(), strict=True))
    assert tiny.run("site", "--strict").status == 0
    assert tiny.site() == scene.new_site, "what is executed and what is replayed gives the same site"
    return scene


def alive(mark: str) -> list[int]:
    """The processes that were started with a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:  # it has ended, or waits to be buried
            pass
    return found


def wait_for_the_end(mark: str) -> float:
    """How many seconds the last of a build's processes lived on."""
    began = time.monotonic()
    while left := alive(mark):
        if time.monotonic() - began > 10:
            lines = [f"{pid}: {Path(f'/proc/{pid}/cmdline').read_bytes()!r}" for pid in left]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"still alive: {lines}")
        time.sleep(0.01)
    return time.monotonic() - began


def left_over(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob(".*") if path.name.startswith(".site-") or path.name.endswith(".part")]


def killed(scene: Scene, after: float = 0.0, step: int = 0) -> list[str]:
    """Kill one build; the state of affairs that it leaves, in words."""
    mark = f"MARK-{uuid.uuid4()}"
    build = scene.start(BOOK_TEST_MARK=mark, LAST_STEP=str(step))
    if step:
        build.wait()  # where an earlier one came far, it may have fewer steps, and is done
        assert build.returncode in (-signal.SIGKILL, 0)
    else:
        time.sleep(after)
        os.killpg(build.pid, signal.SIGKILL)
        build.wait()
    lived = wait_for_the_end(mark)
    assert build.stdout
    build.stdout.close()
    words = [f"longest survivor: {lived:.1f} s"]
    # No record is half.
    for file, (record, uses, trouble) in scene.read().items():
        old, new = scene.old[file], scene.new[file]
        assert record in (None, old[0], new[0]), file
        assert uses is None or (record, uses) in (old[:2], new[:2]), file
        assert (uses is None) == bool(trouble)
        words.append("record: " + ("none" if record is None else "unsealed" if uses is None else "old" if (record, uses) == old[:2] else "new"))
    # Nor is the site.
    site = scene.tiny.site()
    assert site in (scene.old_site, scene.new_site), "the site is neither the old one nor the new one"
    words.append("site: " + ("old" if site == scene.old_site else "new"))
    assert [path.name for path in scene.scratch.iterdir()] == []
    if left_over(scene.tiny.root):
        words.append("something left over")
    return words


def mended(scene: Scene) -> None:
    """The next build is as good as one that nobody has disturbed."""
    done = scene.tiny.run("site")
    assert done.status == 0, done.said
    assert scene.tiny.records() == scene.new_records
    assert scene.tiny.site() == scene.new_site
    assert left_over(scene.tiny.root) == []


def kill(scene: Scene, count: int, seed: int) -> Counter[str]:
    """Kill builds, half of them by the clock, half by their steps; how often each state of affairs was found.

    Every other one begins from what a killed one has left, and then one is left in peace.
    """
    generator = random.Random(seed)
    by_clock, by_step = count - count // 2, count // 2
    found: Counter[str] = Counter()
    phases = [[number for number, phase in enumerate(scene.steps, 1) if phase == name] for name in ("record", "site", "clear")]
    phases = [numbers for numbers in phases if numbers]
    moments = [((part + generator.random()) / by_clock * scene.seconds, 0) for part in range(by_clock)]
    steps = [generator.choice(phases[part % len(phases)]) for part in range(by_step)]
    plan = [*moments, *((0.0, step) for step in steps)]
    generator.shuffle(plan)
    for number, (after, step) in enumerate(plan):
        if number % 2 == 0:
            scene.restore()
        try:
            found.update(killed(scene, after, step))
            if number % 2 or number == count - 1:
                mended(scene)
        except AssertionError as error:
            raise AssertionError(f"kills {plan[number - number % 2 : number + 1]}: seconds, or steps {scene.steps}") from error
    return found


def test_a_few_kills(scene: Scene) -> None:
    kill(scene, 6, seed=1)


@pytest.mark.slow
def test_a_hundred_kills(scene: Scene) -> None:
    found = kill(scene, 100, seed=2)
    print(f"\na build takes {scene.seconds:.1f} s and {Counter(scene.steps)} steps; kills found", *sorted(found.items()), sep="\n")
    assert {"record: old", "record: new", "site: old", "site: new"} <= set(found)


def test_two_builds_at_once(scene: Scene) -> None:
    """Both run everything, write the same records, replace the same site."""
    scene.restore()
    builds = [scene.start() for _ in range(2)]
    for build in builds:
        said, _ = build.communicate()
        assert build.returncode == 0, said
    assert scene.tiny.records() == scene.new_records
    assert scene.tiny.site() == scene.new_site
    assert left_over(scene.tiny.root) == []
    assert scene.tiny.run("site", "--strict").status == 0


# Processes


BLOCK = """
import os
import subprocess

sleeper = subprocess.Popen(["sleep", "600"])
with open({where!r} + ".part", "w") as file:
    file.write(f"{{os.getpid()}} {{sleeper.pid}}")
os.rename({where!r} + ".part", {where!r})
{end}
"""


def running(pool: Pool, where: Path, end: str = "while True: pass") -> tuple[int, int]:
    """Give the warm process a block that never ends; its process, and one that it has started."""
    code = BLOCK.format(where=str(where), end=end)
    read = section.parse(f"# Rain\n\n```python {{timeout=600}}\n{code.strip()}\n```\n", "book/water/rain.md")
    pool.wait()
    pool.connection.send(job.job(read))
    for _ in range(1000):
        if where.exists():
            own, other = where.read_text().split()
            return int(own), int(other)
        time.sleep(0.01)
    raise AssertionError("it does not start")


def gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


CLIENT = """
import sys
from pathlib import Path

sys.path[:0] = [{tests!r}]

from copies import TINY
from test_kills import running

from hooks.book import Book
from hooks.pool import Pool

pool = Pool(Book.read(TINY / "mkdocs.yml"), 2)
print(*running(pool, Path({where!r})), pool.process.pid, flush=True)
pool.connection.recv()
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a block that never ends. It says three numbers: of the block, of what that started, of the worker."""
    code = CLIENT.format(tests=str(Path(__file__).parent), where=str(tmp_path / "where"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        process.kill()


def test_nothing_outlives_a_killed_build(client: subprocess.Popen[str], tmp_path: Path) -> None:
    """A loop does not ask whether anybody still listens, and a program that it has started even less."""
    assert client.stdout
    pids = [int(word) for word in client.stdout.readline().split()]
    assert len(pids) == 3
    os.killpg(client.pid, signal.SIGKILL)
    client.wait()
    assert [pid for pid in pids if not gone(pid)] == []
    assert list(tmp_path.glob("book-*")) == [], "scratch folders are removed"


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux tells a process that its parent has died")
def test_blocks_do_not_outlive_a_killed_worker(tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # nobody is left to remove the scratch folder
    pool = Pool(Book.read(scene.tiny.root / "mkdocs.yml"), 1)
    own, other = running(pool, tmp_path / "where")
    pool.process.kill()
    assert gone(own)
    os.kill(other, signal.SIGKILL)  # nobody is left who could know of this one
    with pytest.raises(BookError, match="the process that runs the blocks died"):
        list(pool.run([job.job(section.parse("# Rain\n\n```python\n1\n```\n", "book/water/rain.md"))] * 2))
    pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux tells a process that its parent has died")
def test_a_worker_that_is_still_warming_up(tmp_path: Path) -> None:
    """It does not listen yet; `_runtime.py` may take its time, or hang."""
    tiny = copy(tmp_path / "book")
    tiny.edit("book/_runtime.py", "    figure, _ = plt.subplots()", "    import time\n\n    time.sleep(600)\n    figure, _ = plt.subplots()")
    mark = f"MARK-{uuid.uuid4()}"
    tiny.edit("book/_runtime.py", "    import time\n", f"    import time\n    open({str(tmp_path / 'warm')!r}, 'w')\n")
    build = Scene(tiny, tmp_path / "kept", tmp_path).start(BOOK_TEST_MARK=mark)
    for _ in range(1000):
        if (tmp_path / "warm").exists():
            break
        time.sleep(0.01)
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate()
    assert wait_for_the_end(mark) < 5


def test_many_long_sections_and_long_answers(scene: Scene) -> None:
    """More than fits into the connection, in both directions: neither side waits for the other."""
    text = "# Rain\n\n```python\nprint('x' * 140_000)\n```\n" + "Rain. " * 20_000
    with Pool(Book.read(scene.tiny.root / "mkdocs.yml"), 2) as pool:
        jobs = [job.job(section.parse(text, f"book/water/rain-{number}.md")) for number in range(20)]
        results = list(pool.run(jobs))
    assert len({result.file for result in results}) == 20
    assert [failure for result in results for failure in result.failures] == []
