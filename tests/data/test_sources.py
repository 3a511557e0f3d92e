"""Sources: real HTTP servers and folders that have the file, or something else, or nothing."""

import gzip
import hashlib
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from pydantic import ValidationError

from src.data import fetching
from src.data.sources import (
    MIRROR_VARIABLE,
    DownloadError,
    PublishedDataset,
    PublishedFile,
    SimulatedDataset,
)
from tests.kdd import KDD

TEXT = "".join(f"{place},tcp,http\n" for place in range(1_000)).encode()
SHA256 = hashlib.sha256(TEXT).hexdigest()
GOOD = gzip.compress(TEXT, mtime=0)
OTHER = gzip.compress(TEXT.replace(b"http", b"smtp"), mtime=0)
Reply = Callable[[BaseHTTPRequestHandler], object]


def body(content: bytes, *, promised: int | None = None) -> Reply:
    """Reply with a body; `promised` is the Content-Length if it is not the true one."""

    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) if promised is None else promised))
        request.end_headers()
        request.wfile.write(content)

    return reply


def without_length(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(GOOD)


def cut_chunked(request: BaseHTTPRequestHandler) -> None:
    """A chunk that ends before it should: HTTP/1.1 without a Content-Length."""
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"%x\r\n" % len(GOOD) + GOOD[:100])
    request.close_connection = True


class Server(ThreadingHTTPServer):
    """Replies by path, and the paths that were asked for."""

    daemon_threads = False  # all replies have ended when the server is closed

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, Reply] = {}
        self.asked: list[str] = []
        self.closing = False

    def serve(self, path: str, reply: Reply) -> str:
        self.replies[path] = reply
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path in self.server.replies:
            self.server.replies[self.path](self)
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.closing = True
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)


@pytest.fixture
def refused() -> str:
    """An address that nothing listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/some.gz"


def dataset(*urls: str, sha256: str | None = SHA256, records: int = 1_000, **more: Any) -> PublishedDataset:
    file = PublishedFile("kddcup99/some.gz", sha256, records, list(urls), **more)
    return PublishedDataset("published", KDD, train=file, test=PublishedFile("kddcup99/test.gz", None, 1_000, []))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Which source is used


def test_the_first_source_that_has_the_file_as_published_is_used(server: Server, refused: str, tmp_path: Path) -> None:
    urls = [
        server.serve("/checksum", body(OTHER)),
        server.serve("/truncated", body(GOOD[:-20])),
        refused,
        server.serve("/good", body(GOOD)),
        server.serve("/unasked", body(GOOD)),
    ]
    path = dataset(*urls).fetch("train", tmp_path)
    assert path == tmp_path / "some.gz"
    assert path.read_bytes() == GOOD
    assert server.asked == ["/checksum", "/truncated", "/good"]
    assert names(tmp_path) == ["some.gz"]


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}"])
def test_the_mirror_variable_goes_first_as_a_folder(
    form: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror" / "kddcup99").mkdir(parents=True)
    (tmp_path / "mirror" / "kddcup99" / "some.gz").write_bytes(GOOD)
    monkeypatch.setenv(MIRROR_VARIABLE, form.format(tmp_path / "mirror"))
    path = dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path / "raw")
    assert path.read_bytes() == GOOD
    assert server.asked == []


def test_the_mirror_variable_goes_first_as_an_address_and_the_others_follow(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, server.serve("/mirror/", body(OTHER)))
    server.serve("/mirror/kddcup99/some.gz", body(OTHER))
    dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path)
    assert server.asked == ["/mirror/kddcup99/some.gz", "/good"]


def test_a_gz_packed_in_another_way_is_accepted(server: Server, tmp_path: Path) -> None:
    half = len(TEXT) // 2
    members = gzip.compress(TEXT[:half], compresslevel=1) + gzip.compress(TEXT[half:])
    assert members != GOOD
    path = dataset(server.serve("/recompressed", body(members))).fetch("train", tmp_path)
    assert gzip.decompress(path.read_bytes()) == TEXT


def test_a_file_is_read_as_what_it_is_whatever_its_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror may hold the text under the name of the gz: `src.predict` reads such a file too."""
    url = server.serve("/some.gz", body(TEXT))
    assert dataset(url).fetch("train", tmp_path).read_bytes() == TEXT
    with pytest.raises(DownloadError, match="the text has sha256"):
        dataset(server.serve("/other.gz", body(TEXT + b"x"))).fetch("train", tmp_path / "other")


