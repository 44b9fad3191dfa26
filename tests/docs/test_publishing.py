"""The conda recipe has the package's dependencies, and nothing publishes unless a maintainer switches it on."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_conda_recipe_has_the_package_s_dependencies():
    recipe = (ROOT / "deploy" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    listed = recipe.split("  run:\n")[1].split("\ntests:")[0]
    found = {re.sub(r"\s", "", line.strip().removeprefix("- ")) for line in listed.splitlines() if "- " in line}
    expected = {re.sub(r"\s", "", each).lower() for each in PROJECT["dependencies"]}
    assert found == expected | {f"python{PROJECT['requires-python']}"}


def test_publishing_waits_for_its_switch():
    for name, switch in (("docs", "PUBLISH_DOCS"), ("publish", "PUBLISH_PACKAGE")):
        text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        jobs = re.findall(r"^  (\w+):\n(.*?)(?=^  \w+:\n|\Z)", text.split("\njobs:\n")[1], re.MULTILINE | re.DOTALL)
        assert len(jobs) == 2
        assert all(f"if: vars.{switch} == 'true'" in body or "needs: build" in body for _, body in jobs)
        assert not re.search(r"secrets\.|password|token:\s*\$", text)
        assert switch in (ROOT / "RELEASING.md").read_text(encoding="utf-8")
