"""Docstrings of src/ in plain words (CONTRIBUTING.md, "Words"): how they open, and how long a sentence may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from src.utils.paths import PROJECT

SRC = PROJECT / "src"
QUESTIONS = re.compile(r"(What|Whether|How|Which|Of|Where)\b")
LONGEST = 35
Found = list[tuple[Path, int, str]]


def docstrings() -> Iterator[tuple[Path, int, str]]:
    """File, line and text of every docstring of src/."""
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = ast.get_docstring(node)
                if text:
                    yield path, getattr(node, "lineno", 1), text


def without_code(text: str) -> str:
    """A docstring without its examples and its references."""
    text = re.sub(r"^\s*>>> .*?(?:\n\s*\n|\Z)", "\n", text, flags=re.M | re.S)
    return re.sub(r"^(\s*)References?:\n(?:\1\s+.*\n?)+", "", text, flags=re.M)


def entries(text: str) -> list[str]:
    """Texts of the entries of `Args:` and `Attributes:`, after the name."""
    found: list[str] = []
    for section in re.findall(r"^(?:Call arguments|Args|Attributes):\n((?:(?: .*)?(?:\n|\Z))+?)(?=\S|\Z)", text, re.M):
        found += [" ".join(one.split()) for one in re.findall(r"^ {4}[*\w, `]+:((?:.|\n(?= {5}))*)", section, re.M)]
    return found


def sentences(text: str) -> Iterator[str]:
    """Sentences of a docstring; each entry of a section begins one."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[*\w, `]+:(?:\s|$))", without_code(text)):
        plain = " ".join(paragraph.split())
        if plain:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z`(0-9])|(?<=[a-z`\])]\.)\s+", plain)


def counted(sentence: str) -> int:
    """Words of a sentence; numbers, and the single letters of formulas, are none."""
    return sum(bool(re.search(r"[A-Za-z]{2}|^[aAI]$", word)) for word in sentence.split())


def openings() -> Found:
    return [(path, line, text.split("\n")[0]) for path, line, text in docstrings() if QUESTIONS.match(text)]


def bare_genitives() -> Found:
    return [(path, line, one) for path, line, text in docstrings() for one in entries(text) if re.match(r"Of\b", one)]


def long_sentences() -> Found:
    return [(path, line, one) for path, line, text in docstrings() for one in sentences(text) if counted(one) > LONGEST]


def listed(found: Found) -> str:
    return "\n".join(f"{path.relative_to(PROJECT)}:{line}: {text}" for path, line, text in found)


def test_a_docstring_opens_with_an_imperative_or_a_noun() -> None:
    found = openings()
    assert not found, f"expected what it does or is, not a question word\n{listed(found)}"


def test_a_line_on_an_argument_stands_alone() -> None:
    found = bare_genitives()
    assert not found, f'expected a phrase such as "Seed of the draw.", not "Of the draw."\n{listed(found)}'


def test_no_sentence_is_longer_than_35_words() -> None:
    found = long_sentences()
    assert not found, f"expected one idea a sentence, at most {LONGEST} words\n{listed(found)}"


def test_the_checks_see_what_they_are_for() -> None:
    text = (
        "Whether it is.\n\nArgs:\n    a: Of the draw.\n    b: Seed of the draw,\n        in two lines.\n"
        "Returns:\n    One.\n"
    )
    assert entries(text) == ["Of the draw.", "Seed of the draw, in two lines."]
    assert [counted(one) for one in sentences("One two. Three (four, five).\n\n>>> six()\n7\n")] == [2, 3]
    assert QUESTIONS.match(text)
    assert not QUESTIONS.match("Offset of a record.")
