"""Where raw records come from: published files behind mirrors, or the simulator."""

import gzip
import hashlib
import http.client
import os
import shutil
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from src.checked import CHECKED
from src.data import simulator
from src.files import whole_file

MIRROR_VARIABLE = "IDS_DATA_MIRROR"
TIMEOUT_S = 60
Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")
OnProgress = Callable[[str, int, int | None], object]  # file, bytes so far, bytes in all where known


class DownloadError(OSError):
    """No source had the file as published."""


@dataclass(frozen=True, config=CHECKED)
class PublishedFile:
    """One published file.

    Attributes:
        path: Its place in a mirror, such as `kddcup99/corrected.gz`.
        sha256: Of the text inside, since mirrors recompress; None where no original was at hand to pin.
        records: How many lines the text has.
        urls: Public addresses of the file itself, in the order they are tried.
    """

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    records: Annotated[int, Field(ge=1)]
    urls: list[str]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, config=CHECKED)
class PublishedDataset:
    """Files as published, a training file and the official labelled test file."""

    name: str
    train: PublishedFile
    test: PublishedFile
    simulated: Literal[False] = False

    def file_name(self, part: Part) -> str:
        return self._file(part).name

    def fetch(self, part: Part, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        """Bring one file into `folder` from the first source that has it as published, unless it is there already.

        Raises:
            DownloadError: with every address tried and what was wrong there.
        """
        file = self._file(part)
        path = folder / file.name
        if path.is_file() and _is_published(path, file):
            return path
        tried = []
        for address in self._addresses(file):
            try:
                with whole_file(path) as new:
                    _copy(address, new, file.name, on_progress)
                    _verify(new, file)
                return path
            except (OSError, EOFError, zlib.error, ValueError, http.client.HTTPException) as error:
                tried.append(f"  {address}: {error or type(error).__name__}")
        raise DownloadError(
            "\n".join(
                [
                    f"{file.name}: none of {len(tried)} sources had the file as published:",
                    *tried,
                    f"Two ways on: set {MIRROR_VARIABLE} to a folder or URL that holds {file.path}, "
                    "or run on simulated records with dataset=simulated.",
                ]
            )
        )

    def _file(self, part: Part) -> PublishedFile:
        return self.train if part == "train" else self.test

    def _addresses(self, file: PublishedFile) -> list[str]:
        mirror = os.environ.get(MIRROR_VARIABLE)
        return [*([f"{mirror.rstrip('/')}/{file.path}"] if mirror else []), *file.urls]


@dataclass(frozen=True, config=CHECKED)
class SimulatedDataset:
    """Records in the published format, drawn from a committed profile of the real ones; needs no network."""

    name: str
    records: Annotated[int, Field(ge=1_000)]
    test_records: Annotated[int, Field(ge=1_000)]
    seed: Annotated[int, Field(ge=0)]
    simulated: Literal[True] = True

    def file_name(self, part: Part) -> str:
        return f"{part}.gz"

    def fetch(self, part: Part, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        """Write one simulated file into `folder`: the same bytes for the same records and seed."""
        records = self.records if part == "train" else self.test_records
        path = folder / self.file_name(part)
        with (
            whole_file(path) as new,
            new.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as out,
        ):
            for done, text in simulator.simulate(part, records, self.seed):
                out.write(text)
                on_progress(path.name, done, records)
        return path


Dataset = PublishedDataset | SimulatedDataset


def _copy(address: str, path: Path, name: str, on_progress: OnProgress) -> None:
    """Copy a local file or fetch a URL."""
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        shutil.copyfile(address.removeprefix("file://"), path)
        return
    request = urllib.request.Request(address, headers={"User-Agent": "lstm-intrusion-detection"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply, path.open("wb") as out:
        length = reply.headers.get("Content-Length")
        total = int(length) if length else None
        done = 0
        while chunk := reply.read(1 << 18):
            out.write(chunk)
            done += len(chunk)
            on_progress(name, done, total)
        if total is not None and done != total:
            raise EOFError(f"the connection ended after {done:,} of {total:,} bytes")


def _is_published(path: Path, file: PublishedFile) -> bool:
    try:
        _verify(path, file)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return True


def _verify(path: Path, file: PublishedFile) -> None:
    """Check the text inside a gz: whole, and the pinned one."""
    digest, lines = hashlib.sha256(), 0
    try:
        with gzip.open(path) as text:
            while chunk := text.read(1 << 20):
                digest.update(chunk)
                lines += chunk.count(b"\n")
    except EOFError:
        raise EOFError(f"the gz is cut off after {path.stat().st_size:,} bytes") from None
    if file.sha256 is not None and digest.hexdigest() != file.sha256:
        raise ValueError(f"the text inside has sha256 {digest.hexdigest()} ({lines:,} lines), expected {file.sha256} "
                         f"({file.records:,} lines)")  # fmt: skip
    if file.sha256 is None and lines != file.records:
        raise ValueError(f"the text inside has {lines:,} lines, expected {file.records:,}")
