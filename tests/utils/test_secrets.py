"""Passwords and tokens of the environment are in nothing that a process prints or logs."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from src.utils import secrets
from src.utils.secrets import has_password, hide_secrets, masked_address, redacted

PASSWORD = "swordfish/1"
SET = {
    "MLFLOW_TRACKING_URI": f"postgresql+psycopg://me:{PASSWORD}@db.example.org/runs",
    "OPTUNA_STORAGE": "mysql://me:quoted%2Fpassword@host/studies",
    "IDS_DATA_MIRROR": "https://token-as-user@mirror.example.org/data?X-Amz-Signature=0f3c9a55aa&part=everything",
    "MLFLOW_TRACKING_TOKEN": "t0ken",
}


@pytest.fixture
def with_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process with secrets in its environment."""
    for name, value in SET.items():
        monkeypatch.setenv(name, value)
    make = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(make)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"could not read {SET['MLFLOW_TRACKING_URI']}", "could not read postgresql+psycopg://me:***@db.example.org/runs"),
        (f"login with {PASSWORD} failed", "login with *** failed"),
        ("tried quoted%2Fpassword, quoted/password", "tried ***, ***"),
        (
            "GET https://token-as-user@mirror.example.org/x?X-Amz-Signature=0f3c9a55aa&part=everything",
            "GET https://***@mirror.example.org/x?X-Amz-Signature=***&part=everything",
        ),
        ("Bearer t0ken", "Bearer ***"),
        ("a://one:short@h and b://two:pa@ss@h", "a://one:***@h and b://two:***@h"),
        ("sqlite:////tmp/mlflow.db and http://127.0.0.1:5000/#/x@y", "sqlite:////tmp/mlflow.db and http://127.0.0.1:5000/#/x@y"),
        ("models:/ids@champion", "models:/ids@champion"),
    ],
)  # fmt: skip
def test_secrets_are_masked_and_the_rest_is_shown(text: str, shown: str) -> None:
    assert redacted(text, secrets.secrets(SET)) == shown


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("http://me:a@b:c@host:1/path", "http://me:***@host:1/path"),
        ("http://host:1", "http://host:1"),
        ("postgresql+psycopg://me:secret@host/db", "postgresql+psycopg://me:***@host/db"),
        ("mysql://me:a/b@c@host/db?ssl_key=x&a=b", "mysql://me:***@host/db?ssl_key=***&a=***"),
        ("sqlite:////tmp/a@b:c/optuna.db", "sqlite:////tmp/a@b:c/optuna.db"),
    ],
)
def test_an_address_is_shown_without_password_and_options(address: str, masked: str) -> None:
    """One function for servers and databases: SQLAlchemy takes passwords with a slash."""
    assert masked_address(address) == masked


def test_a_short_password_is_masked_in_addresses_alone() -> None:
    hidden = secrets.secrets({"OPTUNA_STORAGE": "postgresql://ids:ids@host/ids"})
    assert redacted("ids: postgresql://ids:ids@host/ids", hidden) == "ids: postgresql://ids:***@host/ids"


@pytest.mark.parametrize(
    "text", ["postgresql://me:x@host/db", "sweep.storage='mysql://a:b/c@h/d'", "https://u:p@h/file.gz"]
)
def test_an_address_with_a_password_is_known(text: str) -> None:
    assert has_password(text)


@pytest.mark.parametrize(
    "text", ["postgresql://host/db", "sqlite:////a:b/mlflow.db", "http://h:5000", "http://h:5000/a@b", "x@y:z", ""]
)
def test_other_addresses_have_none(text: str) -> None:
    assert not has_password(text)


@pytest.mark.usefixtures("with_secrets")
def test_prints_tracebacks_and_logs_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    hide_secrets()
    hide_secrets()  # a second call changes nothing
    log, file = logging.getLogger("test.secrets"), io.StringIO()
    log.propagate = False
    log.addHandler(logging.StreamHandler(file))
    print("store", SET["MLFLOW_TRACKING_URI"])
    print("store", SET["OPTUNA_STORAGE"], file=sys.stderr)
    sys.stderr.writelines([PASSWORD, "\n"])
    try:
        try:
            raise OSError(f"no {SET['MLFLOW_TRACKING_URI']}")
        except OSError as error:
            raise ValueError(f"could not log in with {PASSWORD}") from error
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
        log.warning("failed: %s", SET["OPTUNA_STORAGE"], exc_info=True)
    for text in (out.getvalue(), err.getvalue(), file.getvalue()):
        assert "***" in text
        assert PASSWORD not in text
        assert "quoted" not in text
    assert "ValueError: could not log in with ***" in file.getvalue()
    assert "OSError: no postgresql+psycopg://me:***@db.example.org/runs" in file.getvalue()


def test_a_process_without_secrets_keeps_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*secrets.ADDRESSES, *secrets.SECRETS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    before = (sys.stdout, sys.stderr, logging.getLogRecordFactory())
    hide_secrets()
    assert (sys.stdout, sys.stderr, logging.getLogRecordFactory()) == before
