"""What a rain gauge and the moon need of arithmetic. Importing it needs nothing but Python."""

from puddle.gauge import Gauge, read, spells, total
from puddle.moon import SYNODIC_MONTH, age, phase

__all__ = ["SYNODIC_MONTH", "Gauge", "age", "phase", "read", "spells", "total"]
