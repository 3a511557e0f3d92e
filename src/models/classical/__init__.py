"""Classical models: estimators of scikit-learn and of this project."""
