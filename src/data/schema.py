"""Schema of a data set: what the columns of its files are, and the labels. The config says it, `conf/dataset/schema`.

Everything that depends on columns follows from a schema: parsing, checks, encoding, and the names of features.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, replace
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field as Limits
from pydantic import TypeAdapter, field_validator, model_validator
from pydantic.dataclasses import dataclass

from src.data.column_names import ColumnNames, name_key
from src.utils.validation import CHECKED, Name

NumberKind = Literal["count", "binary", "rate", "real", "level"]
Kind = Literal["count", "binary", "rate", "real", "level", "category", "label", "time", "host", "ignore"]
FieldKind = NumberKind | Literal["category", "label", "ignored"]  # kind of a field as it is read
Encoding = Literal["code", "indicators"]
Role = Literal["service", "state", "bytes_sent", "bytes_received"]

# Valid values of each kind, in the words of error messages.
EXPECTED: Final[dict[FieldKind, str]] = {
    "count": "a whole number, 0 or more",
    "binary": "0 or 1",
    "rate": "a number from 0 to 1",
    "real": "a finite number",
    "category": "a word in UTF-8",
    "level": "a whole number from 0 to 21",
}
# Smallest and largest number of each kind.
_RANGES: Final[dict[FieldKind, tuple[float, float]]] = {
    "binary": (0, 1),
    "rate": (0, 1),
    "level": (0, 21),
    "count": (0, float("inf")),
    "real": (-1.7976931348623157e308, 1.7976931348623157e308),
}
_FEATURES: Final = ("count", "binary", "rate", "real", "category")
_TABLE_NAMES: Final = ("attack", "row", "target")  # of the columns behind the features in a table
_MOST_INDICATORS: Final = 1_000  # of one column
_MOST_WORDS: Final = 100_000  # known values of one column: a code is a float32


@dataclass(frozen=True, config=CHECKED)
class Column:
    """Column of the files of a data set.

    Attributes:
        kind: `count`, `binary`, `rate`, `real` and `category` are features. `label` is the attack type. `level` is the
            difficulty level of NSL-KDD, which is checked and dropped. `time`, `host` and `ignore` are passed over.
        values: Known values of a category, in the order of their codes. `learn` takes those of the training file.
        encoding: Encoding of a category: `code`, the index of the value, or `indicators`, one feature for each value.
    """

    kind: Kind
    values: list[Name] | Literal["learn"] | None = None
    encoding: Encoding | None = None

    @model_validator(mode="after")
    def _check(self) -> "Column":
        if self.kind == "category":
            if self.values is None or self.encoding is None:
                object.__setattr__(self, "values", self.values if self.values is not None else "learn")
                object.__setattr__(self, "encoding", self.encoding or "indicators")
            if self.values != "learn" and len(set(self.values or ())) != len(self.values or ()):
                raise ValueError("found a value twice, expected each known value once")
            if self.values == []:
                raise ValueError("found no values, expected the known values, or learn")
        elif self.values is not None or self.encoding is not None:
            raise ValueError(f"found values or an encoding with kind={self.kind}, expected them with kind=category")
        return self

    @property
    def is_feature(self) -> bool:
        """True if features are made of the column."""
        return self.kind in _FEATURES


@dataclass(frozen=True, config=CHECKED)
class Schema:
    """Columns and labels of a data set.

    Attributes:
        name: Name of the schema.
        columns: Columns in the order of a file without a header; a kind, or a `Column`.
        normal: Label of normal traffic.
        categories: Attack types by category; a category may be one type.
        aliases: Other names of columns and labels in files, by the name here.
        groups: Groups of columns, which layouts read as steps; empty where there are none.
        roles: Columns that layouts with a history read, by what they are; empty where there are none.
        separator: Character between two fields; null finds it in the file.
        header: True if a file must name its columns. False takes the order of `columns` where no line names them.
        n_features: Number of features, which is checked; null where nobody has counted them.
        missing: Marks of a missing value, such as `?`. A missing number is 0, an empty category the word `missing`.
            Without marks, a missing value is an error. A missing label always is.
    """

    name: Name
    columns: Annotated[dict[Name, Column], Limits(min_length=2, max_length=1_000)]
    normal: Name
    categories: dict[Name, list[Name]]
    aliases: dict[Name, list[str]] = field(default_factory=dict)
    groups: dict[Name, list[Name]] = field(default_factory=dict)
    roles: dict[Role, Name] = field(default_factory=dict)
    separator: Literal[",", ";", "\t", "|"] | None = None
    header: bool = False
    missing: list[str] = field(default_factory=list)
    n_features: Annotated[int, Limits(ge=1)] | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _by_kind(cls, columns: Any) -> Any:
        if not isinstance(columns, Mapping):
            return columns
        return {name: {"kind": one} if isinstance(one, str) else one for name, one in columns.items()}

    @model_validator(mode="after")
    def _check(self) -> "Schema":
        labels = [name for name, column in self.columns.items() if column.kind == "label"]
        if len(labels) != 1:
            found = ", ".join(labels) or "none"
            raise ValueError(
                f"columns: found {found} with kind=label, expected one column, which names the attack type"
            )
        if not self.kinds:
            raise ValueError(
                "columns: found no feature, expected a column of another kind than label, time, host, ignore"
            )
        types = [self.normal, *chain(*self.categories.values())]
        if twice := sorted({one for one in types if types.count(one) > 1}):
            raise ValueError(f"categories: found {twice[0]!r} twice, expected each attack type in one category, and "
                             "normal traffic in none")  # fmt: skip
        if missing := [one for one in types if one.lower() == "nan"]:
            raise ValueError(
                f"categories: found {missing[0]!r}, expected attack types: a record with it has no label, so it is "
                "malformed"
            )
        if marks := [one for one in types if one in self.missing]:
            raise ValueError(
                f"missing: found {marks[0]!r}, which is a label too, expected marks that are none; a mark that means "
                "normal traffic is an alias of its label"
            )
        self._check_names()
        known = {*self.columns, *self.labels}
        for name, others in self.aliases.items():
            if name not in known:
                raise ValueError(f"aliases: found {name!r}, expected the name of a column or a label")
            if "" in others:
                raise ValueError(f"aliases: found an empty name of {name!r}, expected a name")
        self._check_groups()
        for role, name in self.roles.items():
            if name not in self.kinds:
                raise ValueError(f"roles.{role}: found {name!r}, expected a column that is a feature")
        if not self.learns:
            self._check_features()
        return self

    def _check_names(self) -> None:
        """Check that a header can name each feature: its names are told apart by their letters and digits."""
        named: dict[str, str] = {}
        for name, column in self.columns.items():
            other = named.setdefault(name_key(name), name)
            if column.kind == "label" or other == name or not name_key(name):
                continue
            if column.is_feature or self.columns[other].is_feature:
                raise ValueError(
                    f"columns: found {other!r} and {name!r}, which are one name, expected names that differ in letters "
                    "or digits"
                )

    def _check_groups(self) -> None:
        grouped = list(chain(*self.groups.values()))
        if self.groups and sorted(grouped) != sorted(self.kinds):
            wrong = sorted({*grouped} ^ {*self.kinds}) or sorted({one for one in grouped if grouped.count(one) > 1})
            raise ValueError(f"groups: found {wrong[0]!r} in no group, in two, or not among the features; expected "
                             "each column that is a feature in one group, or no groups")  # fmt: skip

    def _check_features(self) -> None:
        if self.n_features not in (None, len(self.features)):
            raise ValueError(f"n_features: found {self.n_features}, expected {len(self.features)}, or null")
        for name, words in self.vocabularies.items():
            most = _MOST_INDICATORS if self.columns[name].encoding == "indicators" else _MOST_WORDS
            if len(words) > most:
                raise ValueError(
                    f"columns.{name}: found {len(words):,} different values, expected at most {most:,} with "
                    f"encoding={self.columns[name].encoding}; choose encoding=code, or kind=ignore for an identifier"
                )
        for name in (*(one for one in self.features if self.features.count(one) > 1), *_TABLE_NAMES):
            if name in self.features:
                raise ValueError(
                    f"columns: found the feature {name!r} twice, or with a name that tables have for another column; "
                    "give the column another name here, and the file's as an alias"
                )

    @cached_property
    def kinds(self) -> dict[str, FieldKind]:
        """Kind of each column that is a feature, in order."""
        return {name: kind for name, kind in self.fields.items() if self.columns[name].is_feature}

    @cached_property
    def fields(self) -> dict[str, FieldKind]:
        """Kind of each field of a line without a header, in order."""
        passed_over = ("time", "host", "ignore")
        return {
            name: "ignored" if column.kind in passed_over else cast(FieldKind, column.kind)
            for name, column in self.columns.items()
        }

    @cached_property
    def label(self) -> str:
        """Name of the column of the attack type."""
        return next(name for name, column in self.columns.items() if column.kind == "label")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Normal traffic, and every attack type in the order of the alphabet."""
        return (self.normal, *sorted(chain(*self.categories.values())))

    @cached_property
    def names(self) -> ColumnNames:
        """Finder of columns by the names of a header."""
        return ColumnNames([name for name in self.columns if name != self.label], self.aliases)

    @cached_property
    def learns(self) -> tuple[str, ...]:
        """Categories whose known values are those of the training file, and are not known yet."""
        return tuple(name for name in self.kinds if self.columns[name].values == "learn")

    @cached_property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """Known values of each category.

        Raises:
            ValueError: they are not known yet.
        """
        if self.learns:
            raise ValueError(
                f"found no values of {', '.join(self.learns)} yet, expected those of the training file; "
                "run the preprocess stage first"
            )
        return {name: tuple(self.columns[name].values or ()) for name in self.categorical}

    @cached_property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categories, in order."""
        return tuple(name for name, kind in self.kinds.items() if kind == "category")

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Names of the categories that are encoded as a code, in order."""
        return tuple(name for name in self.categorical if self.columns[name].encoding == "code")

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the features: the columns in order, without categories as indicators, which follow at the end."""
        in_place = [name for name in self.kinds if name not in self.categorical or name in self.codes]
        indicators = (
            indicator_names(name, words) for name, words in self.vocabularies.items() if name not in self.codes
        )
        return (*in_place, *chain(*indicators))

    @cached_property
    def spellings(self) -> dict[str, dict[str, str]]:
        """Spelling of each known value by itself and by its small letters, for each category."""
        known = {
            name: values if isinstance(values := self.columns[name].values, list) else [] for name in self.categorical
        }
        return {
            name: {word.lower(): word for word in words} | {word: word for word in words}
            for name, words in known.items()
        }

    @cached_property
    def label_spellings(self) -> dict[str, str]:
        """Spelling of each label by the small letters of its names."""
        others = {other.lower(): name for name in self.labels for other in self.aliases.get(name, ())}
        return others | {name.lower(): name for name in self.labels}

    @cached_property
    def numeric_words(self) -> frozenset[str]:
        """Categories whose values may be numbers: one of the known values is, or they are learned."""
        return frozenset(
            name
            for name in self.categorical
            for values in (self.columns[name].values,)
            if not isinstance(values, list) or any(word.replace(".", "", 1).isdecimal() for word in values)
        )

    def learned(self, words: Mapping[str, Iterable[str]]) -> "Schema":
        """Complete the schema by the values of the training file.

        Args:
            words: Values of each category that `learns` names.
        Raises:
            ValueError: a column has too many values, or none.
        """
        found = {
            name: replace(self.columns[name], values=sorted(set(words[name]), key=lambda word: word.encode()))
            for name in self.learns
        }
        return schema_of(asdict(replace(self, columns=self.columns | found)))

    def group(self, feature: str) -> str:
        """Find the group of a feature: a column, or an indicator of a category such as `flag_SF`.

        Raises:
            ValueError: the feature belongs to no column of a group.
        """
        of = [name for name in self.categorical if feature.startswith(f"{name}_")]
        for name, columns in self.groups.items():
            if not {feature, *of}.isdisjoint(columns):
                return name
        raise ValueError(
            f"found the feature {feature!r}, expected a column of the schema or an indicator of a category"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them, that `schema_of` reads."""
        return asdict(self)


_SCHEMA = TypeAdapter(Schema)


def schema_of(values: Any) -> Schema:
    """Make a checked schema of plain values.

    Raises:
        ValidationError: a value is wrong.
    """
    return _SCHEMA.validate_python(values)


def schema_of_json(text: str) -> Schema:
    """Make a schema of JSON, checked strictly: no text is a number or a truth value.

    Raises:
        ValidationError: a value is wrong.
    """
    return _SCHEMA.validate_json(text, strict=True)


def indicator_names(column: str, words: Iterable[str]) -> tuple[str, ...]:
    """Names of the indicators of a category.

    >>> indicator_names("flag", ["S0", "SF"])
    ('flag_S0', 'flag_SF')
    """
    return tuple(f"{column}_{word}" for word in words)


def in_range(kind: FieldKind, number: Any) -> Any:
    """Check a number, or each number of an array, against the range of a kind; NaN is out of range.

    >>> in_range("rate", 0.5), in_range("rate", 1.5), in_range("count", 10**9), in_range("count", float("nan"))
    (True, False, True, False)
    """
    smallest, largest = _RANGES[kind]
    return (number >= smallest) & (number <= largest)
