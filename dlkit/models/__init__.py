"""The book's models, as plain `nn.Module`s of PyTorch: a file per family. Needs torch.

Names of tensors end in their shape: `scores_BHTS` has axes B, H, T and S; each file says what its letters mean.
"""

from dlkit.models.alexnet import AlexNet
from dlkit.models.attention import MultiHeadAttention, attend
from dlkit.models.gpt import GPT
from dlkit.models.lenet import LeNet
from dlkit.models.recurrent import LanguageModel
from dlkit.models.resnet import ResNet
from dlkit.models.seq2seq import Seq2Seq
from dlkit.models.transformer import Transformer
from dlkit.models.vgg import VGG

__all__ = ["GPT", "VGG", "AlexNet", "LanguageModel", "LeNet", "MultiHeadAttention", "ResNet", "Seq2Seq", "Transformer", "attend"]
