"""Models without a network: scikit-learn estimators, the library's and this project's."""
