"""Starts a stage and ends the process before its work, when the config is composed, checked and built.

python -m benchmarks.contenders.start STAGE
"""

import os
import runpy
import sys
from typing import Any

import src.config.build


def main() -> None:
    """Start the stage of the command line as DVC does, but exit after building its config."""
    build = src.config.build.build

    def build_alone(*arguments: Any, **options: Any) -> None:
        build(*arguments, **options)
        os._exit(0)

    src.config.build.build = build_alone  # type: ignore[assignment]  # the stage imports it from there
    runpy.run_module(f"src.{sys.argv.pop(1)}", run_name="__main__", alter_sys=True)
    sys.exit("the stage never built its config")


if __name__ == "__main__":
    main()
