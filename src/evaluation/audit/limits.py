"""Limits of yellow and red findings, each with its reason; the table of docs/audit/README.md has the same."""

from typing import Final

from src.evaluation.audit.findings import Limit

LIMITS: Final[dict[str, Limit]] = {
    "copies": Limit(
        "share of the records of a file that are copies of another", 0.01, 0.2,
        "copies weigh in a score as if they were evidence; above a fifth, frequent vectors decide it",
    ),
    "shared": Limit(
        "share of the test records that training has too", 0.001, 0.05,
        "0.1 % moves a score less than its interval over test records; 5 % moves it more than systems differ",
    ),
    "conflicts": Limit(
        "share of the records that no model of single records can get right", 0.001, 0.01,
        "the same; 1 % is the error that good detectors have in all",
    ),
    "giveaways": Limit(
        "balanced accuracy of a rule on one column", 0.9, 0.98,
        "beside such a column, the score of a model says little about the others",
    ),
    "giveaways, errors": Limit(
        "share of the errors of the majority class that a rule on one column avoids", 0.8, 0.95,
        "the same, for classes of unequal size",
    ),
    "constant": Limit("columns with one value in a file", 0, None, "they say nothing, or nothing that was learned"),
    "redundant": Limit("columns that follow from another", 0, None, "they add no information, but weight"),
    "identifiers": Limit(
        "distinct values of a column, as a share of the records without its most frequent value", 0.9, 0.999,
        "such a value names a record: what is learned of it holds for no other",
    ),
    "neighbors": Limit(
        "share of the test records beside a training record, where the lines are in order", 0.05, 0.5,
        "neighbors are of the same connection or attack, so a test record is almost known",
    ),
    "outside": Limit(
        "share of the test records with a word or number that training lacks", 0.001, 0.05,
        "as for shared records: models extrapolate there",
    ),
    "new_labels": Limit(
        "share of the test records with a label that training lacks", 0, 0.05,
        "no classifier can name them; above 5 % they decide the score",
    ),
    "missing": Limit(
        "share of the values of a column that are missing", 0.01, 0.2,
        "a missing number is read as 0, which is also a value",
    ),
}  # fmt: skip
FEW_RECORDS: Final = 20  # the 95 % interval of a recall on 20 records is 0.4 wide
SHUFFLED_RUNS: Final = 0.5  # label runs of a file in order, at most, as a share of those of a shuffled file
FEW_VALUES: Final = 32  # numbers with no more values are also read value by value, as words are
