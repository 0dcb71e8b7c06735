"""What waits, and what goes on."""

import asyncio

PAUSE = 0


def drops(number):
    """Drop by drop."""
    for drop in range(number):
        yield drop * 2


def stream(number):
    yield "open"
    yield from drops(number)


async def boil(minutes):
    await asyncio.sleep(PAUSE)
    return minutes + 4


async def waves(number):
    for wave in range(number):
        await asyncio.sleep(PAUSE)
        yield wave + 10


async def both(minutes):
    """Waits for two at once, and counts waves."""
    found = await asyncio.gather(boil(minutes), boil(minutes * 2))
    return [*found, *[wave async for wave in waves(2)]]


def outer(number):
    """Holds another function."""

    def inner(value):
        return value + number

    return [inner(value) for value in range(2)]


def longest(words):
    """Functions that nobody names where they are called."""
    return max(map(trim, words), key=size)


def trim(word):
    return word.strip("-")


def size(word):
    return len(word)


class Step:
    """Goes from 1 on, under `with`, in loops, as a function."""

    def __init__(self, stop):
        self.at, self.stop = 0, stop

    def __enter__(self):
        self.at += 1
        return self

    def __exit__(self, *_):
        self.at = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= self.stop:
            raise StopIteration
        self.at += 1
        return self.at

    def __call__(self, word):
        return f"{self.at} {word}"

    def __getattr__(self, name):
        return f"no {name}"
