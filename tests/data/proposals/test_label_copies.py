"""Columns that say the label in other words are found by their values, whatever they are called."""

from pathlib import Path

import pytest

from src.data.proposals.label_copies import copies_of_label
from src.data.proposals.undeclared import Block, look

HEADER = "zz,group,proto,constant,port,Kind\n"
LINES = {"Normal": "0,none,tcp,5,{}", "Worm": "1,bad,tcp,5,{}", "Scan": "1,bad,udp,5,{}"}


@pytest.fixture
def blocks(tmp_path_factory: pytest.TempPathFactory) -> list[Block]:
    path = tmp_path_factory.mktemp("flows") / "flows.csv"
    rows = [f"{line.format(number % 4)},{label}" for number in range(20) for label, line in LINES.items()]
    path.write_text(HEADER + "\n".join([*rows, "0,none,udp,5,9,Normal"]) + "\n")
    return list(look(path).words())


def test_a_function_of_the_label_is_found_and_a_feature_is_not(blocks: list[Block]) -> None:
    found = copies_of_label(blocks, "Kind", ["zz", "group", "proto", "constant", "port"])
    assert found == {
        "zz": "follows from Kind, which it gives away: '0' for 'Normal', '1' for 2 labels",
        "group": "follows from Kind, which it gives away: 'none' for 'Normal', 'bad' for 2 labels",
    }


def test_finer_names_of_the_label_are_found_too(blocks: list[Block]) -> None:
    found = copies_of_label(blocks, "zz", ["Kind", "group", "proto"])
    assert found["Kind"] == "each of its 3 values has one label of zz only, which gives the label away"
    assert sorted(found) == ["Kind", "group"]


def test_values_that_hardly_repeat_have_one_label_each_by_chance(tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text("x,y,Kind\n" + "".join(f"{n},7,{'ab'[n % 2]}\n" for n in range(60)))
    assert copies_of_label(look(tmp_path / "flows.csv").words(), "Kind", ["x"]) == {}


def test_reading_ends_where_nothing_may_be_found(blocks: list[Block]) -> None:
    def endless() -> object:
        yield from blocks
        raise AssertionError("read on")

    assert copies_of_label(endless(), "Kind", ["proto"]) == {}  # type: ignore[arg-type]