def test_a_file_already_there_as_published_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "some.gz").write_bytes(GOOD)
    dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path)
    assert server.asked == []


@pytest.mark.parametrize("there", [OTHER, GOOD[:-20], b"no gz"])
def test_a_file_already_there_but_damaged_is_replaced(there: bytes, server: Server, tmp_path: Path) -> None:
    (tmp_path / "some.gz").write_bytes(there)
    path = dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path)
    assert path.read_bytes() == GOOD
    assert names(tmp_path) == ["some.gz"]


@pytest.mark.parametrize(("records", "used"), [(1_000, "/first"), (999, "/second")])
def test_without_a_pinned_hash_the_number_of_lines_decides(
    records: int, used: str, server: Server, tmp_path: Path
) -> None:
    urls = [
        server.serve("/first", body(GOOD)),
        server.serve("/second", body(gzip.compress(TEXT[len("0,tcp,http\n") :]))),
    ]
    dataset(*urls, sha256=None, records=records).fetch("train", tmp_path)
    assert server.asked[-1] == used


def test_progress_ends_at_the_size_of_the_file_which_may_be_unknown(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path / "a", lambda *one: seen.append(one))
    assert seen[-1] == ("some.gz", len(GOOD), len(GOOD))
    dataset(server.serve("/unknown", without_length)).fetch("train", tmp_path / "b", lambda *one: seen.append(one))
    assert seen[-1] == ("some.gz", len(GOOD), None)


def test_the_file_has_no_name_before_it_is_whole(server: Server, tmp_path: Path) -> None:
    there = []
    dataset(server.serve("/good", body(GOOD))).fetch("train", tmp_path, lambda name, *_: there.append(names(tmp_path)))
    assert there
    for found in there:
        assert "some.gz" not in found


# When no source will do


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        (body(OTHER), rf"the text inside has sha256 [0-9a-f]{{64}} \(1,000 lines\), expected {SHA256} \(1,000 lines\)"),
        (body(GOOD[:-20]), f"the gz is cut off after {len(GOOD) - 20:,} bytes"),
        (body(GOOD[:100], promised=len(GOOD)), f"the connection ended after 100 of {len(GOOD):,} bytes"),
        (cut_chunked, "IncompleteRead"),
        (lambda request: request.wfile.write(b"no HTTP at all\r\n\r\n"), "no HTTP at all"),
        (lambda request: request.send_error(404), "HTTP Error 404: Not Found"),
        (lambda request: request.send_error(503), "HTTP Error 503: Service Unavailable"),
        (body(b"<html>moved</html>"), "the text has sha256"),
        (body(b""), "sha256 e3b0c442"),  # of no text
        (body(GOOD[:30] + b"\xff" * 30 + GOOD[60:]), "Error -3 while decompressing|CRC check failed|invalid"),
    ],
    ids=["hash", "cut", "dropped", "dropped-chunk", "no-http", "404", "503", "html", "empty", "flipped"],
)
def test_a_bad_source_is_named_with_what_was_wrong_and_leaves_nothing(
    reply: Reply, wrong: str, server: Server, tmp_path: Path
) -> None:
    url = server.serve("/bad", reply)
    with pytest.raises(DownloadError, match=rf"(?m)^  {re.escape(url)}: .*({wrong})"):
        dataset(url).fetch("train", tmp_path / "raw")
    assert names(tmp_path / "raw") == []


def test_one_message_names_every_address_and_the_two_ways_on(
    server: Server, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path / "mirror"))
    urls = [server.serve("/checksum", body(OTHER)), server.serve("/truncated", body(GOOD[:-20])), refused]
    with pytest.raises(DownloadError, match=r"^some\.gz: none of 4 sources had the file as published:\n") as caught:
        dataset(*urls).fetch("train", tmp_path / "raw")
    _, *tried, ways_on = str(caught.value).splitlines()
    wrong = ["found no such file", "the text inside has sha256", "the gz is cut off", "Connection refused"]
    for line, address, what in zip(tried, [f"{tmp_path}/mirror/kddcup99/some.gz", *urls], wrong, strict=True):
        assert line.startswith(f"  {address}: ")
        assert what in line
    assert f"set {MIRROR_VARIABLE} to a folder or URL that holds kddcup99/some.gz" in ways_on
    assert "dataset=simulated" in ways_on
    assert names(tmp_path / "raw") == []


