"""`python -m src.predict`: verdicts for files of raw records."""

import gzip
import json
import re
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from benchmarks.hostile import cases, measure
from src.detector.detector import Detector
from src.predict import main
from src.tracking.find_runs import find_run
from src.tracking.logged_models import detector_folder
from src.utils.paths import PROJECT
from tests.e2e.conftest import SIMULATED
from tests.kdd import COLUMNS, simulate


@pytest.fixture(scope="module")
def trained(new_project, tmp_path_factory):
    """Project with one run, the id of the run, and the folder of its detector."""
    project = new_project(tmp_path_factory.mktemp("trained"))
    project.module("train", *SIMULATED, "model=decision_tree", "hydra.run.dir=run")
    return project, project.runs()[0].info.run_id, project.root / "run" / "models" / "detector"


@pytest.fixture(scope="module")
def records():
    """2,000 labeled lines that the detector has not seen."""
    return b"".join(simulate("train", 2000, seed=9)).splitlines()


def score(model, path, tmp_path, *options):
    out = tmp_path / "verdicts.csv"
    code = main(["--model", str(model), str(path), "-o", str(out), *options])
    return code, pd.read_csv(out) if out.exists() else None


def test_verdicts_keep_order_and_line_and_are_right(trained, records, tmp_path):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(records))
    code, verdicts = score(trained[2], path, tmp_path)
    assert code == 0
    assert verdicts.columns.tolist() == ["line", "verdict", "probability_normal", "probability_attack"]
    assert verdicts["line"].tolist() == list(range(1, 2001))
    actual = ["normal" if line.endswith(b",normal.") else "attack" for line in records]
    assert (verdicts["verdict"] == actual).mean() > 0.95
    assert (verdicts["probability_normal"] + verdicts["probability_attack"]).round(5).eq(1).all()


def test_a_label_a_header_and_gz_change_nothing(trained, records, tmp_path):
    plain = tmp_path / "plain.csv"
    plain.write_bytes(b"\n".join(line.rpartition(b",")[0] for line in records))
    dressed = tmp_path / "dressed.csv.gz"
    header = ",".join([*COLUMNS, "label"]).encode()
    dressed.write_bytes(gzip.compress(b"\n".join([header, *records])))
    _, first = score(trained[2], plain, tmp_path)
    _, second = score(trained[2], dressed, tmp_path)
    assert second["line"].tolist() == [line + 1 for line in first["line"]]
    pd.testing.assert_frame_equal(first.drop(columns="line"), second.drop(columns="line"))


WORDS = (1, 2, 3, -1)


def rewritten(records, write, columns=range(42)):
    """The records with some of their values written another way."""
    rows = [line.decode().split(",") for line in records]
    places = {column % 42 for column in columns}
    return [",".join(write(v) if at in places else v for at, v in enumerate(row)).encode() for row in rows]


def header_and(records, change):
    """The records below a header, both changed alike."""
    names = [*COLUMNS, "label"]
    return [",".join(change(row)).encode() for row in (names, *(line.decode().split(",") for line in records))]


def as_float(value):
    return f"{float(value):e}" if value.isdigit() else value


OTHERWISE = {  # how exporters write the same records: the lines, and what is said about them
    "scikit-learn": (lambda lines: rewritten(lines, "b'{}'".format, WORDS), "words are written another way, read: b'"),
    "R": (lambda lines: rewritten(lines, '"{}"'.format, WORDS), ""),
    "quoted": (lambda lines: rewritten(lines, '"{}"'.format), ""),
    "single quotes": (lambda lines: rewritten(lines, "'{}'".format, WORDS), "words are written another way, read: '"),
    "capitals": (lambda lines: rewritten(lines, str.upper, (1, 2)), "words are written another way, read: "),
    "floats": (lambda lines: rewritten(lines, as_float), ""),
    "backwards": (lambda lines: header_and(lines, lambda row: row[::-1]), "the columns are in another order"),
    "swapped": (
        lambda lines: header_and(lines, lambda row: [*row[:4], row[5], row[4], *row[6:]]),
        "the columns are in another order",
    ),
    "index": (lambda lines: header_and(lines, lambda row: ["" if row[0] == "duration" else "7", *row]), ""),
    "further": (lambda lines: header_and(lines, lambda row: ["note", *row]), "1 further column passed over: note"),
    "blank": (lambda lines: [b"", *lines[:9], b" ", *lines[9:]], "2 blank lines passed over"),
}  # fmt: skip


