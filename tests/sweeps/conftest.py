"""What the tests of sweeps share: runs that processes of their own can import."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# Worker processes inherit the path, and with it the module that holds the runs.
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """A folder in which runs leave marks for one another, across processes."""
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv("MARKS", str(folder))
    return folder


@pytest.fixture
def program_environment():
    """The environment of a program that carries out a sweep on its own."""
    root = HERE.parents[1]
    return {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{root}", "PYTHONWARNINGS": "ignore"}