def test_a_wrong_number_of_lines_is_named_where_no_hash_is_pinned(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="the text inside has 1,000 lines, expected 1,001"):
        dataset(server.serve("/good", body(GOOD)), sha256=None, records=1_001).fetch("train", tmp_path)


# Bounds

OK = b"HTTP/1.0 200 OK\r\n"


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    with suppress(OSError):  # the client has gone
        while True:
            request.wfile.write(b"x" * (1 << 16))


def trickle(start: bytes, drop: bytes) -> Reply:
    """Reply that does not end before the test: a start, and then a few bytes at a time."""

    def reply(request: BaseHTTPRequestHandler) -> None:
        assert isinstance(request.server, Server)
        with suppress(OSError):
            request.wfile.write(start)
            while not request.server.closing:
                request.wfile.write(drop)
                sleep(0.02)

    return reply


def redirected(address: str) -> Reply:
    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", address)
        request.end_headers()

    return reply


@pytest.mark.parametrize("size", [None, len(TEXT)])
def test_a_body_without_end_is_given_up_at_the_size_that_is_known(
    size: int | None, server: Server, tmp_path: Path
) -> None:
    most = (len(TEXT) if size else 1_000_000) + (1 << 20)
    with pytest.raises(DownloadError, match=f"found more than {most:,} bytes, expected at most so many"):
        dataset(server.serve("/endless", endless), size=size).fetch("train", tmp_path / "raw")
    assert names(tmp_path / "raw") == []


def test_a_promised_size_above_the_limit_is_given_up_at_once(server: Server, tmp_path: Path) -> None:
    reply = body(b"", promised=10**12)
    with pytest.raises(DownloadError, match="found more than"):
        dataset(server.serve("/huge", reply)).fetch("train", tmp_path)


@pytest.mark.parametrize(
    ("start", "drop"),
    [(OK + b"\r\n", b"x"), (OK, b"x"), (b"", b"H"), (OK, b"a: b\r\n")],
    ids=["body", "header", "status", "headers"],
)  # fmt: skip
@pytest.mark.parametrize("limit", ["DEADLINE_S", "SLOW_AFTER_S"])
def test_a_byte_at_a_time_is_given_up_and_the_next_source_tried(
    start: bytes, drop: bytes, limit: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, limit, 0.2)
    urls = [server.serve("/slow", trickle(start, drop)), server.serve("/good", body(GOOD))]
    assert dataset(*urls).fetch("train", tmp_path).read_bytes() == GOOD
    with pytest.raises(DownloadError, match=r"gave it up|got more than \d+ headers"):
        dataset(urls[0]).fetch("train", tmp_path / "other")
    assert names(tmp_path / "other") == []


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/some.gz", "file:///etc/hostname", "data:text/plain,x"])
def test_a_redirect_to_another_scheme_is_not_followed(address: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"(?i)(redirected to|redirection to url) .*(ftp|file|data)"):
        dataset(server.serve("/moved", redirected(address))).fetch("train", tmp_path)


def test_a_redirect_to_the_same_scheme_is_followed(server: Server, tmp_path: Path) -> None:
    address = server.serve("/moved", redirected(server.serve("/good", body(GOOD))))
    assert dataset(address).fetch("train", tmp_path).read_bytes() == GOOD


def test_a_scheme_that_is_no_web_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="found the scheme 'ftp', expected http, https or a folder"):
        dataset("ftp://127.0.0.1/some.gz").fetch("train", tmp_path)


