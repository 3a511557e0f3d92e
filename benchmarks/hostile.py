"""Measures what `src.predict` makes of damaged and hostile files: seconds, and the most memory of the process.

python -m benchmarks.hostile models/detector                            # of this project
python -m benchmarks.hostile models/detector --project ../an-older-one  # the same files, read by the code of another

Prints rows of a Markdown table; docs/input.md has those of two versions side by side.
"""

import argparse
import gzip
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.data.schema_files import declared_schema
from src.data.simulator import simulate
from src.utils.paths import PROJECT

LIMIT_S = 120
LIMIT_BYTES = 8 << 30  # of address space, so that an older version takes no machine down
MEMBER = 100_000_000  # bytes of text in a member of a gz that has several
INTERRUPT_AFTER_S = 15  # until the command has started and is at work


@dataclass(frozen=True)
class Case:
    """A file and how it is read.

    Attributes:
        name: What the file is, in words.
        write: Function that writes it.
        interrupted: If true, Ctrl-C is sent, and the seconds are those until the end after it.
    """

    name: str
    write: Callable[[Path], None]
    stop: bool = False
    interrupted: bool = False


def records(count: int) -> bytes:
    """Lines of simulated records."""
    return b"".join(simulate("test", count, 0, declared_schema("kdd")))


def packed(text: bytes, members: int = 1) -> Callable[[Path], None]:
    """Write a gz of many equal members."""
    return lambda path: path.write_bytes(gzip.compress(text, 1) * members) and None


def odd_record(column: int, value: bytes) -> bytes:
    """Record with another value in a column."""
    fields = records(1_000).split(b"\n")[0].split(b",")
    fields[column] = value
    return b",".join(fields) + b"\n"


def cases() -> list[Case]:
    """The files, from small to large."""
    blanks = odd_record(2, b"ht" + b" " * 80_000 + b"tp")
    digits = odd_record(4, b"9" * 60_000 + b"x")
    good = records(20_000)
    return [
        Case("80,000 blanks inside a word", packed(good + blanks)),
        Case("the same, Ctrl-C", packed(good + blanks * 20), interrupted=True),
        Case("100 numbers of 60,000 digits", packed(good + digits * 100)),
        Case("16 MB of line ends, 16 kB of gz", packed(good + b"\n" * 16_000_000)),
        Case("2,000,000 malformed lines, 4 MB", packed(good + b"x\n" * 2_000_000)),
        Case("the same, `stop`", packed(good + b"x\n" * 2_000_000), stop=True),
        Case("the same, Ctrl-C", packed(b"x\n" * 20_000_000), interrupted=True),
        Case("1 GB without a line end, 1 MB of gz", packed(b"x" * MEMBER, 10)),
        Case("10 GB without a line end, 10 MB of gz", packed(b"x" * MEMBER, 100)),
        Case("10 GB of line ends, 10 MB of gz", packed(b"\n" * MEMBER, 100)),
        Case("5,000,000 records, 0.7 GB", packed(good, 250)),
    ]


def _limit() -> None:
    """Prepare the process of the command."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored in what a shell runs in the background


@dataclass(frozen=True)
class Outcome:
    """Result of the command on one file.

    Attributes:
        seconds: Time to its end; None where it took longer than `LIMIT_S`.
        megabytes: Most memory of the process.
        printed: Last line that it printed.
    """

    seconds: float | None
    megabytes: float
    status: int
    printed: str

    def row(self, name: str) -> str:
        """Row of the table."""
        time = f"over {LIMIT_S} s" if self.seconds is None else f"{self.seconds:.1f} s"
        return f"| {name} | {time} | {self.megabytes:,.0f} MB | {self.status} | {self.printed[-100:]} |"


def measure(case: Case, detector: Path, project: Path, folder: Path) -> Outcome:
    """Run the command on the file of a case."""
    path = folder / "records.csv.gz"
    case.write(path)
    mode = [] if case.stop else ["--on-bad-record", "quarantine"]
    command = [
        sys.executable,
        "-m",
        "src.predict",
        "--model",
        str(detector),
        str(path),
        "-o",
        str(folder / "verdicts.csv"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [*command, *mode],
            cwd=project,
            env=environment,
            stdout=errors,
            stderr=errors,
            preexec_fn=_limit,
        )
    started = time.monotonic()
    if case.interrupted:
        time.sleep(INTERRUPT_AFTER_S)
        started = time.monotonic()
        os.kill(process.pid, signal.SIGINT)  # one that has ended is still there to be waited for
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0] and time.monotonic() < started + LIMIT_S:
        time.sleep(0.01)
    seconds: float | None = time.monotonic() - started
    if not ended[0]:
        process.kill()
        ended, seconds = os.wait4(process.pid, 0), None
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    lines = (folder / "errors").read_text(errors="replace").splitlines()
    size = ended[2].ru_maxrss / 1024 / (1 if sys.platform == "linux" else 1024)
    return Outcome(seconds, size, process.returncode, lines[-1] if lines else "")


def main() -> None:
    """Measure every case, or those with a word in their name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__.partition("\n")[0])
    parser.add_argument("detector", type=Path, help="folder of a detector")
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the code (default: this one)")
    parser.add_argument("--only", default="", help="words in the name of a case")
    options = parser.parse_args()
    print("| file | time | memory | exit status | last line printed |\n|---|---|---|---|---|")
    for case in cases():
        if options.only in case.name:
            with tempfile.TemporaryDirectory() as folder:
                outcome = measure(case, options.detector.resolve(), options.project.resolve(), Path(folder))
            print(outcome.row(case.name), flush=True)


if __name__ == "__main__":
    main()
