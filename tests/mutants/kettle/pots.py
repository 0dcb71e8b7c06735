"""Pots: classes in all their forms."""

from dataclasses import dataclass, field

from .base import pour


class Named(type):
    """Numbers classes as they are made."""

    count = 0

    def __new__(mcs, name, bases, space):
        made = super().__new__(mcs, name, bases, space)
        Named.count += 1
        made.number = Named.count
        return made


class Vessel:
    """What holds water."""

    kinds = {}
    size = 1.0

    def __init_subclass__(cls, **given):
        super().__init_subclass__(**given)
        Vessel.kinds[cls.__name__.lower()] = cls

    def __init__(self, water=0.0):
        self.water = water

    def fill(self, cups):
        self.water += pour(cups)
        return self

    def weight(self):
        return self.water + self.empty()

    def empty(self):
        return 0.3

    def __repr__(self):
        return f"<{type(self).__name__} of {self.water:g}>"


class Pot(Vessel):
    """A pot has a lid."""

    lid = "open"

    def empty(self):
        return super().empty() + 0.2

    @property
    def level(self):
        return self.water / self.size

    @level.setter
    def level(self, value):
        self.water = value * self.size

    @classmethod
    def full(cls):
        return cls(cls.size)

    @staticmethod
    def sound(times):
        return "blub " * times


class Teapot(Pot):
    """Smaller."""

    size = 0.8

    def whistle(self):
        return self.sound(2) + self.lid


class Cosy(metaclass=Named):
    """A warm coat."""

    def warmth(self):
        return self.number * 10


@dataclass(order=True)
class Cup:
    """One cup."""

    size: float = 0.25
    sips: list = field(default_factory=list)

    def __post_init__(self):
        self.left = self.size * 4

    def sip(self, share=0.5):
        self.sips.append(self.left * share)
        self.left -= self.sips[-1]
        return self.left

    def __add__(self, other):
        return Cup(self.size + other.size)
