"""The book's own page of code: in what world its blocks run.

The build reads this in the process that runs the blocks, before anything else is imported there. The library is
never imported in `warm`: the build must see when a section uses it.
"""

import hashlib
import pickle
import random
import sys

# One thread and one instruction set, so that sums are added in the same order on every machine.
environment = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
    # glibc keeps freed arrays of up to 32 MB for the next ones, where it would return them to the system every time.
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "67108864",
    # torchrun looks for this machine here, not by its name, which a laptop without a network may not resolve.
    "PET_LOCAL_ADDR": "127.0.0.1",
    "TORCH_CPP_LOG_LEVEL": "ERROR",  # nor does PyTorch need that name, which it warns of
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}

# Two settings may stand here besides; these are their defaults:
#     memory = 4_000_000_000  # bytes that each process of a section may use above what this one does (Linux)
#     fork = True             # if not, each section's process is started anew: slower, with the same result, and what
#                             # happens anyway on macOS, or where `warm` leaves a thread

# Modules of the library, by their dotted names, that may use the network while blocks run, with what they contain: those
# that fetch data sets. A checksum vouches for what they bring; so they are no input of a section.
network: tuple[str, ...] = ("dlkit.data.downloading",)


# The first cell of a notebook, by the packages that its section uses (under an empty name: of every one). It puts the
# generators where `seed` puts them, and gives figures the book's style.
notebook = {
    "": "import random\nrandom.seed(0)",
    "numpy": "import numpy\nnumpy.random.seed(0)",
    "torch": "import torch\ntorch.manual_seed(0)",
    "matplotlib": "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\nfrom dlkit import plot\nplot.use()",
}


# Packages that take long to import. Sections that import none of them do not wait for it.
heavy = ("torch", "sklearn")


def warm(packages: frozenset[str] | None) -> None:
    """Import, once, what most sections import, with the parts that are imported late.

    `packages` are those that the sections that are to run import, as far as their text tells; None: any.
    """
    import matplotlib.pyplot as plt
    import numpy  # noqa: F401

    figure, axes = plt.subplots()
    axes.plot([0, 1])
    figure.canvas.draw()
    plt.close(figure)
    wanted = heavy if packages is None else packages
    try:
        if "sklearn" in wanted:
            import sklearn.datasets  # noqa: F401
        if "torch" in wanted:
            import torch

            # The first optimizer pulls in another 1.3 s of imports, its first step some more.
            weight = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.SGD([weight], lr=0.1)
            weight.sum().backward()
            optimizer.step()
    except ImportError:  # a section that needs it will say so
        return


def imported(package: str) -> None:
    """Called when a block, or the library, has imported a package for the first time: figures get the book's style."""
    if package == "matplotlib":
        from dlkit import plot

        plot.use()
    seed()  # what was not warm comes without a seed


# What puts the generators of a package into a known state. It is also what a reader copies with a block that draws.
seeds = {
    "random": "random.seed(0)",
    "numpy": "numpy.random.seed(0)",
    "torch": "torch.manual_seed(0)",
}
seeded: set[str] = set()  # packages whose generators are in that state


def seed() -> None:
    """Put every generator of random numbers into a known state: all before a section's first block, later only those
    that have come in since."""
    for package, line in seeds.items():
        if package in sys.modules and package not in seeded:
            seeded.add(package)
            exec(line, {package: sys.modules[package]})


def random_state() -> str:
    """A fingerprint of all generators: two are equal if and only if nothing was drawn in between."""
    state = [random.getstate()]
    if numpy := sys.modules.get("numpy"):
        state.append(numpy.random.get_state())
    if torch := sys.modules.get("torch"):
        state.append(torch.get_rng_state().numpy().tobytes())
    return hashlib.sha256(pickle.dumps(state)).hexdigest()


def gpus() -> int:
    """How many GPUs there are, for sections that begin only where they are."""
    import torch

    return torch.cuda.device_count()


def devices() -> str:
    """What the section ran on, for its cost line."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"
    return "CPU"
