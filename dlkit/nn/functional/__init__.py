"""What layers compute, as functions, with `torch.nn.functional`'s names, arguments and defaults."""

from dlkit.nn.functional.activation import *
from dlkit.nn.functional.attention import *
from dlkit.nn.functional.conv import *
from dlkit.nn.functional.distance import *
from dlkit.nn.functional.dropout import *
from dlkit.nn.functional.embedding import *
from dlkit.nn.functional.labels import *
from dlkit.nn.functional.likelihood import *
from dlkit.nn.functional.linear import *
from dlkit.nn.functional.loss import *
from dlkit.nn.functional.norm import *
from dlkit.nn.functional.pad import *
from dlkit.nn.functional.pool import *
from dlkit.nn.functional.rectifier import *
from dlkit.nn.functional.recurrent import *
from dlkit.nn.functional.softmax import *
