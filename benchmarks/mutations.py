"""Mutation test: puts small faults into src/ and runs the tests that import the changed module.

`python -m benchmarks.mutations --seed 0 --count 48 --out before.json` draws the sample and runs it; with
`--sample before.json --root CHECKOUT --out after.json` the same mutations run on another checkout, and the table shows
both results. A mutation is identified by module, function and source text, so lines may move. Results are written
after each mutation. A command that was stopped continues where it stopped.

Each mutation is made in a copy of the files that git tracks. The tests are the examples in the module's docstrings and
the test files that import the module; its own test file comes first. If no test file imports the module, those that
import one of its importers run. They run in one process, up to the first failure.

All tiers run, without tests/e2e and tests/test_benchmarks.py (whole commands) and without the tests of the published
data and of the browser. At the end, the tests that failed run once more on the unchanged code. A test that fails there
too does not count as having found its mutation.
"""

import argparse
import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.faults import Mutation, draw, mutations
from src.utils.files import write_text
from src.utils.paths import PROJECT

NO_TESTS = ("tests/e2e/", "tests/test_benchmarks.py", "tests/test_mutations.py")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "--tb=no", "--hypothesis-seed=0", "-m",
          "not real_data and not browser")  # fmt: skip
LIMIT = 300.0  # maximum seconds of a run


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def related_tests(root: Path, module: str) -> list[str]:
    """List the tests of a module: its own examples, then the test files that import it, its own file first."""
    paths = [*(root / "src").rglob("*.py"), *(root / "tests").rglob("*.py")]
    imported = {path.relative_to(root).as_posix(): _imports(path) for path in paths}
    names = {module}
    files: set[str] = set()
    while not files:
        dotted = {name.removesuffix(".py").replace("/", ".") for name in names}
        importers = {path for path, those in imported.items() if those & dotted}
        files = {path for path in importers if Path(path).name.startswith("test_") and not path.startswith(NO_TESTS)}
        if importers <= names:
            break
        names |= importers
    package, stem = Path(module).parent.name, Path(module).stem
    own = f"tests/{package}/test_{stem}.py"
    ordered = sorted(files, key=lambda path: (path != own, not path.startswith(f"tests/{package}/"), path))
    examples = [module] if ">>> " in (root / module).read_text(encoding="utf-8") else []
    return [*examples, *ordered]


class Checkout:
    """Checkout whose tests run on copies of it.

    Args:
        root: Folder of the checkout.
        python: Interpreter that runs the tests.
        limit: Seconds after which a run is stopped.
    """

    def __init__(self, root: Path, python: str, limit: float):
        self.root, self.python, self.limit = root, python, limit

    def result(self, mutation: Mutation) -> dict[str, object]:
        """Run the tests on a mutation; the result is killed, survived, or the reason why it is unknown."""
        path = self.root / mutation.module
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        if (mutated := mutations(mutation.module, source).get(mutation)) is None:
            return {"result": "not in this code", "test": "", "seconds": 0.0}
        targets = related_tests(self.root, mutation.module)
        start = time.perf_counter()
        failed = self._failures(targets, {mutation.module: mutated}, "-x") if targets else []
        seconds = round(time.perf_counter() - start, 1)
        if failed is None:
            slow = self._failures(targets, {}) is None
            return {"result": "too slow" if slow else "killed", "test": "", "seconds": seconds}
        return {"result": "killed" if failed else "survived", "test": "".join(failed[:1]), "seconds": seconds}

    def fail_anyway(self, tests: list[str]) -> set[str]:
        """Run tests on the unchanged code in one process, and return those that fail."""
        failed = self._failures(tests, {}, limit=self.limit * len(tests)) if tests else []
        return set(tests) if failed is None else set(failed)

    def _failures(
        self, targets: list[str], changes: dict[str, str], *options: str, limit: float | None = None
    ) -> list[str] | None:
        """List the tests that fail on a changed copy of the tracked files; None if the time limit was reached."""
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            tree = Path(folder) / "tree"
            tracked = subprocess.run(
                ["git", "-C", str(self.root), "ls-files", "-z"], check=True, capture_output=True, text=True
            )
            for name in filter(None, tracked.stdout.split("\0")):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.root / name, tree / name)
            for name, text in changes.items():
                (tree / name).write_text(text, encoding="utf-8")
            arguments = (*PYTEST, *options, f"--basetemp={folder}/temporary", *targets)
            return self._run(tree, arguments, limit or self.limit)

    def _run(self, tree: Path, arguments: Iterable[str], limit: float) -> list[str] | None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                [self.python, *arguments],
                cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # the tests' own processes with it
                process.wait()
                return None
            output.seek(0)
            text = output.read()
        failed = re.findall(r"^(?:FAILED|ERROR) (.+?(?:\[.*?\](?= - |$))?)(?: - .*)?$", text, re.MULTILINE)
        if status not in (0, 1, 2, 5) or (status in (1, 2) and not failed):
            raise SystemExit(
                f"pytest {' '.join(arguments)} ended with {status}, expected tests to pass or fail:\n{text}"
            )
        return failed