def test_a_gz_that_unpacks_to_more_than_the_published_text_is_given_up(server: Server, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    with pytest.raises(DownloadError, match=f"the text has more than {len(TEXT):,} bytes"):
        dataset(server.serve("/bomb", body(bomb)), size=len(TEXT)).fetch("train", tmp_path)


def test_a_mirror_of_devices_and_large_files_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kddcup99").mkdir()
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path))
    (tmp_path / "kddcup99" / "some.gz").symlink_to("/dev/zero")
    with pytest.raises(DownloadError, match="found no plain file, expected one"):
        dataset().fetch("train", tmp_path / "raw")
    (tmp_path / "kddcup99" / "some.gz").unlink()
    (tmp_path / "kddcup99" / "some.gz").write_bytes(bytes(3 << 20))
    with pytest.raises(DownloadError, match="found more than"):
        dataset(size=len(TEXT)).fetch("train", tmp_path / "raw")


# A file without a pinned text

LINES_OF_PART = b"".join(TEXT.splitlines(keepends=True)[:400])
PART = PublishedFile("kddcup99/part.gz", hashlib.sha256(LINES_OF_PART).hexdigest(), 400, [])
ROUGH: dict[str, Any] = {"sha256": None, "size": 13_000, "size_tolerance": 200, "holds": PART}


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a mirror, with the file that another must hold."""
    folder = tmp_path / "mirror" / "kddcup99"
    folder.mkdir(parents=True)
    (folder / "part.gz").write_bytes(gzip.compress(LINES_OF_PART))
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path / "mirror"))
    return folder


def test_a_text_of_its_size_and_lines_that_holds_another_is_as_published(mirror: Path, tmp_path: Path) -> None:
    (mirror / "some.gz").write_bytes(GOOD)
    dataset(**ROUGH).fetch("train", tmp_path / "raw")
    assert names(tmp_path / "raw") == ["part.gz", "some.gz"]
    (mirror / "part.gz").unlink()
    (mirror / "some.gz").unlink()
    dataset(**ROUGH).fetch("train", tmp_path / "raw")  # both are there


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (TEXT.replace(b"\n7,", b"\n8,"), "1 different lines of part.gz are not in it, expected all of them"),
        (TEXT[:-1] + b"0" * 400, "the text has more than 13,200 bytes, expected at most so many"),
        (TEXT.replace(b"tcp", b"t"), "the text inside has 10,890 bytes, expected 13,000 to within 200"),
        (TEXT[len("0,tcp,http\n") :], "the text inside has 999 lines, expected 1,000"),
    ],
)
def test_another_text_without_a_pinned_hash_is_refused(text: bytes, wrong: str, mirror: Path, tmp_path: Path) -> None:
    (mirror / "some.gz").write_bytes(gzip.compress(text))
    with pytest.raises(DownloadError, match=wrong):
        dataset(**ROUGH).fetch("train", tmp_path / "raw")
    assert "some.gz" not in names(tmp_path / "raw")


def test_the_published_gz_needs_no_other_check(mirror: Path, tmp_path: Path) -> None:
    """Not its text either: that of the full training file takes some seconds to unpack."""
    content = b"the published bytes"
    (mirror / "some.gz").write_bytes(content)
    pinned = dataset(**ROUGH, packed_sha256=hashlib.sha256(content).hexdigest())
    assert pinned.fetch("train", tmp_path / "raw").read_bytes() == content
    assert names(tmp_path / "raw") == ["some.gz"]


def test_the_file_that_must_be_held_is_named_where_it_cannot_be_had(mirror: Path, tmp_path: Path) -> None:
    (mirror / "some.gz").write_bytes(GOOD)
    (mirror / "part.gz").unlink()
    with pytest.raises(DownloadError, match=r"^part\.gz: none of 1 sources"):
        dataset(**ROUGH).fetch("train", tmp_path / "raw")


def test_messages_name_the_file_of_the_mirror(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mirror / "some.gz").write_bytes(GOOD)
    assert dataset().shown_name("train") == str(mirror / "some.gz")
    assert dataset().shown_name("test") == "kddcup99/test.gz"
    monkeypatch.delenv(MIRROR_VARIABLE)
    assert dataset().shown_name("train") == "kddcup99/some.gz"


# Plain texts, and files that git knows

BLOB = hashlib.sha1(b"blob 12890\0" + TEXT).hexdigest()  # 10 bytes a line, and 1 to 3 digits: 2,890


def plain(*urls: str, path: str = "nsl-kdd/KDD+.txt", records: int = 1_000, **pins: str) -> PublishedDataset:
    file = PublishedFile(path, pins.get("sha256"), records, list(urls), pins.get("git_blob"))
    return PublishedDataset("published", KDD, file, file, {"test_21": file})


def own(**wrong: Any) -> PublishedDataset:
    """Data set of a user's file without a public address, some of whose facts are wrong."""
    facts: dict[str, Any] = {"path": "nsl-kdd/KDD+.txt", "sha256": None, "records": 1_000, "urls": []}
    return PublishedDataset("published", KDD, PublishedFile(**facts | wrong))


