"""Config keys of earlier versions, and where their values are now."""

RENAMED_KEYS = {
    "evaluation.decision": "decision.rule",
    **{
        f"evaluation.{key}": f"decision.{key}"
        for key in ("attack_odds", "calibrate", "false_alarm_budget", "false_alarm_blocks")
    },
}
