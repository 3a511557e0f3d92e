"""Proposed files: schemas that the config reads, which agree with the file, and which replace nothing."""

import bz2
import gzip
import zipfile
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import yaml
from omegaconf import OmegaConf

from src.data.parsing.records import BadRecordError, read_blocks
from src.data.proposals.proposal import describe_file, name_of, propose, write_proposal
from src.data.proposals.schema_check import check
from src.data.schema import Schema, schema_of
from src.data.sources import PublishedDataset, PublishedFile

KINDS = ["Benign", "DDoS", "PortScan"]
HEADER = "id,row,proto,seconds,bytes,loss,flag,Verdict"


def lines(records: int = 60) -> list[str]:
    return [
        f"{n},{n * 7 % 13},{('tcp', 'udp')[n % 2]},{n * 0.37 % 5:.2f},{'?' if n == 9 else n * 91 % 1000},"
        f"{n % 5 / 4},{int(n % 3 > 0)},{KINDS[n % 3]}"
        for n in range(records)
    ]  # fmt: skip


def saved(folder: Path, text: str, name: str = "flows.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return saved(tmp_path, "\n".join([HEADER, *lines()]) + "\n")


def schema_in(text: str) -> Schema:
    """Schema as Hydra reads it."""
    return schema_of(OmegaConf.to_container(OmegaConf.create(text), resolve=True))


def test_a_proposal_is_a_schema_that_agrees_with_the_file(path: Path) -> None:
    proposal = propose(path, "mine")
    schema = schema_in(proposal.schema)
    assert {name: column.kind for name, column in schema.columns.items()} == {
        "id": "ignore", "row_": "count", "proto": "category", "seconds": "real", "bytes": "count", "loss": "rate",
        "flag": "ignore", "Verdict": "label",
    }  # fmt: skip
    assert (schema.normal, schema.categories) == ("Benign", {"ddos": ["DDoS"], "portscan": ["PortScan"]})
    assert (schema.missing, schema.separator, schema.header) == (["?"], ",", True)
    found, agrees = check(path, schema)
    assert agrees, found


def test_each_guess_is_marked_with_its_reason(path: Path) -> None:
    text = propose(path, "mine").schema
    declared = text[text.index("columns:\n") + 9 : text.index("normal:")].splitlines()
    assert all(" # guess: " in line for line in declared)
    assert "  flag: ignore # guess: follows from Verdict, which it gives away: '0' for 'Benign', '1' for 2 lab" in text
    assert (
        "proto: {kind: category, values: [tcp, udp], encoding: indicators} # guess: 2 distinct words in 60 rec" in text
    )
    assert 'missing: ["?"] # guess: ? 1 times in columns that are features' in text


@pytest.mark.parametrize("packed", [False, True])
def test_the_data_set_pins_the_file_below_the_mirror(packed: bool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if packed:
        (path.parent / "flows.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.parent / "flows.csv.gz"
    (path.parent / "sub").mkdir()
    path = path.rename(path.parent / "sub" / path.name)
    monkeypatch.delenv("IDS_DATA_MIRROR", raising=False)
    proposal = propose(path, "mine")
    assert proposal.mirror == path.parent.resolve()
    train = yaml.safe_load(proposal.dataset)["train"]
    assert train["path"] == path.name
    monkeypatch.setenv("IDS_DATA_MIRROR", str(path.parent.parent))
    train = yaml.safe_load(propose(path, "mine").dataset)["train"]
    file = PublishedFile(**train)
    assert (file.path, file.records, file.size) == (f"sub/{path.name}", 61, len("\n".join([HEADER, *lines()])) + 1)


@pytest.mark.parametrize("name", ["flows.csv", "flows.csv.gz", "flows.zip", "flows.parquet", "flows.csv.bz2"])
def test_the_data_set_is_fetched_in_every_form_that_is_read(
    name: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "mirror" / name
    packed.parent.mkdir()
    if name.endswith(".zip"):
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "flows.csv")
    elif name.endswith(".parquet"):
        pq.write_table(pyarrow.csv.read_csv(path), packed)
    else:
        pack = {"flows.csv.gz": gzip.compress, "flows.csv.bz2": bz2.compress}.get(name, bytes)
        packed.write_bytes(pack(path.read_bytes()))
    monkeypatch.setenv("IDS_DATA_MIRROR", str(packed.parent))
    proposal = propose(packed, "mine")
    values = yaml.safe_load(proposal.dataset)
    data = PublishedDataset("mine", schema_in(proposal.schema), PublishedFile(**values["train"]), copies=False)
    fetched = data.fetch("train", tmp_path / "raw")
    found, agrees = check(fetched, data.schema)
    assert agrees, found


def test_files_that_exist_are_kept_unless_asked(path: Path, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    said = describe_file(path, None, None, conf=conf)
    assert f"written: {conf / 'schema' / 'flows.yaml'}" in said
    assert any("python -m src.train dataset=flows split=grouped" in line for line in said)
    (conf / "flows.yaml").write_text("mine")
    (conf / "schema" / "flows.yaml").unlink()
    for overwrite in (False, True):
        with pytest.raises(
            FileExistsError, match=r"flows\.yaml: found a file, expected none; .* src\.describe did not write it"
        ):
            describe_file(path, None, None, conf=conf, overwrite=overwrite)
    (conf / "flows.yaml").write_text("# Proposed by `python -m src.describe` earlier")
    with pytest.raises(FileExistsError, match=r"flows\.yaml: found a file, expected none; choose another --name, or"):
        describe_file(path, None, None, conf=conf)
    assert sorted(one.name for one in conf.rglob("*.yaml")) == ["flows.yaml"]
    describe_file(path, None, None, conf=conf, overwrite=True)
    assert "earlier" not in (conf / "flows.yaml").read_text()
    assert not [one for one in conf.rglob("*") if one.is_file() and one.suffix != ".yaml"]


def test_nothing_is_written_of_a_file_that_cannot_be_described(tmp_path: Path) -> None:
    for text, message in (
        ("a,b,c\n1,2,3\n3,4,5\n", r"flows\.csv: found no column that may be the label"),
        ("a,b,label\n" + "x,1,Benign\nx,2,DDoS\n1\n2\n3\n", r"found 2 records and 3 other lines: line 4, column"),
        ("a,b,label\n", r"flows\.csv: found no records; expected lines with the same number of fields"),
        (
            "a,b,label\n,,Benign\n?,?,DDoS\n",
            r"flows\.csv: found no column that may be a feature, expected one of numbers",
        ),
        ("a,a_b,a_c,label\n" + "b,1,2,Benign\nc,2,1,DDoS\n", r"schema can have: columns: found the feature 'a_b' twi"),
    ):
        path = saved(tmp_path, text)
        with pytest.raises(ValueError, match=message) as error:
            describe_file(path, None, None, conf=tmp_path / "conf")
        assert "\n" not in str(error.value)
    assert not (tmp_path / "conf").exists()


@pytest.mark.parametrize("name", ["../x", "a b", "1", "", "x" * 61, "ü", "nan", "Null", "on"])
def test_a_name_that_no_option_has_is_refused(name: str, path: Path) -> None:
    if name:
        with pytest.raises(ValueError, match=r"--name: found .*, expected a letter, then letters, digits and _"):
            describe_file(path, name, None, conf=path.parent / "conf")
    assert name_of(Path(name or "-.csv")).isidentifier()


def test_hostile_names_and_values_stay_what_they_are(tmp_path: Path) -> None:
    names = ["yes", "null", "a: b", "x # y", "'q'", "${oc.env:HOME}", "- z", "true", "Kind"]
    labels = ["Benign", "on", "Web Attack – XSS", "0", "dos", "DoS [x]", "others", "normal attack: #1"]
    rows = [",".join([*(str(n * 7 % (5 + at)) for at in range(8)), label]) for n, label in enumerate(labels * 12)]
    proposal = propose(saved(tmp_path, "\n".join([",".join(names), *rows]) + "\n"), "mine")
    schema = schema_in(proposal.schema)
    assert [*schema.columns] == ["yes", "null", "a: b", "x # y", "q", "- z", "true", "Kind"]
    assert "# '${oc.env:HOME}' is passed over: the name has characters that a schema cannot hold" in proposal.schema
    assert sorted(schema.labels) == sorted(labels)
    assert [*schema.categories] == [
        *("on", "web_attack_xss", "attack_0", "dos", "dos_x", "attack_others", "normal_attack_1")
    ]


def test_a_headerless_file_has_numbered_columns(tmp_path: Path) -> None:
    path = saved(tmp_path, "\n".join(line for line in lines()) + "\n")
    schema = schema_in(propose(path, "mine").schema)
    assert not schema.header
    assert schema.label == "column_8"
    found, agrees = check(path, schema)
    assert agrees, found


def test_a_column_behind_the_label_is_to_be_looked_at(tmp_path: Path) -> None:
    path = saved(tmp_path, "\n".join(f"{line},{n * 5 % 21}" for n, line in enumerate(lines())) + "\n")
    proposal = propose(path, "mine")
    assert (
        "column_9: count # guess: whole numbers, 0 to 20; it stands behind the label: `ignore` it if" in proposal.schema
    )
    assert any(note.startswith("look at: column_9 (whole numbers, 0 to 20; ") for note in proposal.notes)
    assert "behind the label" not in propose(saved(tmp_path, "\n".join([HEADER, *lines()])), "mine").schema


def test_blocks_of_a_large_file_make_one_proposal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = propose(path, "mine").schema
    monkeypatch.setattr("src.data.proposals.undeclared.BLOCK_BYTES", 200)
    assert propose(path, "mine").schema == whole


def test_both_files_are_written_or_none(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = propose(path, "mine")

    write, texts = Path.write_text, []

    def full(path: Path, text: str, **options: str) -> int:
        texts.append(text)
        if len(texts) == 2:
            raise OSError("No space left on device")
        return write(path, text, **options)

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_proposal(proposal, tmp_path / "conf")
    assert not [one for one in (tmp_path / "conf").rglob("*") if one.is_file()]


def test_a_record_without_a_label_is_told_and_malformed(tmp_path: Path) -> None:
    """Neither `NaN` nor an empty field becomes an attack type: the schema refuses the record by line and column."""
    marked = [line.replace("PortScan", {2: "NaN", 5: "", 8: "-"}.get(n, "PortScan")) for n, line in enumerate(lines())]
    path = saved(tmp_path, "\n".join([HEADER, *marked]) + "\n")
    proposal = propose(path, "mine")
    schema = schema_in(proposal.schema)
    assert schema.categories == {"ddos": ["DDoS"], "portscan": ["PortScan"]}
    note = "3 records without a label in Verdict: 'NaN' once, empty once, '-' once, the first in line 4; training stops"
    assert any(one.startswith(note) for one in proposal.notes)
    with (
        path.open("rb") as stream,
        pytest.raises(
            BadRecordError,
            match=r"flows\.csv: line 4, column Verdict: found 'NaN', expected one of Benign, DDoS, PortScan",
        ),
    ):
        list(read_blocks(stream, str(path), schema))
    with path.open("rb") as stream:
        blocks = list(read_blocks(stream, str(path), schema, on_bad_record="quarantine"))
    assert [(bad.line, bad.value) for block in blocks for bad in block.bad] == [(4, "NaN"), (7, ""), (10, "-")]
    assert sum(len(block.line) for block in blocks) == 57
