"""What programs can say of the code: strict types, and the linter's rules."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_types_are_strict() -> None:
    status, said = run("mypy")
    assert status == 0, said


def test_the_linter_is_content() -> None:
    status, said = run("ruff", "check", ".")
    assert status == 0, said


def test_the_book_keeps_its_rules() -> None:
    status, said = run("hooks", "check")
    assert status == 0, said
