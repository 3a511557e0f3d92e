"""From a user's CSV to verdicts: the config is proposed, trained on unchanged, and checked against another file."""

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.integration

HEADER = "Wann,Src IP,Gate,Dur (s),Octets,Loss Ratio,Syn,Fwd Hdr,Fwd Hdr,Alert,Kind"


def flows(path: Path, records: int, seed: int) -> list[str]:
    """Write made-up flows as an exporter may: an index without a name, CRLF, a byte-order mark, missing values."""
    rng = np.random.default_rng(seed)
    rows, kinds = [f",{HEADER}"], []
    for number in range(records):
        kind = ("Benign", "UDP Flood", "Port-Scan")[rng.choice(3, p=[0.6, 0.25, 0.15])]
        seconds = rng.exponential(0.01 if kind == "Port-Scan" else 2) + (0 if kind == "Port-Scan" else 0.1)
        octets = rng.integers(50_000, 90_000) if kind == "UDP Flood" else rng.integers(9_000)
        size = str(octets) if number % 90 else ("?", "")[number % 2]
        start = f"2024-05-01 08:{number // 60 % 60:02}:{number % 60:02}"
        gate = rng.choice(["north", "south", "east"])
        rows.append(f"{number},{start},10.0.{rng.integers(9)}.{rng.integers(250)},{gate},{seconds:.4f},{size},"
                    f"{rng.random():.2f},{rng.integers(2)},1,2,{int(kind != 'Benign')},{kind}")  # fmt: skip
        kinds.append(kind)
    path.write_text("\ufeff" + "\r\n".join(rows) + "\r\n", encoding="utf-8", newline="")
    return kinds


def test_a_proposal_trains_and_checks_without_an_edit(project: Project) -> None:
    (project.root / "mirror").mkdir()
    flows(project.root / "mirror" / "Our flows.csv", 3_000, 0)
    project.env["IDS_DATA_MIRROR"] = str(project.root / "mirror")
    said = project.module("describe", "mirror/Our flows.csv")
    assert "label: Kind (its values, and 3 distinct values in 3,000 records)" in said
    assert "ignored: Alert (follows from Kind, which it gives away: '0' for 'Benign', '1' for 2 labels)" in said
    again = project.module("describe", "mirror/Our flows.csv", fails=True)
    assert "our_flows.yaml: found a file, expected none" in again
    assert again.count("\n") == 1
    # as the last line of the proposal says it
    (command,) = [line for line in said.splitlines() if "python -m src.train" in line]
    project.module(*command.split()[2].split(".")[1:], *command.split()[3:], "task=categories")
    (run,) = project.runs("our_flows")
    assert run.data.metrics["test_accuracy"] > 0.95

    kinds = flows(project.root / "more.csv", 300, 1)
    assert "300 records agree with schema 'our_flows'" in project.module(
        "describe", "more.csv", "--schema", "our_flows"
    )
    project.module("predict", "more.csv", "--model", run.info.run_id, "-o", "verdicts.csv")
    verdicts = [line.split(",")[1] for line in (project.root / "verdicts.csv").read_text().splitlines()[1:]]
    classes = {"Benign": "normal", "UDP Flood": "udp_flood", "Port-Scan": "port_scan"}
    assert np.mean([verdict == classes[kind] for verdict, kind in zip(verdicts, kinds, strict=True)]) > 0.95
    text = (project.root / "more.csv").read_text(encoding="utf-8-sig").replace("UDP Flood", "Martian")
    (project.root / "wrong.csv").write_text(text)
    failed = project.module("describe", "wrong.csv", "--schema", "our_flows", fails=True)
    assert f"column Kind: {kinds.count('UDP Flood')} lines, 1 different value; the first in line" in failed
