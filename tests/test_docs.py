"""What the documents tell people to type exists: commands, options, make targets, files, and the example settings."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COMMANDS = [
    command
    for document in DOCUMENTS
    for command in re.findall(
        r"^    ((?:\.venv/bin/\S+|make|python3?) .+)$", document.read_text(encoding="utf-8"), re.MULTILINE
    )
]


def help_of(command: list[str]) -> str:
    """Return what `command --help` says; `command` is a program of .venv/bin, or python and a file."""
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:], "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_documents_show_the_commands_that_matter() -> None:
    """A demo, the tests, the gateway, the check of a package, the levels."""
    shown = "\n".join(COMMANDS)
    for command in (
        "make demo",
        "make test",
        "stalenstraat run",
        "stalenstraat verify",
        "stalenstraat demo",
        "stalenstraat conformance",
    ):
        assert command in shown


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_a_make_target_that_is_shown_exists(command: str) -> None:
    """`make -n` knows it: nothing is run."""
    done = subprocess.run(
        [*command.split()[:1], "-n", *command.split()[1:]], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.startswith("make ")])
def test_a_command_that_is_shown_knows_its_options(command: str) -> None:
    """The subcommand or file answers --help, and each option shown is in its help."""
    words = command.removeprefix(".venv/bin/").split()
    length = 2 if words[1] in {"-m", "audit", "keys", "signature"} else 1
    subject = words[1 : 1 + length] if words[0] in {"python", "stalenstraat"} else []
    text = help_of([words[0], *subject])
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", text), f"{command}: no {option}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    """Pictures and links are relative to the document, and there."""
    targets = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [] == [target for target in targets if not (document.parent / target).exists()]


def test_every_file_the_readme_names_is_there() -> None:
    """Names in back quotes that look like a path of the project are paths of the project."""
    named = re.findall(r"`((?:docs|firmware|gateway|hardware|tests)/[\w./-]*|LICENCE)`", README)
    assert len(named) > 5
    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_the_example_configuration_is_complete_and_valid() -> None:
    """What a technician copies can be loaded as it stands; so do the defaults shown in its comments."""
    from gateway.config import load  # noqa: PLC0415  a heavy import

    example = ROOT / "gateway" / "site.example.toml"
    load(example)
    tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", example.read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_the_licence_is_the_one_that_is_declared() -> None:
    """pyproject.toml says EUPL-1.2, and LICENCE is its text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "LICENCE").read_text(encoding="utf-8")
    assert project["license"] == "EUPL-1.2"
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert "15. Applicable Law" in text