@pytest.mark.parametrize("way", OTHERWISE)
def test_the_same_records_written_another_way_get_the_same_verdicts(trained, records, tmp_path, capsys, way):
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    plain.write_bytes(b"\n".join(records[:300]))
    write, note = OTHERWISE[way]
    other.write_bytes(b"\n".join(write(records[:300])))
    _, wanted = score(trained[2], plain, tmp_path)
    capsys.readouterr()
    code, found = score(trained[2], other, tmp_path)
    assert code == 0
    pd.testing.assert_frame_equal(found.drop(columns="line"), wanted.drop(columns="line"))
    said = [line for line in capsys.readouterr().err.splitlines() if "records scored" not in line]
    assert len(said) == bool(note)
    assert all(line.startswith(f"predict: {other}: ") and note in line for line in said)


def test_words_that_no_published_file_has_are_counted_or_refused(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    new = [b",".join([*line.split(b",")[:2], word, *line.split(b",")[3:]]) for line, word in
           zip(records, (b"https", b"quic", b"doh"), strict=False)]  # fmt: skip
    path.write_bytes(b"\n".join([*records[:297], *new]))
    code, verdicts = score(trained[2], path, tmp_path)
    assert (code, len(verdicts)) == (0, 300)
    message = (
        "found words that no published file has in 3 of 300 records (1.00 %), such as service 'doh', service 'https'"
    )
    assert f"predict: {path}: {message}" in capsys.readouterr().err
    (tmp_path / "verdicts.csv").unlink()
    path.write_bytes(b"\n".join([*records[:296], *new]))
    code, verdicts = score(trained[2], path, tmp_path)
    assert (code, verdicts) == (1, None)
    error = capsys.readouterr().err
    assert "in 3 of 299 records (1.00 %), such as service 'doh', service 'https', service 'quic'" in error
    assert error.endswith(
        "expected at most 1.00 %; write the words as the published files do, or raise --max-unknown\n"
    )
    assert score(trained[2], path, tmp_path, "--max-unknown", "0.02")[0] == 0
    assert main(["--model", str(trained[2]), str(path)]) == 1
    assert capsys.readouterr().out == ""  # no verdict stands on standard output either


def test_label_encoded_words_and_a_missing_column_are_refused_by_name(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(rewritten(records[:50], lambda value: "1", (1, 2, 3))))
    assert score(trained[2], path, tmp_path) == (1, None)
    error = capsys.readouterr().err
    assert "line 1, column protocol_type: found '1', expected a word such as icmp, tcp, udp; a label-encoded" in error
    path.write_bytes(b"\n".join(header_and(records[:50], lambda row: row[1:])))
    assert score(trained[2], path, tmp_path, "--on-bad-record", "quarantine") == (1, None)
    assert f"predict: {path}: line 1: found no column 'duration', expected the 41 columns" in capsys.readouterr().err


@pytest.mark.parametrize("first", [b"", b"# a comment", b"0,tcp,http", b"unlabeled"])
def test_a_damaged_first_line_costs_no_other_line(trained, records, tmp_path, capsys, first):
    path = tmp_path / "records.csv"
    first = records[0].rpartition(b",")[0] if first == b"unlabeled" else first
    path.write_bytes(b"\n".join([first, *records[:51]]))
    code, verdicts = score(trained[2], path, tmp_path, "--on-bad-record", "quarantine")
    assert (code, verdicts["line"].tolist()) == (0, list(range(2, 53)))
    assert f"51 records scored by a detector trained on SIMULATED data, {int(first != b'')} left out" in (
        capsys.readouterr().err
    )


def test_records_of_nsl_kdd_are_scored_as_those_of_kdd99(trained, records, tmp_path):
    kdd99, nsl_kdd = tmp_path / "kdd99.csv", tmp_path / "KDDTest+.txt"
    kdd99.write_bytes(b"\n".join(records))
    nsl_kdd.write_bytes(b"\n".join(line.removesuffix(b".") + b",21" for line in records))
    _, first = score(trained[2], kdd99, tmp_path)
    code, second = score(trained[2], nsl_kdd, tmp_path)
    assert code == 0
    pd.testing.assert_frame_equal(first, second)


def test_a_bad_record_stops_with_its_place_and_leaves_no_file(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join([*records[:5], b"not,a,record", *records[5:]]))
    code, verdicts = score(trained[2], path, tmp_path)
    assert code == 1
    assert verdicts is None
    error = capsys.readouterr().err
    assert f"{path}: line 6, column (record): found '3 fields', expected 42 fields in every line" in error
    assert "(41 columns of the detector, and optionally others, such as a label)" in error
    assert "leave bad records out with --on-bad-record quarantine" in error


def test_a_value_out_of_range_is_named_as_elsewhere(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join([*records[:5], records[5].replace(b"0,", b"-1,", 1)]))
    assert score(trained[2], path, tmp_path)[0] == 1
    assert "line 6, column duration: found '-1', expected a whole number, 0 or more;" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "header", "header\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_without_records_is_an_error_and_writes_nothing(trained, tmp_path, capsys, text, packed):
    path = tmp_path / ("records.csv.gz" if packed else "records.csv")
    content = text.replace("header", ",".join([*COLUMNS, "label"])).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    code, verdicts = score(trained[2], path, tmp_path)
    assert code == 1
    assert verdicts is None
    expected = f"predict: {path}: found no record, expected raw records, comma-separated columns in each line"
    assert expected in capsys.readouterr().err
    assert main(["--model", str(trained[2]), str(path)]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("output", [True, False])
def test_a_file_of_bad_records_alone_is_an_error_and_has_no_table(trained, tmp_path, capsys, output):
    path, out = tmp_path / "records.csv", tmp_path / "verdicts.csv"
    path.write_bytes((b"," * 41 + b"\n") * 2)
    options = ["-o", str(out)] if output else []
    assert main(["--model", str(trained[2]), str(path), "--on-bad-record", "quarantine", *options]) == 1
    assert not out.exists()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert (
        f"predict: {path}: found 2 malformed lines and no record that can be scored; the first is line 1" in printed.err
    )


def test_the_file_is_checked_before_the_model(tmp_path, capsys):
    for path, found in ((tmp_path / "none.csv", "no such file"), (tmp_path, "a folder")):
        assert main(["--model", "no-such-model", str(path)]) == 1
        assert f"predict: {path}: found {found}, expected" in capsys.readouterr().err


def test_quarantine_leaves_bad_records_out_and_keeps_the_line_numbers(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join([*records[:5], b"not,a,record", *records[5:]]))
    code, verdicts = score(trained[2], path, tmp_path, "--on-bad-record", "quarantine")
    assert code == 0
    assert verdicts["line"].tolist() == [line for line in range(1, 2002) if line != 6]
    error = capsys.readouterr().err
    assert "line 6" in error
    assert "2,000 records scored by a detector trained on SIMULATED data, 1 left out" in error


def test_left_out_lines_are_kept_as_they_are_and_the_first_few_printed(trained, records, tmp_path, capsys):
    odd = [b"\xff,a , b", *[f"bad {place}".encode() for place in range(20)]]
    path, kept = tmp_path / "records.csv.gz", tmp_path / "bad.txt"
    path.write_bytes(gzip.compress(b"\n".join([*records[:5], *odd, *records[5:]])))
    code, verdicts = score(trained[2], path, tmp_path, "--quarantine", str(kept))
    assert (code, len(verdicts)) == (0, 2000)
    assert kept.read_bytes() == b"\n".join([*odd, b""])
    reasons = pd.read_csv(tmp_path / "bad.txt.reasons.csv")
    assert reasons["line"].tolist() == list(range(6, 27))
    assert reasons["expected"].str.startswith("42 fields in every line").all()
    printed = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[3].split(",")[0] for line in printed[:-2]] == [f"line {line}" for line in range(6, 11)]
    assert printed[-2].startswith(f"predict: left out: {path}: 16 more; --quarantine FILE keeps all of them")
    assert printed[-1].endswith("21 left out")
    code, _ = score(trained[2], path, tmp_path, "--quarantine", str(tmp_path / "none" / "bad.txt"))
    assert code == 0
    path.write_bytes(b"\n".join(records))
    assert score(trained[2], path, tmp_path, "--quarantine", str(kept))[0] == 0
    assert kept.read_bytes() == b""  # no line was left out this time
    assert (tmp_path / "bad.txt.reasons.csv").read_text() == "line,column,value,expected\n"


def test_an_output_is_not_the_file_itself(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv"
    path.write_bytes(records[0])
    (tmp_path / "link.csv").symlink_to(path)
    for option in ("-o", "--quarantine"):
        assert main(["--model", str(trained[2]), str(path), option, str(tmp_path / "link.csv")]) == 1
        assert "found the file of records itself, expected another output" in capsys.readouterr().err
    assert path.read_bytes() == records[0]


@pytest.mark.integration
def test_pipes_and_devices_are_read_and_written_as_files_are(trained, records, tmp_path):
    """One shell for all: standard input by its two names, a named pipe in and out, `-`, a file that is added to."""
    project, _, folder = trained
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(records[:50]) + b"\n")
    (tmp_path / "log").write_text("before\n")
    predict = f"python -m src.predict --model {folder}"
    lines = f"""
        cd {project.root}; set -e
        {predict} {path} -o /dev/stdout >> {tmp_path}/log
        cat {path} | {predict} - -o - > {tmp_path}/dash.csv
        gzip -c {path} | {predict} /dev/stdin -o {tmp_path}/plain.csv
        mkfifo {tmp_path}/in {tmp_path}/out
        cat {path} > {tmp_path}/in &
        cat {tmp_path}/out > {tmp_path}/fifo.csv &
        {predict} {tmp_path}/in -o {tmp_path}/out
        wait
    """
    project.run("bash", "-c", lines)
    plain = (tmp_path / "plain.csv").read_text()
    assert len(plain.splitlines()) == 51
    for name in ("dash.csv", "fifo.csv"):
        assert (tmp_path / name).read_text() == plain, name
    assert (tmp_path / "log").read_text() == f"before\n{plain}"
    assert (tmp_path / "out").is_fifo()


@pytest.mark.integration
def test_a_run_id_and_a_folder_give_the_same_verdicts_on_standard_output(trained, records, tmp_path):
    project, run_id, folder = trained
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(records[:50]) + b"\n")
    by_run, by_folder = (
        project.run("bash", "-c", f"python -m src.predict --model {model} {path} 2>/dev/null")
        for model in (run_id, folder)
    )
    assert len(by_run.splitlines()) == 51
    assert by_run == by_folder


