"""Sources of raw records: published files with mirrors, or the simulator."""

import gzip
import hashlib
import http.client
import os
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from src.data import fetching, simulator
from src.data.formats.kinds import compression
from src.data.schema import Schema
from src.data.schema_files import declared_schema
from src.utils.files import whole_file
from src.utils.messages import system_words
from src.utils.validation import CHECKED, Count

MIRROR_VARIABLE = "IDS_DATA_MIRROR"
_LINE_BYTES = 1_000  # most bytes of a line on average, where the size of a text is not known
_GZ_BYTES = 1 << 20  # that a gz may have more than its text
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

    The text is checked against the pinned hashes, its number of lines, and its size where that is known. A file is also
    as published if it is the published gz, byte for byte.

    Attributes:
        path: Path in a mirror, such as `kddcup99/corrected.gz`. A name without `.gz` is plain text.
        sha256: SHA-256 of the uncompressed text, since mirrors recompress; None if no original was available.
        records: Number of lines of the text.
        urls: Public addresses of the file, in the order they are tried.
        git_blob: Git object id of the text: SHA-1 of `blob <size>`, a zero byte and the text; None if unknown.
        size: Bytes of the text; None if unknown.
        size_tolerance: Bytes that the size may differ by, where it is known roughly.
        packed_sha256: SHA-256 of the gz as it was published, which a mirror may have packed anew; None if unknown.
        holds: Another file, each of whose lines must be in this one; checked unless a hash is as pinned.
    """

    path: Annotated[str, AfterValidator(_within_folder)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    records: Count
    urls: list[str]
    git_blob: Annotated[str, Field(pattern="^[0-9a-f]{40}$")] | None = None
    size: Count | None = None
    size_tolerance: Annotated[int, Field(ge=0)] = 0
    packed_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    holds: "PublishedFile | None" = None

    @property
    def most_bytes(self) -> int:
        """Bytes that the text has at most."""
        return self.records * _LINE_BYTES if self.size is None else self.size + self.size_tolerance

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def packed(self) -> bool:
        """True if the file is a compressed text."""
        return self.path.endswith(".gz")


@dataclass(frozen=True, config=CHECKED)
class PublishedDataset:
    """Published data set: a training file, and the official labelled test file if there is one.

    Attributes:
        schema: Columns and labels of the files.
        test: Official test file; None where there is none. Then `split=official` is refused.
        further_tests: Other official test files by the name of their part, such as `test_21`.
        ordered: True if the lines are in the order of the traffic, which layouts with previous records read.
        copies: False if the files have each record once, or are to be read so. Then no record is drawn again to reach a
            task's count.
    """

    name: FolderName
    schema: Schema
    train: PublishedFile
    test: PublishedFile | None = None
    further_tests: dict[Annotated[str, Field(pattern="^test_[a-z0-9_]+$")], PublishedFile] = field(default_factory=dict)
    ordered: bool = False
    copies: bool = True
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
        return self._fetch(self._files[part], folder, on_progress)

    def shown_name(self, part: str) -> str:
        """Name of a file for messages: its path in the mirror, if that is a folder which has it."""
        file = self._files[part]
        local = Path(self._addresses(file)[0]) if os.environ.get(MIRROR_VARIABLE) else None
        return str(local) if local is not None and local.is_file() else file.path

    def _fetch(self, file: PublishedFile, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        path = folder / file.name
        if path.is_file() and self._is_published(path, file):
            return path
        tried = []
        for address in self._addresses(file):
            try:
                with whole_file(path) as new:
                    most = file.most_bytes + _GZ_BYTES if file.packed else file.most_bytes
                    fetching.copy(address, new, most, lambda done, total: on_progress(file.name, done, total))
                    self._verify(new, file, folder)
                return path
            except DownloadError:
                raise  # of the file that this one must hold
            except (OSError, EOFError, zlib.error, ValueError, http.client.HTTPException) as error:
                tried.append(f"  {address}: {system_words(error, named=True) or type(error).__name__}")
        part = next((name for name, one in self._files.items() if one is file), None)
        if part and tried and not file.urls:
            raise DownloadError(self._of_own_file(part, file, tried[0].strip()))
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

    def _of_own_file(self, part: str, file: PublishedFile, found: str) -> str:
        """Say what is wrong with a file that has no public address, and where that is declared."""
        return (
            f"{found}. Expected the file that dataset.{part} declares (conf/dataset/{self.name}.yaml): if its text was "
            "changed on purpose, correct sha256, records and size there, which src.describe --schema prints; else put "
            f"the right file there, or set {MIRROR_VARIABLE} to the folder that holds {file.path}"
        )

    def _is_published(self, path: Path, file: PublishedFile) -> bool:
        try:
            self._verify(path, file, path.parent)
        except DownloadError:
            raise
        except (OSError, EOFError, zlib.error, ValueError):
            return False
        return True

    def _verify(self, path: Path, file: PublishedFile, folder: Path) -> None:
        """Check that a file is as published; the file that it must hold is fetched into `folder`."""
        if file.packed_sha256 is not None and _sha256(path) == file.packed_sha256:
            return
        _verify(path, file)
        if file.holds is not None:
            _verify_holds(path, file, self._fetch(file.holds, folder), file.holds)

    @property
    def _files(self) -> dict[str, PublishedFile]:
        test = {"test": self.test} if self.test else {}
        return {"train": self.train, **test, **self.further_tests}

    def _addresses(self, file: PublishedFile) -> list[str]:
        mirror = os.environ.get(MIRROR_VARIABLE)
        if not mirror:
            return file.urls
        path = (
            urllib.parse.quote(file.path) if fetching.is_url(mirror) else file.path
        )  # some servers take + for a blank
        return [f"{mirror.rstrip('/')}/{path}", *file.urls]


@dataclass(frozen=True, config=CHECKED)
class SimulatedDataset:
    """Simulated records in the published format, drawn from a committed profile of the real ones, without a network.

    Attributes:
        schema, ordered, copies: Attributes of `PublishedDataset`.
    """

    name: FolderName
    schema: Schema
    records: Annotated[int, Field(ge=1_000)]
    test_records: Annotated[int, Field(ge=1_000)]
    seed: Annotated[int, Field(ge=0)]
    ordered: bool = True
    copies: bool = True
    simulated: Literal[True] = True

    @model_validator(mode="after")
    def _check(self) -> "SimulatedDataset":
        if self.schema.kinds != declared_schema("kdd").kinds:
            raise ValueError(f"schema: found {self.schema.name!r}, expected kdd, whose records the simulator imitates; "
                             "set dataset/schema=kdd")  # fmt: skip
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        return ("train", "test")

    def file_name(self, part: str) -> str:
        return f"{part}.gz"

    def shown_name(self, part: str) -> str:
        """Name of a file for messages."""
        return f"simulated {self.file_name(part)}"

    def fetch(self, part: str, folder: Path, on_progress: OnProgress = lambda *_: None) -> Path:
        """Write a simulated file into `folder`; the same numbers of records and seed give the same bytes."""
        records = self.records if part == "train" else self.test_records
        path = folder / self.file_name(part)
        with (
            whole_file(path) as new,
            new.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as out,
        ):
            size = 0
            for text in simulator.simulate("train" if part == "train" else "test", records, self.seed, self.schema):
                out.write(text)
                size += len(text)
                on_progress(path.name, size, None)
        return path


Dataset = PublishedDataset | SimulatedDataset


def _verify(path: Path, file: PublishedFile) -> None:
    """Check that the text of a file is complete and matches the pinned hashes."""
    digest, lines, size, last = hashlib.sha256(), 0, 0, b""
    blob = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as raw:
        packed = _is_gz(raw)
    try:
        if file.git_blob is not None:
            blob.update(b"blob %d\0" % sum(map(len, _text(path, file))))
        for last in _text(path, file):
            digest.update(last)
            blob.update(last)
            lines += last.count(b"\n")
            size += len(last)
    except EOFError:
        raise EOFError(f"the gz is cut off after {path.stat().st_size:,} bytes") from None
    lines += last != b"" and not last.endswith(b"\n")
    what = "the text inside" if packed else "the text"
    for kind, found, pinned in (
        ("sha256", digest.hexdigest(), file.sha256),
        ("git blob id", blob.hexdigest(), file.git_blob),
    ):
        if pinned is not None and found != pinned:
            raise ValueError(f"{what} has {kind} {found} ({lines:,} lines), expected {pinned} "
                             f"({file.records:,} lines)")  # fmt: skip
    if lines != file.records:
        raise ValueError(f"{what} has {lines:,} lines, expected {file.records:,}, as `records` says")
    if file.size is not None and abs(size - file.size) > file.size_tolerance:
        about = f" to within {file.size_tolerance:,}" if file.size_tolerance else ""
        raise ValueError(f"{what} has {size:,} bytes, expected {file.size:,}{about}, as `size` says")


def _verify_holds(path: Path, file: PublishedFile, part: Path, held: PublishedFile) -> None:
    """Check that every line of one file is in another."""
    missing = set(_lines(part, held))
    for line in _lines(path, file):
        missing.discard(line)
    if missing:
        raise ValueError(f"{len(missing):,} different lines of {held.name} are not in it, expected all of them")


def _lines(path: Path, file: PublishedFile) -> Iterator[bytes]:
    rest = b""
    for chunk in _text(path, file):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_gz(file: BinaryIO) -> bool:
    begin = file.read(2)
    file.seek(0)
    return compression(begin) == "gzip"


def _text(path: Path, file: PublishedFile) -> Iterator[bytes]:
    """Read the text of a file, but no more than it has as published: a gz may unpack to any size.

    The file is read as what it is, as everywhere: a mirror may hold the text under the name of the gz.
    """
    size = 0
    with path.open("rb") as raw, gzip.open(raw) if _is_gz(raw) else raw as text:
        while chunk := text.read(1 << 20):
            size += len(chunk)
            if size > file.most_bytes:
                said = "`records` allows" if file.size is None else "`size` says"
                raise ValueError(
                    f"the text has more than {file.most_bytes:,} bytes, expected at most so many, as {said}"
                )
            yield chunk
