"""Former name of `python -m src.report leaderboard`; gone in the release after 0.2."""

import sys

from src.report import main

if __name__ == "__main__":
    print("python -m src.standings is now: python -m src.report leaderboard", file=sys.stderr)
    sys.argv.insert(1, "leaderboard")
    main()
