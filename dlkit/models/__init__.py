"""The book's models, as plain `nn.Module`s of PyTorch: a file per family. Needs torch."""
