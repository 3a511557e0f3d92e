"""The report's tables, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.evaluation.intervals import Interval, student
from src.reports.grid_report import MISSING, cost, percent, shown
from src.reports.leaderboard.sources import source
from src.reports.page import markdown_table
from src.reports.runs import Entry, Run

NO_WEIGHTS = "no network"
_PARAMETERS = "derived.network_parameters"
REFERENCE = "lstm"


def name(entry: Entry) -> str:
    """The model as conf/model calls it."""
    return str(entry.config["model"]["name"])


def is_network(entry: Entry) -> bool:
    """Whether the model's runs tell of trained weights."""
    return entry.first is not None and _PARAMETERS in entry.first.params


def leading(entries: Sequence[Entry]) -> str:
    """What entries of a task are ordered by: the contest's cost where it has one, else accuracy."""
    return "test_mean_cost" if any(entry.score("test_mean_cost") for entry in entries) else "test_accuracy"


def ordered(entries: Sequence[Entry]) -> list[tuple[Entry, float]]:
    """Those that have runs, best first, with the score they are ordered by."""
    metric = leading(entries)
    scored = [(entry, score.mean) for entry in entries if (score := entry.score(metric))]
    return sorted(scored, key=lambda one: one[1], reverse=metric == "test_accuracy")


def spent(entry: Entry) -> float:
    """Seconds of the fit and of scoring the test: nearest neighbors only keep their records in the fit."""
    return sum(score.mean for key in ("fit_seconds", "evaluate_seconds") if (score := entry.score(key)))


def standings(entries: Sequence[Entry]) -> str:
    """Every model on one task and one split, best first, and the command that repeats the row."""
    with_cost = leading(entries) == "test_mean_cost"
    there = [entry for entry, _ in ordered(entries)]
    rows = []
    for entry in [*there, *(entry for entry in entries if not entry.runs)]:
        shares = [percent(entry.score(f"test_{metric}")) for metric in ("accuracy", "f1", "false_alarm_rate")]
        costs = [cost(entry.score("test_mean_cost"))] if with_cost else []
        run = entry.first
        sizes = [_fit(run), _scoring(run), _weights(run)] if run else [MISSING] * 3
        rows.append([name(entry), entry.input, *costs, *shares, *sizes, f"`{command(entry)}`"])
    columns = ["model", "input", *(["mean cost"] if with_cost else []), "accuracy, %", "F1, %", "false alarms, %",
               "fit, s", "scoring, µs a record", "weights", "command"]  # fmt: skip
    return markdown_table(columns, rows)


def command(entry: Entry) -> str:
    """What makes the run of an entry of one seed."""
    chosen = f"model={name(entry)} task={entry.task} split={entry.split}"
    return f"python -m src.train +experiment={entry.grid} {chosen}"


def _fit(run: Run) -> str:
    """Three digits of the seconds: neighbors only keep their records."""
    seconds = run.metrics["fit_seconds"]
    return f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"


def _scoring(run: Run) -> str:
    """Microseconds that a record of the test takes, copies of a record among them."""
    parts = (int(value) for key, value in run.params.items() if key.startswith("derived.records_test"))
    return f"{1e6 * run.metrics['evaluate_seconds'] / sum(parts):.1f}"


def _weights(run: Run) -> str:
    found = run.params.get(_PARAMETERS)
    return f"{int(float(found)):,}" if found else NO_WEIGHTS


def claims(entries: Sequence[Entry]) -> str:
    """What is published of each model, and our number on the protocol that comes nearest."""
    runs = {(name(entry), entry.task, entry.split): entry for entry in entries}
    rows = []
    for model in dict.fromkeys(name(entry) for entry in entries):
        found = source(model)
        for claim in found.claims:
            task, split = claim.ours
            entry = runs.get((model, task, split))
            score = entry.score(f"test_{claim.metric}") if entry else None
            ours = cost(score) if claim.metric == "mean_cost" else percent(score)
            place = f"{found.source}; {claim.place}"
            rows.append([model, str(claim), claim.protocol, ours, f"{task}, {split} split", place])
        if found.without:
            rows.append([model, "none", found.without, "see above", "see above", found.source])
    return markdown_table(["model", "published", "on", "ours", "on", "source; place"], rows)


@dataclass(frozen=True)
class Contrast:
    """A model against the plain LSTM: differences of test accuracy in percentage points, a pair a seed."""

    model: str
    differences: tuple[float, ...]

    @property
    def interval(self) -> Interval | None:
        """Mean and Student's 95 % interval; None of fewer than two pairs."""
        return student(self.differences) if len(self.differences) > 1 else None

    @property
    def verdict(self) -> str:
        if self.interval is None:
            return MISSING
        return "better" if self.interval.low > 0 else "worse" if self.interval.high < 0 else "no difference found"


def contrasts(entries: Sequence[Entry]) -> list[Contrast]:
    """Each other model against the LSTM on the seeds that both have: equal seeds have equal test parts."""
    plain = next((entry.values("test_accuracy") for entry in entries if name(entry) == REFERENCE), {})
    return [
        Contrast(name(entry), tuple(100 * (value - plain[seed]) for seed, value in values.items() if seed in plain))
        for entry in entries
        if name(entry) != REFERENCE and (values := entry.values("test_accuracy")) is not None
    ]


def variants(entries: Sequence[Entry]) -> str:
    """The recurrent networks beside the plain LSTM."""
    found = {one.model: one for one in contrasts(entries)}
    rows = []
    for entry in entries:
        one = found.get(name(entry))
        row = [name(entry), percent(entry.score("test_accuracy"), 3), shown(entry.score("fit_seconds"), 1, 0)]
        if one is None:
            row += ["reference"] * 3
        else:
            seeds = " ".join(f"{value:+.3f}" for value in one.differences) or MISSING
            mean = one.interval
            row += [seeds, f"{mean.mean:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]" if mean else MISSING, one.verdict]
        rows.append(row)
    columns = ["model", "test accuracy, %", "fit, s", "less the LSTM's, by seed", "mean, points", "against the LSTM"]
    return markdown_table(columns, rows)
