"""Tables that the stages before training end with."""

from src.pipeline import stage_tables
from src.utils.sections import as_text


def test_preprocess_lists_files_and_unknown_values() -> None:
    known = {"records": 50000, "quarantined": 2, "unknown": {}}
    unknown = known | {"unknown": {"service": {"icmp": 1200, "a": 1, "b": 1, "c": 1}}}
    lines = as_text(stage_tables.preprocessed({"train": known, "test": unknown})).splitlines()
    assert lines[1].split() == ["train", "file", "50,000", "2"]
    assert lines[-1].split(maxsplit=2)[2] == "service in 1,203 records of the test file (icmp, a, b)"
    assert as_text(stage_tables.preprocessed({"train": known})).endswith("unknown values  none")


def test_preprocess_says_what_was_read_another_way_than_the_published_files() -> None:
    plain = {"records": 5, "quarantined": 0, "unknown": {}}
    noted = plain | {"notes": ["1 blank line passed over", "the columns are in another order"]}
    lines = as_text(stage_tables.preprocessed({"train": plain, "test": noted})).splitlines()
    assert [line.split(maxsplit=2) for line in lines[-2:]] == [["test", "file", note] for note in noted["notes"]]


def test_sample_lists_classes_and_parts() -> None:
    facts = {
        "classes": {"normal": {"available": 9846, "drawn": 10121, "drawn_again": 275}},
        "records": {"train": 12155, "val": 4051, "test": 4051},
        "distinct_vectors": {"train": 7871, "val": 2668, "test": 2678},
        "test_share_seen_in_training": 0.37324,
    }
    assert as_text(stage_tables.sampled(facts)).splitlines() == [
        "              records   drawn  drawn again",
        "class normal    9,846  10,121          275",
        "",
        "              records  distinct  copy in training",
        "training       12,155     7,871",
        "validation      4,051     2,668",
        "test            4,051     2,678            37.3 %",
    ]


def test_reduce_lists_the_input_of_a_model() -> None:
    lines = as_text(stage_tables.reduced({"train": (100, 2), "test": (7, 8, 2)}, "pca k=2", 0.043)).splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["training", "100", "2"],
        ["test", "7", "8", "x", "2"],
    ]
    assert lines[-1].endswith("pca k=2, fitted in 0.04 s on the training part")
