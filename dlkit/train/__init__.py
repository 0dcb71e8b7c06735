"""Training models of PyTorch on one device and on many. Needs torch."""
