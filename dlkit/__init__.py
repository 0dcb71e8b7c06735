"""The library of *Deep Learning That Runs*. Importing it needs NumPy alone."""
