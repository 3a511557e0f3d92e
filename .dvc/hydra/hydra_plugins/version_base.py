"""Loaded by DVC before it composes conf/ (hydra.plugins_path in .dvc/config), and by nothing else.

DVC 3 passes Hydra `version_base=None`. Hydra 1.4 warns of any value, which a user of DVC cannot change. None means the
same as no value.
"""

from hydra import version

_setbase = version.setbase
version.setbase = lambda given: _setbase(version._UNSPECIFIED_ if given is None else given)
