"""Requirements of a logged model."""

import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.requirements import Requirement

from src.tracking import environment
from src.utils.paths import PROJECT


def test_the_requirements_that_apply_here_are_installed_under_their_names() -> None:
    """MLflow would import a package without a version under its name, which for TensorFlow takes seconds."""
    found = [Requirement(one) for one in environment.requirements(network=True)]
    here = [one for one in found if one.marker is None or one.marker.evaluate()]
    assert "tensorflow" in {one.name.removesuffix("-cpu") for one in here}
    assert not [one for one in environment.requirements(network=False) if one.startswith(("keras", "tensorflow"))]
    for one in here:
        assert one.specifier.contains(version(one.name)), one


def test_tensorflow_depends_on_the_platform_as_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_cpu(name: str) -> str:
        if name == "tensorflow":
            raise PackageNotFoundError(name)
        return "2.21.0"

    monkeypatch.setattr(environment, "version", only_cpu)
    found = {
        one.name: str(one.marker) for one in map(Requirement, environment.requirements(network=True)) if one.marker
    }
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    declared = {one.name: str(one.marker) for one in map(Requirement, listed) if one.name.startswith("tensorflow")}
    assert found == declared
    monkeypatch.setattr(environment, "version", lambda name: "2.21.0")
    assert environment.requirements(network=True)[-1] == "tensorflow==2.21.0"