def test_a_blob_id_is_what_git_says(tmp_path: Path) -> None:
    (tmp_path / "KDD+.txt").write_bytes(b"hello\n")  # echo hello | git hash-object --stdin
    plain(git_blob="ce013625030ba8dba906f756967f9e9ca394464a", records=1).fetch("train", tmp_path)


@pytest.mark.parametrize("pins", [{"sha256": SHA256}, {"git_blob": BLOB}, {"sha256": SHA256, "git_blob": BLOB}, {}])
def test_a_plain_text_is_kept_as_it_is_once_it_has_what_is_pinned(
    pins: dict[str, str], server: Server, tmp_path: Path
) -> None:
    urls = [server.serve("/other", body(TEXT[:-5])), server.serve("/good", body(TEXT))]
    path = plain(*urls, **pins).fetch("test_21", tmp_path)
    assert path == tmp_path / "KDD+.txt"
    if pins:
        assert path.read_bytes() == TEXT
        assert server.asked == ["/other", "/good"]


def test_a_blob_id_is_that_of_the_text_inside_a_gz(server: Server, tmp_path: Path) -> None:
    urls = [server.serve("/other", body(OTHER)), server.serve("/cut", body(GOOD[:-20])), server.serve("/a", body(GOOD))]
    path = plain(*urls, path="nsl-kdd/KDD+.txt.gz", git_blob=BLOB).fetch("train", tmp_path)
    assert path.read_bytes() == GOOD
    assert server.asked == ["/other", "/cut", "/a"]


def test_another_text_is_detected_by_its_blob_id_and_its_lines(server: Server, tmp_path: Path) -> None:
    other = TEXT.partition(b"\n")[2].removesuffix(b"\n")
    found = hashlib.sha1(b"blob %d\0" % len(other) + other).hexdigest()
    message = rf"the text has git blob id {found} \(999 lines\), expected {BLOB} \(1,000 lines\)"
    with pytest.raises(DownloadError, match=message):
        plain(server.serve("/other", body(other)), git_blob=BLOB).fetch("train", tmp_path)


