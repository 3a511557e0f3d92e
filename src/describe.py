"""Propose the config of a data set from a file of records, or check a schema against a file.

A proposal is two files: conf/dataset/schema/NAME.yaml has the columns and labels, conf/dataset/NAME.yaml the file. Each
guess has its reason in a comment. No file is replaced, unless --overwrite says so. With --schema, each disagreement of
the file with conf/dataset/schema/NAME.yaml is a line, and the exit status is 1.
"""

import sys
from pathlib import Path

from src.utils.command_line import command_parser, quiet_pipe
from src.utils.messages import system_words
from src.utils.termination import interruptible

EXAMPLES = (
    "flows.csv",
    "flows.csv.gz --name mine --label attack_cat",
    "more_flows.csv --schema mine",
)


@quiet_pipe()
def main(arguments: list[str] | None = None) -> int:
    """Write the proposal, or print the disagreements."""
    parser = command_parser("describe", __doc__, EXAMPLES)
    add = parser.add_argument
    add("records", type=Path, help="records with a header or without: text, also packed, ARFF, Parquet or Arrow")
    add("--schema", metavar="NAME", help="check this schema of conf/dataset/schema against the records")
    add("--name", help="name of the data set (default: that of the file)")
    add("--label", metavar="COLUMN", help="column of the attack type (default: guessed)")
    add("--overwrite", action="store_true", help="replace files of an earlier call")
    options = parser.parse_args(arguments)
    if options.schema is not None and (options.name or options.label or options.overwrite):
        parser.error(
            "--schema: found --name, --label or --overwrite too, expected none of them: a check writes no file"
        )
    try:
        if options.schema is not None:
            from src.data.proposals.schema_check import check_file  # only now: Arrow takes long

            lines, agrees = check_file(options.records, options.schema)
        else:
            from src.data.proposals.proposal import describe_file

            lines, agrees = (
                describe_file(options.records, options.name, options.label, overwrite=options.overwrite),
                True,
            )
    except (OSError, ValueError, EOFError) as error:
        print(f"describe: {system_words(error)}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(interruptible("describe", main))
