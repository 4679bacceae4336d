"""Promises of the project about itself: what is pinned, what is small, and that nothing of one machine got in."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 320  # lines: about 300; a module has one reason to exist
# Where files of one machine or one registry would show: absolute paths of homes and temporary folders, and
# addresses of package indexes. Written so that this file does not contain them.
FOREIGN = re.compile(
    "|".join(["/" + "home/[a-z]", "/" + "root/", "/" + "tmp/", "registry" + r"\.npm", "pypi" + r"\.org"])
)


def tracked(*patterns: str) -> list[Path]:
    """Return the files in git that match; all Python files of a copy without git."""
    done = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def project() -> dict[str, list[str]]:
    """Return the requirements of pyproject.toml: of the program and of development."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {"run": data["project"]["dependencies"], "dev": data["dependency-groups"]["dev"]}


def normal(name: str) -> str:
    """Return a package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("group", ["run", "dev"])
def test_every_requirement_is_pinned(group: str) -> None:
    """constraints.txt names one version of each, so that a fresh machine gets what was tested."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    required = {normal(re.split(r"[<>=!~\[ ;]", text)[0]) for text in project()[group]}
    assert set() == required - pinned


def test_the_interpreter_is_pinned_by_hash_and_without_addresses() -> None:
    """What comes is checked by npm, from whatever registry the machine is set up for."""
    lock = json.loads((ROOT / "gateway/virtual/package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "gateway/virtual/package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in wanted.items():
        entry = lock["packages"][f"node_modules/{name}"]
        assert version == entry["version"]
        assert entry["integrity"].startswith("sha512-")
    assert [] == [path for path, entry in lock["packages"].items() if "resolved" in entry]


def test_no_module_is_long() -> None:
    """Under about 300 lines each."""
    modules = [path for path in tracked("firmware", "gateway", "flash.py") if path.suffix == ".py"]
    counts = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules
    }
    assert len(counts) > 50
    assert {} == {name: count for name, count in counts.items() if count > LONGEST}


def test_nothing_of_one_machine_got_in() -> None:
    """No absolute path of a home or a temporary folder, no address of a package index."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.suffix in {".py", ".toml", ".md", ".json", ".mjs", ".txt", ".svg", ""}
        for match in FOREIGN.finditer(path.read_text(encoding="utf-8"))
    ]
    assert [] == found