def test_a_last_line_without_an_end_is_a_line(server: Server, tmp_path: Path) -> None:
    plain(server.serve("/good", body(TEXT[:-1]))).fetch("train", tmp_path)
    with pytest.raises(DownloadError, match="the text has 1,000 lines, expected 1,001"):
        plain(server.serve("/good", body(TEXT[:-1])), records=1_001).fetch("train", tmp_path / "other")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sha256": "0" * 64}, rf"the text has sha256 {SHA256} \(1,000 lines\), expected {'0' * 64}"),
        ({"sha256": SHA256, "records": 999}, "the text has 1,000 lines, expected 999, as `records` says"),
        ({"sha256": SHA256, "size": 9}, "found more than 9 bytes, expected at most so many"),
        ({"sha256": SHA256, "size": len(TEXT) + 1}, f"{len(TEXT):,} bytes, expected {len(TEXT) + 1:,}, as `size` says"),
        ({"path": "none.txt"}, "none.txt: found no such file or folder, expected one"),
        ({"path": "nsl-kdd"}, "nsl-kdd: found no plain file, expected one"),
    ],
)  # fmt: skip
def test_a_wrong_fact_of_an_own_file_is_named_with_the_key_to_correct(
    wrong: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pinned text does not hide a wrong number of lines; the message names the file that declares it."""
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path))
    (tmp_path / "nsl-kdd").mkdir()
    (tmp_path / "nsl-kdd" / "KDD+.txt").write_bytes(TEXT)
    with pytest.raises(DownloadError, match=message) as error:
        own(**wrong).fetch("train", tmp_path / "raw")
    assert "Expected the file that dataset.train declares (conf/dataset/" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_plus_in_a_name_is_escaped_in_an_address_and_not_in_a_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, server.serve("/mirror", body(OTHER)))
    server.serve("/mirror/nsl-kdd/KDD%2B.txt", body(TEXT))
    assert plain(git_blob=BLOB).fetch("train", tmp_path / "one").read_bytes() == TEXT
    (tmp_path / "nsl-kdd").mkdir()
    (tmp_path / "nsl-kdd" / "KDD+.txt").write_bytes(TEXT)
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path))
    assert plain(git_blob=BLOB).fetch("train", tmp_path / "two").read_bytes() == TEXT


def test_a_file_without_a_public_address_asks_for_the_mirror(tmp_path: Path) -> None:
    message = rf"^KDD\+\.txt: no public address is known\.\n.*set {MIRROR_VARIABLE} to a .* holds nsl-kdd/KDD\+\.txt"
    with pytest.raises(DownloadError, match=message):
        plain(git_blob=BLOB).fetch("train", tmp_path)


def test_the_parts_are_the_training_file_and_every_test_file() -> None:
    assert plain().parts == ("train", "test", "test_21")
    assert dataset().parts == ("train", "test")
    assert [dataset().file_name(part) for part in dataset().parts] == ["some.gz", "test.gz"]
    assert SimulatedDataset("simulated", KDD, 1_000, 1_000, 0).parts == ("train", "test")


@pytest.mark.parametrize("name", ["test", "train", "val", "test-21", "test_"])
def test_a_further_test_has_a_name_of_its_own(name: str) -> None:
    file = plain().train
    with pytest.raises(ValidationError, match=rf"further_tests\.{name}\.\[key\]\n.*should match pattern"):
        PublishedDataset("published", KDD, file, file, further_tests={name: file})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sha256": "f8c8"}, "sha256\n.*should match pattern"),
        ({"git_blob": SHA256}, "git_blob\n.*should match pattern"),
        ({"records": 0}, "records\n.*greater than"),
        ({"path": "../some.gz"}, "path\n.*expected a relative path"),
        ({"path": "/some.gz"}, "path\n.*expected a relative path"),
        ({"path": "folder/.."}, "path\n.*expected a relative path"),
        ({"md5": ""}, "md5"),
    ],
)
def test_a_published_file_that_cannot_be_is_refused_before_any_work(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PublishedFile(**{"path": "some.gz", "sha256": SHA256, "records": 1_000, "urls": []} | wrong)


@pytest.mark.parametrize("name", ["..", "../..", "a/b", "/tmp", ".git", "", "a\n", "a\\b", "x" * 101])
def test_the_name_of_a_dataset_is_that_of_a_folder_in_data(name: str) -> None:
    """Stages write to `data/raw/<name>`."""
    file = plain().train
    with pytest.raises(ValidationError, match="expected a name of letters"):
        PublishedDataset(name, KDD, file, file)
    with pytest.raises(ValidationError, match="expected a name of letters"):
        SimulatedDataset(name, KDD, 1_000, 1_000, 0)


# The simulator


def test_the_simulated_dataset_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    simulated: dict[str, Any] = {"name": "simulated", "schema": KDD, "records": 1_500, "test_records": 1_000, "seed": 3}
    seen: list[tuple[str, int, int | None]] = []
    for folder in ("a", "b"):
        for part, records in (("train", 1_500), ("test", 1_000)):
            path = SimulatedDataset(**simulated).fetch(part, tmp_path / folder, lambda *one: seen.append(one))
            text = gzip.decompress(path.read_bytes())
            assert text.count(b"\n") == records
            assert seen[-1] == (path.name, len(text), None)
    assert names(tmp_path / "a") == ["test.gz", "train.gz"]
    for name in names(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    other = SimulatedDataset(**simulated | {"seed": 4}).fetch("train", tmp_path / "c")
    assert other.read_bytes() != (tmp_path / "a" / "train.gz").read_bytes()


@pytest.mark.parametrize("wrong", [{"records": 999}, {"seed": -1}, {"record": 5_000}])
def test_a_simulated_dataset_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        SimulatedDataset(
            **{"name": "simulated", "records": 1_000, "test_records": 1_000, "seed": 0, "schema": KDD} | wrong
        )