def table(results: list[dict[str, object]]) -> str:
    """Write the results as Markdown: counts by package, then a row for each mutation."""
    titles = {"earlier": "before", "result": "after"} if "earlier" in results[0] else {"result": "result"}
    packages = Counter(str(one["module"]).split("/")[1] for one in results)
    lines = [_row("package", "mutations", *(f"killed, {title}" for title in titles.values()))]
    lines.append("|---" * (2 + len(titles)) + "|")
    for package, number in [*packages.items(), ("all", len(results))]:
        rows = [one for one in results if package in ("all", str(one["module"]).split("/")[1])]
        lines.append(_row(package, number, *(sum(one[name] == "killed" for one in rows) for name in titles)))
    lines += ["", _row("where", "change", *titles.values(), "first test that failed", "seconds")]
    lines.append("|---" * (4 + len(titles)) + "|")
    for one in results:
        change = f"{one['operator']}: `{one['before']}` to `{one['after']}`"
        test = f"`{one['test']}`" if one["test"] else "none in the time limit" if one["result"] == "killed" else ""
        verdicts = (one[name] for name in titles)
        lines.append(_row(f"{one['module']} {one['function']}".rstrip(), change, *verdicts, test, one["seconds"]))
    return "\n".join(lines) + "\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Run the sample on a checkout, and write results (JSON) and table (Markdown) after each mutation."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw")
    parser.add_argument("--count", type=int, default=48, help="number of mutations to draw")
    parser.add_argument("--sample", type=Path, help="results of an earlier run, whose mutations run again")
    parser.add_argument("--root", type=Path, default=PROJECT, help="checkout to test")
    parser.add_argument("--python", default=sys.executable, help="interpreter that runs the tests")
    parser.add_argument("--limit", type=float, default=LIMIT, help="maximum seconds of a run")
    parser.add_argument(
        "--out", type=Path, required=True, help="file of the results; the table is written beside it, as .md"
    )
    arguments = parser.parse_args()
    earlier = json.loads(arguments.sample.read_text(encoding="utf-8")) if arguments.sample else []
    fields = Mutation.__dataclass_fields__
    sample = [Mutation(**{name: one[name] for name in fields}) for one in earlier]
    sample = sample or draw(arguments.root, arguments.seed, arguments.count)
    before = [{"earlier": one["result"]} for one in earlier] or [{}] * len(sample)
    done = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else []
    checkout = Checkout(arguments.root.resolve(), arguments.python, arguments.limit)
    for number in range(len(done), len(sample)):
        done.append({**asdict(sample[number]), **before[number], **checkout.result(sample[number])})
        _write(arguments.out, done)
        print(f"{number + 1}/{len(sample)} {done[-1]}", flush=True)
    broken = checkout.fail_anyway(sorted({one["test"] for one in done if one["test"]}))
    _write(arguments.out, [one | {"result": "fails anyway"} if one["test"] in broken else one for one in done])


def _write(out: Path, results: list[dict[str, object]]) -> None:
    write_text(out, json.dumps(results, indent=1) + "\n")
    write_text(out.with_suffix(".md"), table(results))


if __name__ == "__main__":
    main()
