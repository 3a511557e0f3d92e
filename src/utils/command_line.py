"""Command line of the entry points: `--help` pages, and an end without a traceback where nobody reads on."""

import argparse
import os
import select
import signal
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import current_process
from pathlib import Path
from typing import Any

WIDTH = 100  # columns of a help page
_CLOSED = 128 + 13  # exit status of a command whose reader closed the pipe: 128 and the number of SIGPIPE


def command_parser(name: str, description: str, examples: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of `python -m src.<name>`; its help ends with examples.

    Args:
        name: Name of the command.
        description: Paragraphs of text, which are filled anew.
        examples: Arguments of some calls, a string each.
    """
    lines = [f"  python -m src.{name} {one}".rstrip() for one in examples]
    return argparse.ArgumentParser(
        prog=f"python -m src.{name}",
        description="\n\n".join(textwrap.fill(one, WIDTH) for one in description.split("\n\n")),
        epilog="\n".join(["examples:", *lines]),
        formatter_class=_formatter,
    )


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=WIDTH)


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments of a command ask for its help page."""
    return not {"-h", "--help"}.isdisjoint(arguments)


def open_closed_streams() -> None:
    """Open standard input, output and error where they are closed: they are empty, and nobody reads them.

    Otherwise the next file or pipe that is opened takes their place, and what is printed goes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w" if number else "r", encoding="utf-8"))  # noqa: SIM115


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """End the process quietly where the reader of standard output has gone, as in `... | head -1`.

    The exit status is 141 then, as that of other commands. In a worker of a grid the error goes on, to the main
    process: that would wait for a worker that ends itself.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if current_process().name != "MainProcess" or not _reader_has_gone():
            raise  # a worker; or another pipe, or a connection
        # what is still buffered would fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_CLOSED)


def _reader_has_gone() -> bool:
    """Tell whether standard output is a pipe that nobody reads."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


@contextmanager
def killed_by_closed_pipe() -> Iterator[None]:
    """Let SIGPIPE end the process, as it ends other commands.

    For a library that prints, and that shows an error of its output as a traceback. Not for a command that writes to
    sockets or has a run open, since nothing is cleaned up.
    """
    previous: Any = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        yield
    finally:
        sys.stdout.flush()
        signal.signal(signal.SIGPIPE, previous)
