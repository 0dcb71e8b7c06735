"""Side-by-side measurements: ratios within one run, medians, processor time. Nothing here is asserted in a test."""
