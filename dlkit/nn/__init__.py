"""Layers on the engine, with the names, arguments, defaults and `state_dict` keys of `torch.nn`."""

from dlkit.nn import functional, init, utils
from dlkit.nn.activation import (
    GLU,
    Hardsigmoid,
    Hardtanh,
    LogSigmoid,
    LogSoftmax,
    Sigmoid,
    Softmax,
    Softmin,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)
from dlkit.nn.attention import MultiheadAttention
from dlkit.nn.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from dlkit.nn.cells import GRUCell, LSTMCell, RNNCell
from dlkit.nn.classification import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss
from dlkit.nn.container import ModuleDict, ModuleList, Sequential
from dlkit.nn.conv import Conv1d, Conv2d, Conv3d
from dlkit.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from dlkit.nn.dropout import Dropout, Dropout1d, Dropout2d
from dlkit.nn.embedding import Embedding
from dlkit.nn.instancenorm import InstanceNorm1d, InstanceNorm2d
from dlkit.nn.linear import Bilinear, Linear
from dlkit.nn.loss import GaussianNLLLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, PoissonNLLLoss, SmoothL1Loss
from dlkit.nn.module import Module
from dlkit.nn.normalization import GroupNorm, LayerNorm, RMSNorm
from dlkit.nn.padding import (
    CircularPad1d,
    CircularPad2d,
    ConstantPad1d,
    ConstantPad2d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReplicationPad1d,
    ReplicationPad2d,
    ZeroPad1d,
    ZeroPad2d,
)
from dlkit.nn.parameter import Parameter
from dlkit.nn.pooling import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from dlkit.nn.rectifiers import CELU, ELU, GELU, SELU, Hardswish, LeakyReLU, Mish, PReLU, ReLU, ReLU6, SiLU, Softplus
from dlkit.nn.recurrent import GRU, LSTM, RNN
from dlkit.nn.shape import Flatten, Identity, Unflatten
from dlkit.nn.transformer import (
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "CircularPad1d",
    "CircularPad2d",
    "ConstantPad1d",
    "ConstantPad2d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianNLLLoss",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "KLDivLoss",
    "L1Loss",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "PReLU",
    "Parameter",
    "PoissonNLLLoss",
    "RMSNorm",
    "RNNCell",
    "ReLU",
    "ReLU6",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
    "ZeroPad1d",
    "ZeroPad2d",
    "functional",
    "init",
    "utils",
]
