"""Sources of raw records: published files with mirrors, or the simulator."""

import gzip
import hashlib
import http.client
import os
import re
import shutil
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from src.data import simulator
from src.data.schema import RecordFormat
from src.utils.files import whole_file
from src.utils.validation import CHECKED

MIRROR_VARIABLE = "IDS_DATA_MIRROR"
TIMEOUT_S = 60
OnProgress = Callable[[str, int, int | None], object]  # file, bytes so far, total bytes or None


def _within_folder(path: str) -> str:
    """Check that a relative path does not lead out of its folder."""
    if not all(re.fullmatch(r"[^./\\][^/\\]*", name) for name in path.split("/")):
        raise ValueError("expected a relative path without `..`, such as kddcup99/corrected.gz")
    return path


def _folder_name(name: str) -> str:
    """Check that a name is that of one folder in `data/`."""
    if not re.fullmatch(r"\w[\w.+ -]{0,99}", name):
        raise ValueError("expected a name of letters, digits and _ . + -, as it is that of a folder in data/")
    return name


FolderName = Annotated[str, AfterValidator(_folder_name)]


class DownloadError(OSError):
    """Failure of all sources to deliver a file as published."""


@dataclass(frozen=True, config=CHECKED)
class PublishedFile:
    """Published file and the facts that identify it.

    The text is checked against the pinned hashes. Without any, its number of lines is checked.

    Attributes:
        path: Path in a mirror, such as `kddcup99/corrected.gz`. A name without `.gz` is plain text.
        sha256: SHA-256 of the uncompressed text, since mirrors recompress; None if no original was available.
        records: Number of lines of the text.
        urls: Public addresses of the file, in the order they are tried.
        git_blob: Git object id of the text: SHA-1 of `blob <size>`, a zero byte and the text; None if unknown.
    """

    path: Annotated[str, AfterValidator(_within_folder)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    records: Annotated[int, Field(ge=1)]
    urls: list[str]
    git_blob: Annotated[str, Field(pattern="^[0-9a-f]{40}$")] | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def packed(self) -> bool:
        """True if the file is a compressed text."""
        return self.path.endswith(".gz")


@dataclass(frozen=True, config=CHECKED)
class PublishedDataset:
    """Published data set: a training file and the official labelled test file.

    Attributes:
        further_tests: Other official test files by the name of their part, such as `test_21`.
        record_format: Format of the lines, which sets the fields behind the 41 columns.
    """

    name: FolderName
    train: PublishedFile
    test: PublishedFile
    further_tests: dict[Annotated[str, Field(pattern="^test_[a-z0-9_]+$")], PublishedFile] = field(default_factory=dict)
    record_format: RecordFormat = "kdd99"
    simulated: Literal[False] = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the files: `train`, `test`, and the further tests."""
        return tuple(self._files)

    def file_name(self, part: str) -> str:
        return self._files[part].name

    def fetch(self, part: str, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        """Download a file into `folder` from the first source that has it as published, unless it is there already.

        Raises:
            DownloadError: no source has the file; lists every address and its error.
        """
        file = self._files[part]
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
        what = f"none of {len(tried)} sources had the file as published:" if tried else "no public address is known."
        raise DownloadError(
            "\n".join(
                [
                    f"{file.name}: {what}",
                    *tried,
                    f"Two ways on: set {MIRROR_VARIABLE} to a folder or URL that holds {file.path}, "
                    "or run on simulated records with dataset=simulated.",
                ]
            )
        )

    @property
    def _files(self) -> dict[str, PublishedFile]:
        return {"train": self.train, "test": self.test, **self.further_tests}

    def _addresses(self, file: PublishedFile) -> list[str]:
        mirror = os.environ.get(MIRROR_VARIABLE)
        if not mirror:
            return file.urls
        path = urllib.parse.quote(file.path) if _is_url(mirror) else file.path  # some servers take + for a blank
        return [f"{mirror.rstrip('/')}/{path}", *file.urls]


@dataclass(frozen=True, config=CHECKED)
class SimulatedDataset:
    """Simulated records in the published format, drawn from a committed profile of the real ones, without a network."""

    name: FolderName
    records: Annotated[int, Field(ge=1_000)]
    test_records: Annotated[int, Field(ge=1_000)]
    seed: Annotated[int, Field(ge=0)]
    simulated: Literal[True] = True

    @property
    def parts(self) -> tuple[str, ...]:
        return ("train", "test")

    @property
    def record_format(self) -> RecordFormat:
        return "kdd99"

    def file_name(self, part: str) -> str:
        return f"{part}.gz"

    def fetch(self, part: str, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        """Write a simulated file into `folder`; the same numbers of records and seed give the same bytes."""
        records = self.records if part == "train" else self.test_records
        path = folder / self.file_name(part)
        with (
            whole_file(path) as new,
            new.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as out,
        ):
            for done, text in simulator.simulate("train" if part == "train" else "test", records, self.seed):
                out.write(text)
                on_progress(path.name, done, records)
        return path


Dataset = PublishedDataset | SimulatedDataset


def _is_url(address: str) -> bool:
    return urllib.parse.urlsplit(address).scheme in ("http", "https")


def _copy(address: str, path: Path, name: str, on_progress: OnProgress) -> None:
    """Copy a local file or fetch a URL."""
    if not _is_url(address):
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
    """Check that the text of a file is complete and matches the pinned hashes."""
    digest, lines, last = hashlib.sha256(), 0, b""
    blob = hashlib.sha1(usedforsecurity=False)
    try:
        if file.git_blob is not None:
            blob.update(b"blob %d\0" % sum(map(len, _text(path, file))))
        for last in _text(path, file):
            digest.update(last)
            blob.update(last)
            lines += last.count(b"\n")
    except EOFError:
        raise EOFError(f"the gz is cut off after {path.stat().st_size:,} bytes") from None
    lines += last != b"" and not last.endswith(b"\n")
    what = "the text inside" if file.packed else "the text"
    for kind, found, pinned in (
        ("sha256", digest.hexdigest(), file.sha256),
        ("git blob id", blob.hexdigest(), file.git_blob),
    ):
        if pinned is not None and found != pinned:
            raise ValueError(f"{what} has {kind} {found} ({lines:,} lines), expected {pinned} "
                             f"({file.records:,} lines)")  # fmt: skip
    if file.sha256 is None and file.git_blob is None and lines != file.records:
        raise ValueError(f"{what} has {lines:,} lines, expected {file.records:,}")


def _text(path: Path, file: PublishedFile) -> Iterator[bytes]:
    with gzip.open(path) if file.packed else path.open("rb") as text:
        while chunk := text.read(1 << 20):
            yield chunk
