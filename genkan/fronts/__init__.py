"""Fronts turn bytes into a `Call` and a result into bytes, and decide nothing else."""
