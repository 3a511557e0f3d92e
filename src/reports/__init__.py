"""Reports on many runs: the paper, generalization, leaderboard."""
