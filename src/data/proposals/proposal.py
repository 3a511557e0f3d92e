"""Proposes the two files of `conf/dataset` for a user's file of records; every guess has its reason in a comment."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from src.data.column_names import name_key
from src.data.parsing.dialect import MISSING
from src.data.parsing.reading import Reading, shown
from src.data.parsing.records import BadRecord
from src.data.proposals.column_kinds import THOUSANDS, WRONG_VALUES, Guess, guess_kind
from src.data.proposals.column_summary import ColumnSummary, summaries
from src.data.proposals.dataset_file import PROPOSED, dataset_text, mirror_of, yaml_scalar
from src.data.proposals.label_copies import FEWEST_RECORDS, copies_of_label
from src.data.proposals.label_guess import LabelGuess, guess_label, marks_of
from src.data.proposals.undeclared import Undeclared, check_plain_file, look, words_of
from src.data.schema import Schema, schema_of
from src.data.sources import MIRROR_VARIABLE
from src.utils.files import whole_file
from src.utils.paths import PROJECT, shown_path
from src.utils.validation import first_fault

CONF: Final = PROJECT / "conf" / "dataset"
_KEPT_VALUES: Final = 1_000_000  # different values kept of all columns together
_MOST_OF_A_COLUMN: Final = 10_000
_MOST_OF_A_COPY: Final = 200  # different values of a column that may say the label in other words
_NAME: Final = re.compile(r"[A-Za-z]\w{0,59}", re.ASCII)
_NO_WORDS: Final = frozenset({"nan", "inf", "null", "true", "false", "yes", "no", "on", "off", "none"})
_MOST_BEHIND: Final = 3  # columns behind the label that may be of it
_BEHIND: Final = "it stands behind the label: `ignore` it if it was made with the label"
_NO_FEATURES: Final = ("ignore", "time", "host")
_TABLE_NAMES: Final = ("attack", "row", "target")  # a feature may not have the names that tables have


@dataclass(frozen=True)
class Proposal:
    """Proposed files, and what to tell the user.

    Attributes:
        name: Name of the data set.
        schema: Text of `conf/dataset/schema/<name>.yaml`.
        dataset: Text of `conf/dataset/<name>.yaml`.
        mirror: Folder to name in `IDS_DATA_MIRROR`.
        notes: Lines on what was guessed and found.
    """

    name: str
    schema: str
    dataset: str
    mirror: Path
    notes: tuple[str, ...]

    def files(self, conf: Path) -> dict[Path, str]:
        """Text of each file by its path."""
        return {conf / "schema" / f"{self.name}.yaml": self.schema, conf / f"{self.name}.yaml": self.dataset}


@dataclass
class _Found:
    """Findings of reading a file: its columns, and its lines that are no records."""

    columns: dict[str, ColumnSummary]
    records: int = 0
    bad: int = 0
    first_bad: BadRecord | None = None
    reading: Reading = field(default_factory=Reading)


def describe_file(
    path: Path, name: str | None, label: str | None, *, overwrite: bool = False, conf: Path = CONF
) -> list[str]:
    """Propose the files for a file of records and write them.

    Returns:
        Lines for the user: what was guessed, what was written, and what comes next.
    Raises:
        FileExistsError: a file exists; none is written.
        OSError, ValueError: as for `propose`.
    """
    check_plain_file(path)
    name = name or name_of(path)
    if not _NAME.fullmatch(name) or name.lower() in _NO_WORDS:
        raise ValueError(
            f"--name: found {name!r}, expected a letter, then letters, digits and _, at most 60, and a word that YAML "
            "and Hydra do not read as a value"
        )
    check_free(name, conf, overwrite=overwrite)  # now: reading may take long
    proposal = propose(path, name, label)
    written = write_proposal(proposal, conf, overwrite=overwrite)
    return [
        *proposal.notes,
        "",
        *(f"written: {shown_path(one)}" for one in written),
        "Check the lines with `guess`, then for example:",
        f"  export {MIRROR_VARIABLE}={shlex.quote(str(proposal.mirror))}",
        f"  python -m src.train dataset={name} split=grouped reducer=none model=decision_tree",
        f"A further file of the same columns, such as a test: python -m src.describe FILE --schema {name}",
    ]


def propose(path: Path, name: str, label: str | None = None) -> Proposal:
    """Propose the files for a file of records.

    Args:
        name: Name of the data set.
        label: Column of the label; None guesses it.
    Raises:
        ValueError: the file has no records or no label, or is of a kind that is not read.
        OSError: the file cannot be read, or is damaged.
    """
    mirror, below = mirror_of(path)
    file = look(path)
    found = _read(file)
    try:
        target = guess_label(found.columns, label)
        guesses = _guesses(file, found, target)
        marks = _marks(found, guesses)
        text = _schema_text(name, file, found, guesses, target, marks)
        _check(text, found)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return Proposal(name, text, dataset_text(name, path, below), mirror, _notes(file, found, guesses, target, marks))


def write_proposal(proposal: Proposal, conf: Path = CONF, *, overwrite: bool = False) -> list[Path]:
    """Write both files whole, or none.

    Args:
        conf: Folder of the data sets.
        overwrite: If true, files that exist are replaced.
    Raises:
        FileExistsError: a file exists; none is written.
    """
    files = proposal.files(conf)
    check_free(proposal.name, conf, overwrite=overwrite)
    with ExitStack() as stack:  # both take their names when both are written
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(whole_file(path)).write_text(text, encoding="utf-8")
    return [*files]


def check_free(name: str, conf: Path = CONF, *, overwrite: bool = False) -> None:
    """Check that no file would be replaced.

    Raises:
        FileExistsError: a file of this name exists; with `overwrite`, one that no earlier call wrote.
    """
    for path in (conf / "schema" / f"{name}.yaml", conf / f"{name}.yaml"):
        if not path.exists():
            continue
        if not path.read_text(encoding="utf-8", errors="replace").startswith(PROPOSED):
            raise FileExistsError(
                f"{path}: found a file, expected none; choose another --name, or move the file away: src.describe did "
                "not write it"
            )
        if not overwrite:
            raise FileExistsError(f"{path}: found a file, expected none; choose another --name, or pass --overwrite")


def name_of(path: Path) -> str:
    """Make a name of a data set of the name of a file."""
    stem = re.sub(r"(\.(csv|txt|tsv|data|arff|parquet|arrow|feather|gz|zip|bz2|zst|lz4))+$", "", path.name.lower())
    name = re.sub("[^a-z0-9]+", "_", stem).strip("_")[:60]
    is_word = name and not name[0].isdigit() and name not in _NO_WORDS
    return name if is_word else f"data_{name}".rstrip("_")


def _read(file: Undeclared) -> _Found:
    most = max(200, min(_MOST_OF_A_COLUMN, _KEPT_VALUES // len(file.columns)))
    found = _Found(summaries(file.columns, most))
    for block in file.words(reading=found.reading):
        found.records += len(block.line)
        found.bad += len(block.bad)
        if block.bad:
            found.first_bad = found.first_bad or block.bad[0]
        for name, column in found.columns.items():
            column.add(words_of(block, name), block.line)
    if found.records <= found.bad:
        bad = f" and {found.bad:,} other lines: {found.first_bad}" if found.first_bad else ""
        raise ValueError(f"{file.path}: found {found.records or 'no'} records{bad}; expected lines with the same "
                         "number of fields")  # fmt: skip
    return found


def _guesses(file: Undeclared, found: _Found, target: LabelGuess) -> dict[str, Guess]:
    """Guess the kind of each column, but that of the label; those that say the label in other words are ignored."""
    guesses = {name: guess_kind(column) for name, column in found.columns.items() if name != target.name}
    few = [
        name
        for name, column in found.columns.items()
        if name != target.name and not column.many and 1 < len(column.values) <= _MOST_OF_A_COPY
    ]
    if few and found.records >= FEWEST_RECORDS:
        copies = copies_of_label(file.words([target.name, *few]), target.name, few)
        guesses |= {name: Guess("ignore", reason) for name, reason in copies.items()}
    behind = file.columns[file.columns.index(target.name) + 1 :]
    for name in behind if len(behind) <= _MOST_BEHIND else ():
        if guesses[name].kind not in _NO_FEATURES:
            guesses[name] = replace(guesses[name], reason=f"{guesses[name].reason}; {_BEHIND}")
    if not any(guess.kind not in _NO_FEATURES for guess in guesses.values()):
        raise ValueError("found no column that may be a feature, expected one of numbers or words beside the label "
                         f"{target.name}")  # fmt: skip
    return guesses


def _marks(found: _Found, guesses: dict[str, Guess]) -> dict[str, int]:
    """Count the marks of missing values that have to be declared."""
    marks: Counter[str] = Counter()
    for name, guess in guesses.items():
        if guess.kind in ("count", "binary", "rate", "real"):
            marks.update(found.columns[name].missing)
        elif guess.kind == "category" and MISSING in found.columns[name].words:
            marks[MISSING] += found.columns[name].words[MISSING][0]
    return dict(marks.most_common())


def _schema_text(
    name: str, file: Undeclared, found: _Found, guesses: dict[str, Guess], target: LabelGuess, marks: dict[str, int]
) -> str:
    lines = [
        f"{PROPOSED} from {found.records:,} records of {shown(file.path.name)!r}.",
        "# A comment that begins with `guess` says what a value was guessed from: check it.",
        f"name: {name}",
        "columns:",
    ]
    for column in file.columns:
        if column == target.name:
            without = f"; no label: {marks_of(target.unlabeled)}" if target.unlabeled else ""
            lines.append(f"  {yaml_scalar(column)}: label # guess: {target.reason}{without}")
            continue
        declared = _declared_name(column, guesses[column])
        renamed = f"; `{column}` is a name of the tables" if declared != column else ""
        lines.append(
            f"  {yaml_scalar(declared)}: {_kind_text(guesses[column])} # guess: {guesses[column].reason}{renamed}"
        )
    lines += [f"  # {shown(repr(one))} is passed over: {reason}" for one, reason in file.left_out.items()]
    lines += [
        f"normal: {yaml_scalar(target.normal)} # guess: {target.normal_reason}",
        "categories: # guess: one for each other label; join those that belong together",
        *(
            f"  {key}: [{yaml_scalar(one)}] # {count:,} record{'s' * (count != 1)}"
            for key, one, count in _categories(target)
        ),
    ]
    if marks:
        texts = ["" if mark == MISSING else mark for mark in marks]
        counts = ", ".join(
            f"{'empty' if mark == MISSING else shown(mark)} {count:,} times" for mark, count in marks.items()
        )
        lines.append(f"missing: [{', '.join(map(json.dumps, texts))}] # guess: {counts} in columns that are features")
    lines += [
        f"separator: {json.dumps(file.separator)} # guess: it divides the first lines alike",
        f"header: {json.dumps(file.header)} # guess: "
        + ("the first line has names" if file.header else "no line has names, so that columns have numbers"),
    ]
    return "\n".join(lines) + "\n"


def _kind_text(guess: Guess) -> str:
    if guess.kind != "category":
        return guess.kind
    values = guess.values if isinstance(guess.values, str) else f"[{', '.join(map(yaml_scalar, guess.values or ()))}]"
    return f"{{kind: category, values: {values}, encoding: {guess.encoding}}}"


def _declared_name(column: str, guess: Guess) -> str:
    """Name that the schema has for a column; a header's name is found without the line at its end."""
    is_feature = guess.kind not in _NO_FEATURES
    return f"{column}_" if is_feature and column in _TABLE_NAMES else column


