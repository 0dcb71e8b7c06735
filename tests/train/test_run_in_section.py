"""`run` within a section of a book: with the network closed but for loopback, and limits on the process."""

from __future__ import annotations

import json

from copies import Tiny

SECTION = """---
stars: 1
needs: []
able: [count in many processes]
---
# Many

```python
import torch
from dlkit.train.distributed import shard
from dlkit.train.launch import run
from dlkit.train.world import join

def count(n):
    world = join()
    if world.main:
        print("hello")
    net = shard(torch.nn.Sequential(torch.nn.Linear(2, 2)), world)
    net(torch.ones(1, 2)).sum().backward()
    return world.total(n + world.rank)

print(run(count, 5, world=2))
```

```python {raises=ValueError}
def fail():
    if join().rank:
        raise ValueError("ouch")
    join().barrier()

run(fail)
```
"""


def test_a_section_runs_many_processes(tiny: Tiny) -> None:
    (tiny.root / "book/water/many.md").write_text(SECTION, encoding="utf-8")
    tiny.edit("book/outline.yml", "          - measuring-rain:\n", "          - measuring-rain:\n          - many:\n")
    done = tiny.run("update", "many")
    assert done.status == 0, done.said
    cells = json.loads((tiny.root / "book/_records/water/many.json").read_text())["cells"]
    said = ["".join(output["text"]) for cell in cells for output in cell["outputs"]]
    assert said[0] == "hello\n[[11.0], [11.0]]\n"
    first, *_, frame, error, note = said[1].splitlines()
    assert first == "Traceback (most recent call last):"
    assert (frame, error, note) == ('  line 3, in fail: raise ValueError("ouch")', "ValueError: ouch", "In rank 1 of 2.")
    used = json.loads((tiny.root / "book/_records/water/many.uses.json").read_text())["units"]
    assert set(used) == {"_runtime"}, "of a process that leaves no word, all of the library is taken as used"
