"""The time of one training step, ours beside other libraries: `python -m benchmarks.training`."""
