"""Tables of counts that the stages before training end with."""

from collections.abc import Mapping, Sequence

from src.pipeline.stage_data import Facts
from src.utils.sections import Section

PART_WORDS = {"train": "training", "val": "validation"}  # other parts are called as they are
_SHOWN_VALUES = 3  # the note beside the output has all of them


def preprocessed(findings: Mapping[str, Facts]) -> list[Section]:
    """Records of each file, and the values in it that the encoding does not know.

    Args:
        findings: Counts by file, as `Findings.as_dict` gives them.
    """
    rows = [(f"{name} file", *_counts(one["records"], one["quarantined"])) for name, one in findings.items()]
    unknown = [
        f"{column} in {sum(values.values()):,} records of the {name} file ({', '.join(list(values)[:_SHOWN_VALUES])})"
        for name, one in findings.items()
        for column, values in one["unknown"].items()
    ]
    notes = [(f"{name} file", note) for name, one in findings.items() for note in one.get("notes", ())]
    return [
        Section(rows, ("", "records", "quarantined")),
        Section([("unknown values", "; ".join(unknown) or "none"), *notes]),
    ]


def sampled(facts: Facts) -> list[Section]:
    """Records drawn of each class, and the records of each part.

    Args:
        facts: Facts of the sample stage.
    """
    classes = [
        (f"class {name}", *_counts(one["available"], one["drawn"], one["drawn_again"]))
        for name, one in facts["classes"].items()
    ]
    parts = []
    for name, records in facts["records"].items():
        seen = facts.get(f"{name}_share_seen_in_training")
        share = "" if seen is None else f"{seen:.1%}".replace("%", " %")
        parts.append((PART_WORDS.get(name, name), *_counts(records, facts["distinct_vectors"][name]), share))
    return [
        Section(classes, ("", "records", "drawn", "drawn again")),
        Section(parts, ("", "records", "distinct", "copy in training")),
    ]


def reduced(shapes: Mapping[str, Sequence[int]], reducer: str, seconds: float) -> list[Section]:
    """Records and columns of each part, as the model reads them.

    Args:
        shapes: Shape of the input by part.
        reducer: Reducer in words.
        seconds: Seconds that scaling and reducer took to fit.
    """
    rows = [
        (PART_WORDS.get(name, name), f"{shape[0]:,}", " x ".join(map(str, shape[1:]))) for name, shape in shapes.items()
    ]
    return [
        Section(rows, ("", "records", "columns")),
        Section([("reducer", f"{reducer}, fitted in {seconds:.2f} s on the training part")]),
    ]


def _counts(*counts: int) -> tuple[str, ...]:
    return tuple(f"{count:,}" for count in counts)
