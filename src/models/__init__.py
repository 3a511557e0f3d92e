"""Networks (Keras 3) and classical baselines behind one interface: `src.models.interface`."""
