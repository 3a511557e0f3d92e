"""Notes on how a source was read, for people: what is not as the published files have it, each said once."""

from collections import Counter
from dataclasses import dataclass, field

MAX_UNKNOWN = 0.01  # share of records with unknown words where no config has another: `predict`, the MLflow model
_SHOWN = 3  # examples that a note has
_SHOWN_LETTERS = 40  # letters of an example


@dataclass
class Reading:
    """Notes on how one source was read; the reader fills it.

    Attributes:
        columns: Notes on the order of the columns, and on those that were passed over.
        blank_lines: Number of blank lines, which were passed over.
        comments: Number of comments among the records of an ARFF file, which were passed over.
        missing: Number of numbers of each column that were read as 0, because a mark says that they are missing.
        respelled: Number of words that are written another way than they were read.
        examples: Some of these words as they are written, and as they were read.
    """

    columns: list[str] = field(default_factory=list)
    blank_lines: int = 0
    comments: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    respelled: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def add_words(self, words: list[tuple[str, str, int]]) -> None:
        """Count words that are written another way: each word, what it was read as, and how often."""
        for text, word, count in words:
            self.respelled += count
            if len(self.examples) < _SHOWN:
                self.examples.setdefault(text, word)

    def notes(self) -> list[str]:
        """Say in one line each what is not as the published files have it; nothing for a plain file."""
        notes = list(self.columns)
        if self.blank_lines:
            notes.append(f"{self.blank_lines:,} blank line{'s' * (self.blank_lines > 1)} passed over")
        if self.comments:
            notes.append(f"{self.comments:,} comment{'s' * (self.comments > 1)} passed over")
        if missing := self.missing.total():
            notes.append(f"{missing:,} missing number{'s' * (missing > 1)} read as 0")
        if self.respelled:
            examples = ", ".join(f"{shown(text)} as {shown(word)}" for text, word in self.examples.items())
            notes.append(f"{self.respelled:,} words are written another way, read: {examples}")
        return notes


def shown(text: str) -> str:
    """Cut a long text for a message."""
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}..."
