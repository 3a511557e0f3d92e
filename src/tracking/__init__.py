"""MLflow: the only room that writes to it and reads from it. MLflow itself is imported late: it costs 2 s."""
