"""Networks (Keras 3) and classical models with one interface, `src.models.interface`."""
