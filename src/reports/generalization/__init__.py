"""The report on unseen traffic: pages on splits, the contest's test, the taught network, budgets and NSL-KDD."""
