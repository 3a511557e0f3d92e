"""Tables at equal false alarms, and the settings behind each row."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from src.evaluation.intervals import TEST_RECORDS, Interval
from src.evaluation.operating_points import BASE_RATES, alarm_shares
from src.evaluation.silent_seeds import with_silent_seeds
from src.evaluation.thresholds import FALSE_ALARM_RATES, rate_name
from src.reports.markdown import MISSING, cost, markdown_table, percent
from src.reports.runs import Configuration
from src.reports.standings import at_equal_alarms, standings_table

_PAIRED = (0.005, 0.01, 0.05)  # false-alarm rates of the paired differences; below, stored scores are often equal
_USED = 0.01  # false-alarm rate of the tables that show one
_MAILBOMB = "mailbomb"  # a flood, of which there are far more records than of most other unknown types


def settings(configurations: Sequence[Configuration]) -> str:
    """Return the rule, odds, budget, history and limits of each configuration."""
    rows = []
    for one in configurations:
        decision, training, layout = one.config["decision"], one.config["training"], one.config["layout"]
        budget, limit = decision["false_alarm_budget"], training["max_rows_per_attack_type"]
        rows.append(
            [
                one.title,
                decision["rule"].replace("_", " "),
                f"{decision['attack_prior_odds']:g}",
                "none" if budget is None else f"{100 * budget:g} %",
                ", ".join(map(str, layout.get("history") or [])) or (str(one.config["window"] - 1)),
                f"{layout.get('short_history', 0.0):g}",
                f"{limit:,}" if one.is_network and limit else "all",
            ]
        )
    columns = ["settings", "verdict", "attack odds", "budget", "previous records", "short histories", "rows of a type"]
    return markdown_table(columns, rows)


def rules(configurations: Sequence[Configuration]) -> str:
    """Return a sentence on the rule, odds and budget of the configurations: the same for all, or which differ."""
    if not configurations:
        return f"Rule, odds and budget: {MISSING}."
    keys = {"rule": "rule", "odds": "attack_prior_odds", "budget of false alarms": "false_alarm_budget"}
    decisions = [one.config["decision"] for one in configurations]
    differ = [words for words, key in keys.items() if len({one[key] for one in decisions}) > 1]
    if not differ:
        return "All rows of ours have the same rule, odds and budget of false alarms."
    return f"Rows of ours differ in {' and '.join(differ)}, as the table shows."


def detection(configurations: Sequence[Configuration]) -> str:
    """Return detection at each false-alarm rate, with thresholds read on the test."""
    return _at_each_rate("detection in %", "detection", configurations)


def differences(configurations: Sequence[Configuration], reference: Configuration | None) -> str:
    """Return the paired difference in detection to a reference, of the configurations with its layout."""
    if reference is None:
        return f"Differences to the reference: {MISSING}."
    layout = reference.config["layout"]["name"]
    others = [one for one in configurations if one is not reference and one.config["layout"]["name"] == layout]
    titles = [f"at {100 * rate:g} %" for rate in _PAIRED]
    columns = dict(zip(titles, at_equal_alarms(reference, others, _PAIRED), strict=True))
    return standings_table(reference, others, columns, "detection less its own, points")


def costs(configurations: Sequence[Configuration]) -> str:
    """Return the mean cost at each false-alarm rate, with thresholds read on the test."""
    return _at_each_rate("cost", "mean_cost", configurations)


def chosen(configurations: Sequence[Configuration]) -> str:
    """Return false alarms, detection and cost with the threshold that training chose for 1 %."""
    rows = []
    for one in configurations:
        blocks = one.config["decision"]["false_alarm_blocks"]
        names = [f"test_{name}_set_for_{rate_name(_USED)}" for name in ("false_alarm_rate", "detection", "mean_cost")]
        where = f"{blocks} blocks of training" if blocks else "validation"
        scores = [_score(one, name, names[1], show) for name, show in zip(names, (percent, percent, cost), strict=True)]
        rows.append([one.title, where, *scores])
    return markdown_table(["set for 1 %", "chosen on", "false alarms, %", "detection, %", "mean cost"], rows)


def unknown(configurations: Sequence[Configuration]) -> str:
    """Return the detection of attack types that training lacks, also without mailbomb."""
    metric = "detection_unknown_attacks"
    rows = [[one.title, *_shown(one, metric, percent), _without_mailbomb(one)] for one in configurations]
    rates = [f"at {100 * rate:g} %" for rate in FALSE_ALARM_RATES]
    return markdown_table(["of unknown types, %", *rates, f"at {100 * _USED:g} %, without {_MAILBOMB}"], rows)


def mailbomb(configurations: Sequence[Configuration]) -> str:
    """Return the share of mailbomb in the test records of unknown types in words."""
    for table in (table for one in configurations for table in _unknown_types(one)):
        if table is not None and (records := table["records"].sum()):
            share = table["records"][table["attack"] == _MAILBOMB].sum() / records
            return f"{100 * share:.0f} % of their records are {_MAILBOMB}, a flood"
    return f"their records: {MISSING}"


def precision(configurations: Sequence[Configuration]) -> str:
    """Return precision and false alarms a day at three base rates, at 0.1 and 1 % false alarms read on the test.

    Precision is that of as many false alarms as allowed, and so a lower bound: equal scores leave fewer.
    """
    rows = []
    for one in configurations:
        traffic = one.config["evaluation"]["records_a_day"]
        for rate in (FALSE_ALARM_RATES[0], _USED):
            metric = f"test_detection_at_{rate_name(rate)}"
            detected, at_most = one.score(metric, TEST_RECORDS), f"{rate * traffic:,.0f}"
            if detected is None:
                cells = [MISSING] * (len(BASE_RATES) + 1)
            else:
                alarms = [alarm_shares(detected.mean, rate, n) for n in BASE_RATES]
                precise = (f"{100 * right / (right + false):.2f}" for right, false in alarms)
                cells = [*(_said(words, one, metric) for words in precise), at_most]
            rows.append([one.title, f"{100 * rate:g}", *cells])
    columns = [f"precision at 1 in {n:,}, %, at least" for n in BASE_RATES]
    return markdown_table(["precision", "false alarms, %, at most", *columns, "false alarms a day, at most"], rows)


def _at_each_rate(title: str, metric: str, configurations: Sequence[Configuration]) -> str:
    show = cost if metric == "mean_cost" else percent
    rows = [[one.title, *_shown(one, metric, show)] for one in configurations]
    return markdown_table([title, *(f"at {100 * rate:g} %" for rate in FALSE_ALARM_RATES)], rows)


def _shown(one: Configuration, metric: str, show: Callable[[Interval | None], str]) -> list[str]:
    """Metric at each false-alarm rate in words."""
    names = map(rate_name, FALSE_ALARM_RATES)
    return [_score(one, f"test_{metric}_at_{name}", f"test_detection_at_{name}", show) for name in names]


def _score(one: Configuration, metric: str, detection: str, show: Callable[[Interval | None], str]) -> str:
    """Mean over all seeds in words. A seed that finds no attack counts with what it scores; how many do is said."""
    return _said(show(one.score(metric, TEST_RECORDS)), one, detection, is_detection="detection" in metric)


def _said(mean: str, one: Configuration, detection: str, *, is_detection: bool = True) -> str:
    """Mean with a note on the seeds that find no attack, by the metric of the share that they find."""
    return with_silent_seeds(mean, one.values(detection).values(), is_detection=is_detection)


def _unknown_types(one: Configuration) -> Iterator[pd.DataFrame | None]:
    """Scores by type, of the types that training lacks, of each run with a detection; None if it did not keep them."""
    for seed in one.values(f"test_detection_at_{rate_name(_USED)}"):
        path = one.runs[seed].files() / "operating_attacks.csv"
        table = pd.read_csv(path) if path.is_file() else None
        yield None if table is None else table[~table["in_training"]]


def _without_mailbomb(one: Configuration) -> str:
    """Detection of unknown types without mailbomb in words, mean over the same seeds as with it."""
    column, shares = f"detected_at_{rate_name(_USED)}", []
    for table in _unknown_types(one):
        rest = None if table is None else table[table["attack"] != _MAILBOMB]
        if rest is None or not rest["records"].sum():
            return MISSING
        shares.append(float((rest[column] * rest["records"]).sum() / rest["records"].sum()))
    if not shares:
        return MISSING
    mean = sum(shares) / len(shares)
    return _said(percent(Interval(mean, mean, mean)), one, f"test_detection_at_{rate_name(_USED)}")
