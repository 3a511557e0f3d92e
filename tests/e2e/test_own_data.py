"""A data set of a user's own: the two files of conf/ that docs/data.md shows, and records made up here."""

import json
import re
from pathlib import Path

import mlflow
import numpy as np
import pytest
import yaml

from src.utils.paths import PROJECT
from tests.e2e.conftest import Project

pytestmark = pytest.mark.integration

RECORDS = 3_000


def flows(records: int, seed: int) -> list[str]:
    """Lines below the header of docs/data.md. Attacks are short, or of many bytes."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(records):
        kind = ("Benign", "DDoS", "PortScan")[rng.choice(3, p=[0.6, 0.2, 0.2])]
        seconds = rng.exponential(0.01 if kind == "PortScan" else 2) + (0 if kind == "PortScan" else 0.1)
        size = (
            "?" if rng.random() < 0.01 else str(rng.integers(50_000, 90_000) if kind == "DDoS" else rng.integers(9_000))
        )
        proto, port = rng.choice(["tcp", "udp"]), rng.choice(["web", "dns", "mail"])
        start = f"2024-05-01 08:{number // 60 % 60:02}:{number % 60:02}"
        lines.append(f"{number},{start},{proto},{port},{seconds:.4f},{size},{rng.random():.2f},{kind}")
    return lines


def test_two_files_of_conf_make_a_data_set_from_csv_to_verdicts_and_mlflow(project: Project) -> None:
    page = (PROJECT / "docs" / "data.md").read_text(encoding="utf-8")
    schema, dataset = re.findall(r"```yaml\n(# Flows of our own network.*?)```", page, re.DOTALL)
    header = re.search(r"^id,start,.*$", page, re.MULTILINE)
    assert header is not None
    conf, mirror = project.root / "conf" / "dataset", project.root / "mirror"
    (conf / "schema" / "flows.yaml").write_text(schema)
    (conf / "flows.yaml").write_text(dataset.replace("100001", str(RECORDS + 1)))
    (mirror / "flows").mkdir(parents=True)
    (mirror / "flows" / "flows.csv").write_text("\r\n".join([header[0], *flows(RECORDS, 0)]) + "\r\n")
    project.env["IDS_DATA_MIRROR"] = str(mirror)
    options = ("dataset=flows", "split=grouped", "reducer=none", "task=categories")
    printed = project.module("train", *options, "model=decision_tree")
    assert re.search(r"flows: \d[\d,]* training, .*\n.*categories, grouped split, seed 0; seen in training: 0", printed)
    assert "decision_tree on all features" in printed
    assert "missing numbers read as 0" in printed

    (run,) = project.runs("flows")
    assert run.data.metrics["test_accuracy"] > 0.95
    assert run.data.params["dataset.schema.name"] == "flows"
    assert run.data.params["k"] == "None"
    (logged,) = mlflow.MlflowClient(project.store).search_logged_models([run.info.experiment_id])
    model = yaml.safe_load((Path(logged.artifact_location.removeprefix("file://")) / "MLmodel").read_text())
    names = [column["name"] for column in json.loads(model["signature"]["inputs"])]
    assert names == ["proto", "port_class", "seconds", "bytes", "loss"]

    # other records, in another order of the columns, without labels, times and numbers
    lines = [line.split(",") for line in flows(200, 1)]
    kept = ["loss", "bytes", "seconds", "port_class", "proto"]
    places = [header[0].split(",").index(name) for name in kept]
    text = "\n".join([",".join(kept), *(",".join(line[place] for place in places) for line in lines)])
    (project.root / "more.csv").write_text(text)
    project.module("predict", "more.csv", "--model", run.info.run_id, "-o", "verdicts.csv")
    verdicts = [line.split(",")[1] for line in (project.root / "verdicts.csv").read_text().splitlines()[1:]]
    classes = {"Benign": "normal", "DDoS": "floods", "PortScan": "scans"}
    assert np.mean([verdict == classes[line[-1]] for verdict, line in zip(verdicts, lines, strict=True)]) > 0.95
    (project.root / "wrong.csv").write_text(text.replace("0.", "7.", 1))
    failed = project.module("predict", "wrong.csv", "--model", run.info.run_id, fails=True)
    assert "column loss: found '7." in failed
    assert "expected a number from 0 to 1" in failed

    # the records of another day, a data set of one file: all of them are scored, with the words that training learned
    (conf / "later.yaml").write_text(
        "defaults: [flows, _self_]\nname: later\ntrain: {path: flows/later.csv, records: 501}\n"
    )
    (mirror / "flows" / "later.csv").write_text("\n".join([header[0], *flows(500, 2)]).replace(",mail,", ",chat,", 1))
    table = project.module("cross_evaluate", run.info.run_id, "--on", "later")
    later = next(one for one in project.runs("flows") if "scored_on" in one.data.tags)
    assert (later.data.tags["trained_on"], later.data.tags["scored_on"]) == ("flows", "later")
    assert later.data.metrics["test_accuracy"] > 0.95
    assert later.data.params["derived.records_test"] == "500"
    assert later.data.params["derived.unknown_test"] == "{'port_class': {'chat': 1}}"
    assert f"{100 * later.data.metrics['test_accuracy']:.2f}" in table
