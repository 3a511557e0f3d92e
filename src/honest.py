"""Former name of `python -m src.report generalization`; gone in the release after 0.2."""

import sys

from src.report import main

if __name__ == "__main__":
    print("python -m src.honest is now: python -m src.report generalization", file=sys.stderr)
    sys.argv.insert(1, "generalization")
    main()
