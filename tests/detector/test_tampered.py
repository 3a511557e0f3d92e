"""Damaged and hostile detectors: each ends in one line or in the same verdicts, none in a traceback, hang or crash."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import PROJECT, Workspace
from tests.kdd import simulate

MODELS = {
    "lstm": ("model.layers=1", "model.units=4", "training.epochs=1"),
    "random_forest": ("model.n_estimators=5", "reducer=mi"),
    "gradient_boosting": ("model.max_iter=3", "reducer=none"),
    "knn": ("reducer=lda", "k=1"),
}


@pytest.fixture(scope="module")
def outcomes(composed: Callable[..., DictConfig], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Outcome of scoring with each tampered detector, by its name."""
    folder = tmp_path_factory.mktemp("tampered")
    for name, changes in MODELS.items():
        small = ("dataset=simulated", "dataset.records=1000", "training.progress=false", f"model={name}", *changes)
        settings = build(composed(*small))
        train(settings, StageOutputs(settings, Workspace(Path("/nowhere")))).detector.save(folder / "of" / name)
    records, out = folder / "records.csv", folder / "outcomes.jsonl"
    records.write_bytes(b"".join(simulate("test", 200, seed=1)))
    found: dict[int, tuple[str, str]] = {}
    while True:  # a process that crashes or hangs is followed by one that goes on with the next
        command = ["tests.detector.tampering", records, len(found), out, *(folder / "of" / name for name in MODELS)]
        done = subprocess.run([sys.executable, "-m", *map(str, command)], cwd=PROJECT, capture_output=True, text=True)
        for number, model, mutation, outcome in map(json.loads, out.read_text().splitlines()):
            found[number] = (f"{model}: {mutation}", outcome)
        if done.returncode == 0:
            return dict(found.values())
        number, (name, outcome) = max(found.items())
        assert outcome == "started", done.stderr
        found[number] = (name, f"crash or hang: exit status {done.returncode}")
        with out.open("a") as lines:
            print(json.dumps([number, *name.split(": ", 1), found[number][1]]), file=lines)


@pytest.mark.integration
def test_a_tampered_detector_ends_in_one_line_or_in_the_same_verdicts(
    outcomes: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = Counter("one line" if outcome.startswith("one line") else outcome for outcome in outcomes.values())
    with capsys.disabled():
        print(f"\n{len(outcomes):,} tampered detectors: {dict(kinds)}")
    assert len(outcomes) >= 219
    others = set(kinds) - {"one line", "same verdicts", "another detector"}
    assert not others, [(name, outcome) for name, outcome in outcomes.items() if outcome in others]
    # Whoever changes a number to another finite one, and renews the digests, has made another detector.
    assert all(name.endswith("sealed") for name, outcome in outcomes.items() if outcome == "another detector")
    assert kinds["another detector"] <= len(outcomes) // 50
    assert kinds["one line"] >= len(outcomes) * 3 // 4


@pytest.mark.integration
@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        ("detector.json k='x'", "detector.json: found k='x'"),
        ("detector.json window=1000000000", "detector.json: found window=1000000000"),
        ("detector.json class_names=['normal', 'normal'", "expected names that differ"),
        ("detector.json decision.temperature=5e-324", "temperature=5e-324, expected a number above 0"),
        ("detector.json nested without end", "detector.json: found no JSON"),
        ("model/estimator.skops schema self", "estimator.skops: found"),
        ("model/estimator.skops schema deep", "nested in more than 100 levels"),
        ("model/estimator.skops that unpacks to gigabytes", "expected at most 1,073,741,824"),
        ("model/network.keras units=1000000000", "network.keras: found units=1000000000 of a layer"),
        ("model/network.keras with a weight nan", "network.keras: found nan in the weights"),
    ],
)
def test_the_line_names_the_file_and_what_is_wrong(mutation: str, message: str, outcomes: dict[str, str]) -> None:
    found = [outcome for name, outcome in outcomes.items() if mutation in name]
    assert found
    assert all(message in outcome for outcome in found), found
