"""Server of the MLflow UI."""
