"""Code, libraries and processor of this process, which the numbers of a run may depend on beside its config."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from src.utils.paths import PROJECT

# pyproject.toml has the same condition for TensorFlow without support of GPUs.
_CPU_ALONE = "sys_platform == 'linux' and platform_machine == 'x86_64'"
_ELSEWHERE = "sys_platform != 'linux' or platform_machine != 'x86_64'"
_LIBRARIES = ("keras", "mlflow", "numpy", "pandas", "pyarrow", "scikit-learn")


REVISION_VARIABLE = "IDS_GIT_REVISION"  # for workers whose copy of the code has no history


def environment() -> dict[str, object]:
    """Code, libraries and processor of this process."""
    installed = {name.replace("-", "_"): version(name) for name in _LIBRARIES}
    return {
        "git_revision": git_revision(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": installed,
    }


def git_revision() -> str:
    """Commit of the working tree, with `-dirty` if tracked files have changed; `unknown` outside git."""
    if given := os.environ.get(REVISION_VARIABLE):
        return given
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def processor() -> str:
    """Name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def requirements(*, network: bool) -> list[str]:
    """Pinned requirements of a process that only scores, with Keras and TensorFlow for a network.

    MLflow imports what is listed when it loads a model: TensorFlow takes seconds and prints lines.
    """
    names = ["mlflow", "numpy", "pandas", "pyarrow", "pydantic", "scikit-learn", "skops"]
    pinned = [f"{name}=={version(name)}" for name in names]
    return [*pinned, *([f"keras=={version('keras')}", *_tensorflow()] if network else [])]


def _tensorflow() -> list[str]:
    """TensorFlow by the name that is installed here: MLflow imports a package that has no version under its name."""
    try:
        return [f"tensorflow=={version('tensorflow')}"]
    except PackageNotFoundError:
        installed = version("tensorflow-cpu")
        return [f"tensorflow-cpu=={installed} ; {_CPU_ALONE}", f"tensorflow=={installed} ; {_ELSEWHERE}"]
