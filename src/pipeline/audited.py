"""Audit of the data of one config: its files, and the parts that its split makes of them."""

from src.config.settings import Settings
from src.evaluation.audit.checks import SplitRows, audit
from src.evaluation.audit.findings import Finding
from src.evaluation.audit.records import Records, records_of
from src.pipeline.stage_data import EncodedFile, attack_types, plan_sample
from src.pipeline.stage_outputs import StageOutputs


def audited(settings: Settings, outputs: StageOutputs) -> list[Finding]:
    """Run all checks on the files of the data set, and on the split unless its tests are files of their own."""
    train = outputs.training_file  # first: its values complete the schema
    tests = outputs.official_tests
    files = [_records(part, file, outputs) for part, file in {"train": train, **tests}.items()]
    return audit(
        files[0], files[1:], _split(settings, train), ordered=settings.dataset.ordered, seed=settings.seeds.split
    )


def _records(part: str, file: EncodedFile, outputs: StageOutputs) -> Records:
    table, schema = file.table, outputs.schema
    missing, unknown = (file.findings.get(name, {}) for name in ("missing", "unknown"))
    return records_of(part, table.X, attack_types(table, schema), table.row, schema, missing, unknown)


def _split(settings: Settings, train: EncodedFile) -> SplitRows | str | None:
    """Records of training and test by the split, or the reason why it cannot be made; None with published tests."""
    if settings.split.official:
        return None
    try:
        rows = plan_sample(settings, train, {}).rows
    except ValueError as error:
        return str(error)
    if not len(rows["test"]):
        return "the split has an empty test part"
    return SplitRows(rows["train"], rows["test"])
