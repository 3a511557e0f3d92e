"""A stage ends with the DVC that started it."""

import subprocess
import sys
from pathlib import Path

import psutil

# Program with the name of DVC, which starts a stage by a shell and waits for it.
DVC = """
import subprocess, sys
subprocess.run(["/bin/sh", "-c", f"{sys.executable} -c '{sys.argv[1]}'; true"])
"""
STAGE = """
import time
from src.utils.orphans import end_with_dvc
end_with_dvc()
print("began", flush=True)
time.sleep(60)
"""


def test_a_stage_gets_sigterm_when_its_dvc_is_gone(tmp_path: Path) -> None:
    (tmp_path / "dvc").write_text(DVC)
    command = [sys.executable, str(tmp_path / "dvc"), STAGE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dvc:
        assert dvc.stdout
        assert dvc.stdout.readline() == "began\n"
        stage = psutil.Process(dvc.pid).children(recursive=True)[-1]
        dvc.terminate()
    stage.wait(20)
