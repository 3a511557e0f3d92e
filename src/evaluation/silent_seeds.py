"""Words on seeds that find no attack at a rate of false alarms, beside the mean over all seeds."""

from collections.abc import Collection

NONE = "none"  # of the attacks: no seed finds any


def with_silent_seeds(mean: str, detected: Collection[float], *, is_detection: bool = True) -> str:
    """Return a mean with a note on the seeds that find no attack; `none` for a detection if all of them do.

    A seed finds none if no threshold is within the rate, or if only normal records reach it.

    Args:
        mean: Mean over all seeds, in words.
        detected: Share of the attacks that each seed finds.
        is_detection: True if the mean is that of a detection.

    >>> with_silent_seeds("30.00", [0.6, 0.0]), with_silent_seeds("0.00", [0.0])
    ('30.00 (1 of 2 seeds finds none)', 'none')
    """
    silent, asked = sum(not share for share in detected), len(detected)
    if not silent:
        return mean
    if silent == asked and is_detection:
        return NONE
    return f"{mean} ({silent} of {asked} {'seed' if asked == 1 else 'seeds'} {'finds' if silent == 1 else 'find'} none)"
