"""What layers compute, as functions, with `torch.nn.functional`'s names, arguments and defaults."""

from dlkit.nn.functional.attention import *
from dlkit.nn.functional.conv import *
from dlkit.nn.functional.embedding import *
from dlkit.nn.functional.linear import *
from dlkit.nn.functional.norm import *
from dlkit.nn.functional.pool import *
from dlkit.nn.functional.recurrent import *
from dlkit.nn.functional.softmax import *
