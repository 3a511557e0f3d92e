"""The report's tables, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.evaluation.intervals import Interval, student
from src.reports.leaderboard.sources import source
from src.reports.markdown import MISSING, cost, markdown_table, number, percent
from src.reports.runs import Configuration, Run

NO_WEIGHTS = "no network"
_PARAMETERS = "derived.network_parameters"
REFERENCE = "lstm"


def is_network(configuration: Configuration) -> bool:
    """Return True if the model has trained weights."""
    return configuration.first is not None and _PARAMETERS in configuration.first.params


def leading(configurations: Sequence[Configuration]) -> str:
    """Return the metric that orders the models of a task: the contest's cost if it has one, else accuracy."""
    return (
        "test_mean_cost"
        if any(configuration.score("test_mean_cost") for configuration in configurations)
        else "test_accuracy"
    )


def ordered(configurations: Sequence[Configuration]) -> list[tuple[Configuration, float]]:
    """Return the configurations with runs, best first, with the score that orders them."""
    metric = leading(configurations)
    scored = [(configuration, score.mean) for configuration in configurations if (score := configuration.score(metric))]
    return sorted(scored, key=lambda one: one[1], reverse=metric == "test_accuracy")


def spent(configuration: Configuration) -> float:
    """Return the seconds of fit and scoring: nearest neighbors only store their records in the fit."""
    return sum(score.mean for key in ("fit_seconds", "evaluate_seconds") if (score := configuration.score(key)))


def ranking(configurations: Sequence[Configuration]) -> str:
    """Return the models on one task and split, best first, each with the command that repeats it."""
    with_cost = leading(configurations) == "test_mean_cost"
    there = [configuration for configuration, _ in ordered(configurations)]
    rows = []
    for configuration in [*there, *(configuration for configuration in configurations if not configuration.runs)]:
        metrics = ("accuracy", configuration.f1, "false_alarm_rate")
        shares = [percent(configuration.score(f"test_{metric}")) for metric in metrics]
        costs = [cost(configuration.score("test_mean_cost"))] if with_cost else []
        run = configuration.first
        sizes = [_fit(run), _scoring(run), _weights(run)] if run else [MISSING] * 3
        rows.append([configuration.model, configuration.input, *costs, *shares, *sizes, f"`{command(configuration)}`"])
    columns = ["model", "input", *(["mean cost"] if with_cost else []), "accuracy, %", "F1, %", "false alarms, %",
               "fit, s", "scoring, µs a record", "weights", "command"]  # fmt: skip
    return markdown_table(columns, rows)


def command(configuration: Configuration) -> str:
    """Return the command that makes the run of a configuration with one seed."""
    chosen = f"model={configuration.model} task={configuration.task} split={configuration.split}"
    return f"python -m src.train +experiment={configuration.grid} {chosen}"


def _fit(run: Run) -> str:
    """Return three digits of the seconds: nearest neighbors take milliseconds."""
    seconds = run.metrics["fit_seconds"]
    return f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"


def _scoring(run: Run) -> str:
    """Return the microseconds per test record, counting every copy of a record."""
    parts = (int(value) for key, value in run.params.items() if key.startswith("derived.records_test"))
    return f"{1e6 * run.metrics['evaluate_seconds'] / sum(parts):.1f}"


def _weights(run: Run) -> str:
    found = run.params.get(_PARAMETERS)
    return f"{int(float(found)):,}" if found else NO_WEIGHTS


def claims(configurations: Sequence[Configuration]) -> str:
    """Return the published numbers of each model, and ours on the most similar protocol."""
    runs = {
        (configuration.model, configuration.task, configuration.split): configuration
        for configuration in configurations
    }
    rows = []
    for model in dict.fromkeys(configuration.model for configuration in configurations):
        found = source(model)
        for claim in found.claims:
            task, split = claim.ours
            configuration = runs.get((model, task, split))
            score = configuration.score(f"test_{claim.metric}") if configuration else None
            ours = cost(score) if claim.metric == "mean_cost" else percent(score)
            place = f"{found.source}; {claim.place}"
            rows.append([model, str(claim), claim.protocol, ours, f"{task}, {split} split", place])
        if found.without:
            rows.append([model, "none", found.without, "see above", "see above", found.source])
    return markdown_table(["model", "published", "on", "ours", "on", "source; place"], rows)


@dataclass(frozen=True)
class Contrast:
    """A model against the plain LSTM: differences of test accuracy in percentage points, one for each seed."""

    model: str
    differences: tuple[float, ...]

    @property
    def interval(self) -> Interval | None:
        """Mean and Student's 95 % interval; None with fewer than two pairs."""
        return student(self.differences) if len(self.differences) > 1 else None

    @property
    def verdict(self) -> str:
        if self.interval is None:
            return MISSING
        return "better" if self.interval.low > 0 else "worse" if self.interval.high < 0 else "no difference found"


def contrasts(configurations: Sequence[Configuration]) -> list[Contrast]:
    """Compare each other model to the LSTM on the seeds that both have: equal seeds have equal test parts."""
    reference = next((one for one in configurations if one.model == REFERENCE), None)
    return [
        Contrast(one.model, tuple(_points(*pair) for pair in one.pairs(reference)) if reference else ())
        for one in configurations
        if one.model != REFERENCE
    ]


def _points(run: Run, reference: Run) -> float:
    return 100 * (run.metrics["test_accuracy"] - reference.metrics["test_accuracy"])


def variants(configurations: Sequence[Configuration]) -> str:
    """Return the recurrent networks beside the plain LSTM."""
    found = {one.model: one for one in contrasts(configurations)}
    rows = []
    for configuration in configurations:
        one = found.get(configuration.model)
        row = [
            configuration.model,
            percent(configuration.score("test_accuracy"), 3),
            number(configuration.score("fit_seconds"), 1, 0),
        ]
        if one is None:
            row += ["reference"] * 3
        else:
            seeds = " ".join(f"{value:+.3f}" for value in one.differences) or MISSING
            mean = one.interval
            row += [seeds, f"{mean.mean:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]" if mean else MISSING, one.verdict]
        rows.append(row)
    columns = ["model", "test accuracy, %", "fit, s", "less the LSTM's, by seed", "mean, points", "against the LSTM"]
    return markdown_table(columns, rows)
