"""In what world the blocks of this book run. It never imports the library."""

import hashlib
import pickle
import random
import sys

environment: dict[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
}

# Rain needs no network.
network: tuple[str, ...] = ()


def warm(packages: frozenset[str] | None) -> None:
    """Import once what most sections import, whatever these do; an empty figure brings what matplotlib imports late."""
    import matplotlib.pyplot as plt
    import pandas  # noqa: F401

    figure, _ = plt.subplots()
    figure.canvas.draw()
    plt.close(figure)


# What a reader copies with a block that draws: package -> how it is seeded.
seeds = {"random": "random.seed(0)", "numpy": "numpy.random.seed(0)"}


def seed() -> None:
    """The same random numbers in every run."""
    for package, line in seeds.items():
        if package in sys.modules:
            exec(line, {package: sys.modules[package]})


def random_state() -> bytes:
    """A fingerprint of the generators: it changes when a number is drawn."""
    state: list[object] = [random.getstate()]
    if numpy := sys.modules.get("numpy"):
        state.append(numpy.random.get_state())
    return hashlib.sha256(pickle.dumps(state)).digest()


def devices() -> str:
    """What the section ran on."""
    return "CPU"
