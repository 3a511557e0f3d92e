"""Neural networks on Keras."""
