"""Numeric kernels for the few operations whose plain XLA lowering is slow on some device."""
