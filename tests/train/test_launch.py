"""`run`: processes that start fast, give their results back, and end, whatever happens to them."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import textwrap
import time
import traceback
from pathlib import Path

import pytest
import torch

from dlkit.train.launch import run
from dlkit.train.supervisor import RunFailed
from dlkit.train.world import World, join

ROOT = Path(__file__).resolve().parents[2]
BOTH = pytest.mark.parametrize("start", ["fork", "spawn"])


class Odd(Exception):
    """Cannot be read again by pickle: it is written with one argument."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(one + two)


def gone(folder: Path) -> bool:
    """Whether the processes whose numbers are the names in a folder have ended."""
    pids = [int(path.name) for path in folder.iterdir()]
    assert pids
    for _ in range(1200):
        if not any(Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@BOTH
def test_results_come_back_by_rank(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And all draw what the caller would have drawn."""

    class Local:
        def __init__(self, value: float) -> None:
            self.value = value

    def work(offset: int) -> tuple[Local, torch.Tensor, torch.Tensor]:
        world = join()
        print(f"rank {world.rank}")
        total = world.all_reduce(torch.tensor([float(world.rank + offset)]))
        return Local(world.total(1)[0]), total, torch.rand(3)

    torch.manual_seed(7)
    found = run(work, 10, start=start)
    drawn = torch.rand(3)
    for one, total, mine in found:
        assert one.value == 2.0
        assert torch.equal(total, torch.tensor([21.0]))
        assert torch.equal(mine, drawn)
    assert sorted(capsys.readouterr().out.split("\n")) == ["", "rank 0", "rank 1"]


@BOTH
def test_an_error_reaches_the_caller_with_its_traceback(start: str) -> None:
    def work() -> None:
        world = join()
        if world.rank == 1:
            raise KeyError("no such tea")
        world.barrier()

    with pytest.raises(KeyError, match="no such tea") as caught:
        run(work, start=start)
    last = caught.traceback[-1]
    assert str(last.path) == __file__
    assert str(last.statement).strip() == 'raise KeyError("no such tea")'
    assert "worker" not in {entry.path.stem for entry in caught.traceback if hasattr(entry.path, "stem")}
    assert caught.value.__notes__ == ["In rank 1 of 2."]
    assert "".join(traceback.format_tb(caught.tb)).endswith(f'in work\n    {last.statement!s}\n'.replace("    " * 4, "    ")), "no marks"
    said = str(caught.value.__cause__)
    assert f'File "{__file__}"' in said
    assert 'raise KeyError("no such tea")' in said


def test_an_error_that_cannot_be_sent_is_told() -> None:
    def work() -> None:
        raise Odd(1, 2)

    with pytest.raises(RunFailed, match=r"rank \d of 2 failed: .*Odd: 3"):
        run(work)


def test_of_several_errors_the_lowest_rank_s_is_told() -> None:
    def work() -> None:
        raise ValueError(f"of {join().rank}")

    for _ in range(2):
        with pytest.raises(ValueError, match="of 0"):
            run(work, world=3)


def test_an_exit_is_an_error() -> None:
    with pytest.raises(RunFailed, match="SystemExit: 3"):
        run(lambda: sys.exit(3))


def test_a_result_that_cannot_be_sent_is_an_error() -> None:
    import threading

    with pytest.raises(TypeError, match="lock"):
        run(threading.Lock)


@pytest.mark.parametrize(("start", "how", "size"), [("fork", "kill", 2), ("fork", "exit", 2), ("spawn", "kill", 1)])
def test_a_dead_process_ends_the_run(start: str, how: str, size: int, tmp_path: Path) -> None:
    def work() -> None:
        world = join()
        (tmp_path / str(os.getpid())).touch()
        world.barrier()
        if world.rank == size - 1:
            if how == "exit":
                os._exit(5)
            os.kill(os.getpid(), signal.SIGKILL)
        world.barrier()

    began = time.monotonic()
    with pytest.raises(RunFailed, match=rf"rank {size - 1} of {size} (was ended by SIGKILL|ended with status 5) before it returned"):
        run(work, world=size, start=start, patience=300)
    assert time.monotonic() - began < 200, "nobody has waited until the patience was over"
    assert gone(tmp_path)


def test_a_hung_process_ends_the_run(tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / str(os.getpid())).touch()
        child = subprocess.Popen(["sleep", "1000"])  # what it has started ends, too
        (tmp_path / str(child.pid)).touch()
        if join().rank == 1:
            time.sleep(1000)  # here
        join().barrier()

    with pytest.raises(RunFailed, match="has not ended after 5 s") as caught:
        run(work, timeout=5)
    assert "Rank 1 stands at" in str(caught.value)
    assert "time.sleep(1000)  # here" in str(caught.value)
    assert gone(tmp_path)


def test_who_does_not_come_is_named() -> None:
    def work() -> None:
        if join().rank == 1:
            time.sleep(1000)
        join().barrier()

    with pytest.raises(RunFailed, match=r"rank 0 of 2 waited in vain for the others\. Rank 1 did not come") as caught:
        run(work, patience=5.0)
    assert "time.sleep(1000)" in str(caught.value)


def test_a_process_that_waits_without_python_ends(tmp_path: Path) -> None:
    """One that is stopped cannot say where it stands."""

    def work() -> None:
        (tmp_path / str(os.getpid())).touch()
        if join().rank == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        join().barrier()

    with pytest.raises(RunFailed, match="has not ended"):
        run(work, timeout=3.0)
    assert gone(tmp_path)


@BOTH
def test_nothing_is_left_when_the_caller_is_killed(start: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    folder = tmp_path / "pids"
    folder.mkdir()
    script.write_text(
        textwrap.dedent(f"""
        import os, pathlib, time
        from dlkit.train.launch import run
        def work():
            pathlib.Path({str(folder)!r}, str(os.getpid())).touch()
            time.sleep(1000)
        run(work, start={start!r})
        """)
    )
    caller = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    assert gone(folder)


def test_a_run_within_a_run() -> None:
    def work() -> list[float]:
        return run(lambda: join().total(1), world=1)[0] + join().total(1)

    assert run(work) == [[1.0, 2.0]] * 2


def test_forks_compute_beside_a_caller_with_threads() -> None:
    def work() -> float:
        weight = torch.randn(600, 600, requires_grad=True)
        (weight @ weight).sort()[0].sum().backward()
        return join().total(1)[0]

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        work()
        join().leave()
        assert run(work, start="fork", timeout=60) == [2.0, 2.0]
    finally:
        torch.set_num_threads(before)


def test_a_rank_may_have_processes_of_its_own() -> None:
    def work() -> int:
        return sum(len(batch) for batch in torch.utils.data.DataLoader(range(10), batch_size=3, num_workers=1))  # type: ignore[arg-type]

    assert run(work) == [10, 10]


def test_a_world_of_one() -> None:
    assert run(lambda: join().size, world=1) == [1]
    with join() as world:
        assert world.main
        assert torch.equal(world.sum(torch.ones(2)), torch.ones(2))
        assert world.gather("x") == ["x"]
        world.barrier()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"world": 0}, "at least one process"), ({"start": "thread"}, '"fork" or "spawn"'), ({"device": "tpu"}, '"cpu" or "cuda"')],
)
def test_what_cannot_be_asked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(join, **arguments)  # type: ignore[arg-type]


def test_too_few_gpus() -> None:
    with pytest.raises(RuntimeError, match="has no GPU"):
        run(join, world=1000, device="cuda")


def test_operations() -> None:
    def work() -> list[object]:
        world: World = join()
        mine = torch.tensor([float(world.rank)])
        before = world.sum(mine)
        found = [world.all_reduce(mine.clone(), op).item() for op in ("mean", "max", "min")]
        return [before.item(), mine.item(), *found, world.broadcast(mine, 2).item(), world.gather(world.rank)]

    for rank, found in enumerate(run(work, world=3)):
        assert found == [3.0, float(rank), 1.0, 2.0, 0.0, 2.0, [0, 1, 2]]


def test_the_same_script_under_torchrun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text("from dlkit.train.world import join\nwith join() as world:\n    n = world.total(1)\n    if world.main: print(n, world.size)\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    runpy.run_path(str(script))
    assert capsys.readouterr().out == "[1.0] 1\n"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1", "--nproc-per-node=2", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.stdout == "[2.0] 2\n", done.stderr
