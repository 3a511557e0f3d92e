"""Results on NSL-KDD beside published ones."""

from collections.abc import Sequence

from src.evaluation.intervals import TEST_RECORDS
from src.reports.generalization.published import on_nsl_kdd
from src.reports.markdown import MISSING, markdown_table, percent, seeds
from src.reports.runs import Configuration

NOT_READ = "not read"


def table(configurations: Sequence[Configuration]) -> str:
    """Return accuracy on both tests of NSL-KDD: published results with their protocols, and ours."""
    rows = [
        (
            one.test,
            [one.system, f"{one.test:.2f}", NOT_READ if one.test_21 is None else f"{one.test_21:.2f}", NOT_READ,
             one.protocol, one.place],
        )
        for one in on_nsl_kdd()
    ]  # fmt: skip
    for one in configurations:
        names = ("test_accuracy", "test_21_accuracy", "test_false_alarm_rate")
        first, second, false_alarms = ((one.score(name, TEST_RECORDS), one.seed_range(name)) for name in names)
        further = percent(*second) if second[0] or not one.runs else "not tested"
        cells = [f"**{one.title}**", percent(*first), further, percent(*false_alarms)]
        source = f"ours, {seeds(len(one.runs))}"
        budget = one.config["decision"]["false_alarm_budget"]
        allowed = "" if budget is None else f", a budget of {100 * budget:g} % false alarms on validation"
        epochs = ", epochs by validation" if one.is_network else ""
        protocol = f"two classes; KDDTrain+{epochs}{allowed}"
        rows.append((100 * first[0].mean if first[0] else 0.0, [*cells, protocol, source]))
    columns = ["accuracy in %", "KDDTest+", "KDDTest-21", "false alarms on KDDTest+, %", "protocol", "source"]
    return markdown_table(columns, [row for _, row in sorted(rows, key=lambda one: -one[0])])


def weakest(configurations: Sequence[Configuration]) -> str:
    """Return a sentence on the least accurate of our models on KDDTest+."""
    means = [(mean, one.title) for one in configurations if (mean := one.mean("test_accuracy")) is not None]
    if not means:
        return f"Our models: {MISSING}."
    return f"The least accurate of ours on KDDTest+: {min(means, key=lambda one: one[0])[1]}."
