"""The compound operations of `dlkit.autograd`, each written out in primitives: the definition, plain and slow.

They are what the operations are tested against, and what gives them gradients of higher order. Some are fast enough to
be used as they are: embeddings, sums over windows, plain recurrent networks.
"""

from dlkit.equivalents.dense import (
    attention,
    embedding,
    linear,
    log_softmax,
    nll_of_logits,
    normalize,
    softmax,
)
from dlkit.equivalents.recurrent import recurrent
from dlkit.equivalents.windows import conv, conv_transpose, max_pool, pad, sum_pool

__all__ = [
    "attention",
    "conv",
    "conv_transpose",
    "embedding",
    "linear",
    "log_softmax",
    "max_pool",
    "nll_of_logits",
    "normalize",
    "pad",
    "recurrent",
    "softmax",
    "sum_pool",
]