@pytest.mark.integration
def test_a_reader_that_goes_away_ends_it_quietly(trained, records, tmp_path):
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(records) + b"\n")
    command = (
        f"python -m src.predict --model {trained[2]} {path} 2>{tmp_path / 'errors'} | true; echo ${{PIPESTATUS[0]}}"
    )
    assert trained[0].run("bash", "-c", command) == "141\n"
    assert (tmp_path / "errors").read_text() == ""


@pytest.mark.integration
@pytest.mark.parametrize("inside", [True, False])
def test_the_lines_of_the_docs_load_the_model(trained, tmp_path, inside):
    """As docs/scoring.md has them: in the project and elsewhere, without a store of MLflow's own or TensorFlow."""
    project, run_id, _ = trained
    text = (PROJECT / "docs" / "scoring.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.S)[1].replace("<run id>", run_id)
    code = code.replace("/path/to/the/project", "." if inside else str(project.root))
    folder = project.root if inside else tmp_path
    before = sorted(folder.iterdir())
    command = f"cd '{folder}' && python -c '{code}print(list(verdicts), len(verdicts))'"
    output = project.run("bash", "-c", command)
    assert output.splitlines()[-1] == "['verdict', 'probability_normal', 'probability_attack', 'unknown_words'] 200"
    assert "oneDNN" not in output
    assert sorted(folder.iterdir()) == before


def test_a_run_is_taken_by_its_name_and_by_first_digits(trained, monkeypatch):
    project, run_id, _ = trained
    monkeypatch.setenv("MLFLOW_TRACKING_URI", project.store)
    (run,) = project.runs()
    folders = {detector_folder(text) for text in (run_id, run_id[:6], run.info.run_name)}
    card = Detector.load(trained[2]).card
    assert all(Detector.load(folder).card == card for folder in folders)


@pytest.fixture(scope="module")
def registered(trained):
    """The model of the run as version 1 of `ids`, which is its champion."""
    client = mlflow.MlflowClient(trained[0].store)
    client.create_registered_model("ids")
    (model,) = client.search_logged_models([client.get_run(trained[1]).info.experiment_id])
    client.create_model_version("ids", f"models:/{model.model_id}", run_id=trained[1])
    client.set_registered_model_alias("ids", "champion", "1")
    return Path(model.artifact_location)


@pytest.mark.usefixtures("registered")
def test_a_model_is_taken_by_its_address(trained, monkeypatch):
    project, run_id, _ = trained
    monkeypatch.setenv("MLFLOW_TRACKING_URI", project.store)
    (run,) = project.runs()
    addresses = ["models:/ids@champion", "models:/ids/1"]
    addresses += [f"runs:/{one}/detector" for one in (run_id, run_id[:6], run.info.run_name)] + [f"runs:/{run_id}"]
    for address in addresses:
        assert Detector.load(detector_folder(address)).card == Detector.load(trained[2]).card
        assert find_run(address).id == run_id


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("models:/other@champion", "Registered Model with name=other not found"),
        ("models:/ids@challenger", "alias challenger not found"),
        ("models:/ids/7", "Model Version .name=ids, version=7. not found"),
        ("models:/ids", "Logged model with ID 'ids' not found"),
    ],
)
def test_a_model_that_the_registry_does_not_have_is_named(address, reason, trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained[0].store)
    path = tmp_path / "records.csv"
    path.write_bytes(b"0\n")
    assert main(["--model", address, str(path)]) == 1
    error = capsys.readouterr().err
    assert re.match(rf"predict: {address}: found no such model in sqlite:\S+ \(.*({reason})", error)
    assert "expected models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/detector" in error
    assert error.count("\n") == 1


