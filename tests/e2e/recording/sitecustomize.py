"""Python imports this at its start where PYTHONPATH names this folder: notes what the process of a DVC stage reads.

The note is $IDS_RECORDING/<stage>.json: paths of the modules that it loaded, and of the files that it opened to read.
"""

import atexit
import json
import os
import sys
from pathlib import Path

opened = set()


def note(event, arguments):
    """Note a file that is opened to read."""
    if event == "open" and isinstance(arguments[0], str) and str(arguments[1]).startswith("r"):
        opened.add(str(Path.cwd() / arguments[0]))


def write():
    """Write the note."""
    loaded = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    path = Path(os.environ["IDS_RECORDING"], os.environ["DVC_STAGE"] + ".json")
    path.write_text(json.dumps({"loaded": sorted(loaded), "opened": sorted(opened)}))


if "IDS_RECORDING" in os.environ and "DVC_STAGE" in os.environ:
    sys.addaudithook(note)
    atexit.register(write)
