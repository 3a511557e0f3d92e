"""Clone of HEAD for measurements of whole commands, and the published files that they read."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from src.data.sources import MIRROR_VARIABLE
from src.utils.paths import PROJECT

RECORDS = 494_021  # records of the 10 % file
COPIES = 10  # copies of it that replace the full training file, which has as many records


@dataclass(frozen=True)
class Measured:
    """Result of a command: wall-clock seconds, peak memory of its process in GiB, and its output."""

    seconds: float
    memory: float
    output: str


class Clone:
    """Clone of the project in which commands are measured."""

    def __init__(self, root: Path):
        self.root = root
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(root)], check=True)

    def run(self, *command: str, mirror: Path | None, env: Mapping[str, str] | None = None) -> Measured:
        variables = {**os.environ, "DVC_NO_ANALYTICS": "1", **(env or {})}
        if mirror:
            variables[MIRROR_VARIABLE] = str(mirror)
        variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
        start = time.perf_counter()
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, cwd=self.root, env=variables, stdout=output, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            output.seek(0)
            errors.seek(0)
            if status:
                raise SystemExit(f"{' '.join(command)} failed:\n{output.read()}{errors.read()}")
            return Measured(seconds, usage.ru_maxrss / 2**20, output.read())


def mirror_folder() -> Path:
    """Folder of the published files, so that no benchmark waits for a network."""
    folder = os.environ.get(MIRROR_VARIABLE, "")
    if not folder or not Path(folder, "kddcup99").is_dir():
        raise SystemExit(
            f"{MIRROR_VARIABLE}={folder!r}: found no folder kddcup99 in it, expected the folder of the "
            "published files; set the variable to it"
        )
    return Path(folder).resolve()


def full_size(mirror: Path, scratch: Path) -> Path:
    """Build a mirror whose full training file is ten copies of the 10 % file (concatenated gz members are a gz)."""
    folder = scratch / "mirror" / "kddcup99"
    folder.mkdir(parents=True)
    shutil.copyfile(mirror / "kddcup99" / "corrected.gz", folder / "corrected.gz")
    part = (mirror / "kddcup99" / "kddcup.data_10_percent.gz").read_bytes()
    (folder / "kddcup.data.gz").write_bytes(part * COPIES)
    return folder.parent