def test_a_store_that_is_not_there_is_not_made_for_a_model(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    path = tmp_path / "records.csv"
    path.write_bytes(b"0\n")
    assert main(["--model", "models:/ids@champion", str(path)]) == 1
    assert "predict: models:/ids@champion: found no store in sqlite" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


def test_predict_runs_no_code_of_a_model_and_mlflow_does(trained, registered, records, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained[0].store)
    path, traces = tmp_path / "records.csv", tmp_path / "traces"
    path.write_bytes(b"\n".join(records))
    codes = {file: file.read_text() for file in registered.rglob("*.py")}
    assert codes
    traces.mkdir()
    try:
        for number, (file, code) in enumerate(codes.items()):
            file.write_text(f"open({str(traces / str(number))!r}, 'w').close()\n{code}")
        assert score("models:/ids@champion", path, tmp_path)[0] == 0
        assert list(traces.iterdir()) == []
        mlflow.pyfunc.load_model(str(registered))
        assert list(traces.iterdir()) != []
    finally:
        for file, code in codes.items():
            file.write_text(code)


def test_a_missing_model_is_named(trained, records, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained[0].store)
    path = tmp_path / "records.csv"
    path.write_bytes(records[0])
    assert main(["--model", "0" * 32, str(path)]) == 1
    error = capsys.readouterr().err
    assert "found neither such a folder nor a run of this name or id in sqlite" in error
    assert trained[1][:8] in error
    assert main(["--model", str(tmp_path), str(path)]) == 1
    assert "found no detector in it" in capsys.readouterr().err


def test_a_cut_off_gz_is_an_error(trained, records, tmp_path, capsys):
    path = tmp_path / "records.csv.gz"
    path.write_bytes(gzip.compress(b"\n".join(records))[:-200])
    code, verdicts = score(trained[2], path, tmp_path)
    assert code == 1
    assert verdicts is None
    assert f"predict: {path}: " in capsys.readouterr().err


def test_the_card_of_a_detector_names_its_training_data(trained):
    card = json.loads((trained[2] / "detector.json").read_text())
    assert (card["simulated"], card["task"], card["split"], card["reducer"], card["k"]) == (
        True, "binary", "random", "pca", 2,
    )  # fmt: skip


@pytest.mark.integration
def test_the_trained_threshold_decides_the_verdicts(bare_project, records, tmp_path):
    project = bare_project
    project.module(
        "train", *SIMULATED, "model=random_forest", "model.n_estimators=20", "hydra.run.dir=run",
        "tracking.log_model=false", "decision.false_alarm_budget=0.002", "decision.calibrate=true",
    )  # fmt: skip
    card = json.loads((project.root / "run" / "models" / "detector" / "detector.json").read_text())
    threshold = card["decision"]["threshold"]
    path = tmp_path / "records.csv"
    path.write_bytes(b"\n".join(records))
    _, verdicts = score(project.root / "run" / "models" / "detector", path, tmp_path)
    alarm = 1 - verdicts["probability_normal"] >= threshold
    assert (alarm == (verdicts["verdict"] == "attack")).mean() > 0.999  # probabilities are rounded in the file
    assert 0 < alarm.mean() < 1


@pytest.mark.integration
@pytest.mark.parametrize("name", ["1 GB without a line end, 1 MB of gz", "16 MB of line ends, 16 kB of gz"])
def test_memory_is_bounded_for_files_that_unpack_to_much(trained, tmp_path, name):
    """The first took a gigabyte for each copy of the line, the second 6 GB."""
    (case,) = (one for one in cases() if one.name == name)
    outcome = measure(case, trained[2], PROJECT, tmp_path)
    assert outcome.megabytes < 1024
    assert outcome.status == (1 if "1 GB" in name else 0), outcome.printed
