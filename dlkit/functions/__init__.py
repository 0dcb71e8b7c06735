"""Functions on tensors, with the names and arguments that torch gives them.

Those that begin with a tensor are methods of it, too (`METHODS`).
"""

from dlkit.functions import create, elementwise, reduce, shapes
from dlkit.functions.create import *
from dlkit.functions.elementwise import *
from dlkit.functions.reduce import *
from dlkit.functions.shapes import *

METHODS = frozenset([*elementwise.__all__, *reduce.__all__, *shapes.__all__])

__all__ = ["METHODS", *METHODS, *create.__all__]