def _categories(target: LabelGuess) -> Iterable[tuple[str, str, int]]:
    """Name, label and number of records of each category."""
    taken = {"normal", "others"}
    for label, count in target.attacks.items():
        key = re.sub("[^a-z0-9]+", "_", label.lower()).strip("_")[:80]
        if not key or key in taken or key[0].isdigit():
            key = f"attack_{key}".rstrip("_")
        number = 2
        while key in taken:
            key, number = f"{key.removesuffix(f'_{number - 1}')}_{number}", number + 1
        taken.add(key)
        yield yaml_scalar(key), label, count


def _check(text: str, found: _Found) -> Schema:
    """Check that a proposed schema is one, also with the values that the file has.

    Raises:
        ValueError: it is none.
    """
    try:
        schema = schema_of(yaml.safe_load(text))
        by_key = {name_key(name): column for name, column in found.columns.items()}
        return schema.learned({name: by_key[name_key(name)].values for name in schema.learns})
    except ValidationError as error:
        raise ValueError(f"found columns or labels that no schema can have: {first_fault(error)}") from None


def _notes(
    file: Undeclared, found: _Found, guesses: dict[str, Guess], target: LabelGuess, marks: dict[str, int]
) -> tuple[str, ...]:
    kinds = Counter(guess.kind for guess in guesses.values())
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    notes = [
        f"{found.records:,} records, {len(file.columns)} columns: 1 label, {counted}",
        f"label: {target.name} ({target.reason})",
        f"normal traffic: {target.normal} ({target.normal_reason})",
        *(f"not the label: {name} ({reason})" for name, reason in target.refused.items()),
        *(
            f"{'warning' if THOUSANDS in guess.reason else 'ignored'}: {name} ({guess.reason})"
            for name, guess in guesses.items()
            if guess.kind == "ignore"
        ),
        *(f"warning: {name} ({guess.reason})" for name, guess in guesses.items() if WRONG_VALUES in guess.reason),
        *(f"look at: {name} ({guess.reason})" for name, guess in guesses.items() if _BEHIND in guess.reason),
        *(f"passed over: {shown(repr(name))} ({reason})" for name, reason in file.left_out.items()),
        *(f"file: {note}" for note in found.reading.notes() if "further column" not in note),
    ]
    if target.unlabeled:
        count = sum(target.unlabeled.values())
        notes.append(
            f"{count:,} record{'s' * (count != 1)} without a label in {target.name}: {marks_of(target.unlabeled)}, the "
            f"first in line {target.line:,}; training stops there, unless preprocess.on_bad_record=quarantine leaves "
            "them out"
        )
    if marks:
        notes.append(
            "missing: " + ", ".join("empty fields" if mark == MISSING else repr(shown(mark)) for mark in marks)
        )
    if found.bad:
        lines = "1 line is no record" if found.bad == 1 else f"{found.bad:,} lines are no records"
        notes.append(f"{lines}, the first: {found.first_bad}; training stops there, unless "
                     "preprocess.on_bad_record=quarantine leaves them out")  # fmt: skip
    return tuple(notes)
