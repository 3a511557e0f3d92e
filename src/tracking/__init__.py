"""MLflow: the only package that reads and writes its store. MLflow is imported late, as that takes 2 s."""
