"""The wheel, installed as a user would: what it holds, and what it says of a clash of names."""

import doctest
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path

import pytest

import nearshore
import nearshore.pairs

ROOT = Path(__file__).parents[2]
PACKAGES = ("nearshore", "abm", "agents", "experiments", "viz")
OTHER = "made_up_agents"


def pip(*words):
    return subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the files that git knows, or would."""
    place = tmp_path_factory.mktemp("wheel")
    ready = ["--no-build-isolation"] if find_spec("hatchling") else []
    built = pip("wheel", "--no-deps", *ready, "--wheel-dir", place, ROOT)
    if built.returncode and not ready:
        pytest.skip("hatchling is neither installed nor to be had here")
    assert built.returncode == 0, built.stderr
    (found,) = place.glob("nearshore-*.whl")
    return found


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The wheel of a package, made up, that is called `agents` as one of ours is."""
    path = tmp_path_factory.mktemp("other") / f"{OTHER}-1.0-py3-none-any.whl"
    info = f"{OTHER}-1.0.dist-info"
    files = {
        "agents/__init__.py": "Agent = object\n",
        "agents/run.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {OTHER}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, content)
    return path


class Place:
    """An environment that holds what a test installs; libraries are those of this one."""

    def __init__(self, folder):
        venv.create(folder, symlinks=True)
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.packages = Path(get_path("purelib", vars={"base": str(folder)}))
        # A plain line: editable installs of this environment are not followed.
        (self.packages / "libraries.pth").write_text(f"{get_path('purelib')}\n")
        (folder / "share").symlink_to(Path(sys.prefix) / "share")  # what solara-assets brought

    def install(self, wheel):
        done = pip("--python", self.python, "install", "--no-deps", "--no-index", wheel)
        assert done.returncode == 0, done.stderr

    def uninstall(self, name):
        done = pip("--python", self.python, "uninstall", "--yes", name)
        assert done.returncode == 0, done.stderr

    def says(self, *words):
        """Exit code and lines of a command, away from the repository."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()

    def nearshore(self, *words):
        return self.says(self.folder / "bin" / "nearshore", *words)


@pytest.fixture
def place(tmp_path, wheel):
    if sys.platform == "win32":
        pytest.skip("laid out for POSIX")
    made = Place(tmp_path / "environment")
    made.install(wheel)
    return made


def test_the_wheel_holds_five_typed_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


def test_the_description_has_no_markers_and_no_link_that_leads_nowhere(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    text = Parser().parsestr(archive.read(name).decode()).get_payload()
    assert text.startswith("# Nearshore\n")
    assert "## Scenarios" in text
    assert "<!--" not in text
    assert "](" not in text.replace("](https://", "")


@pytest.mark.thorough
def test_the_installed_program_runs_outside_the_repository(place):
    code, lines = place.nearshore(
        "run", "threat-35", "--firms", "150", "--quarters", "1", "--quiet", "--out", "run"
    )
    assert code == 0, lines
    assert (place.folder / "run" / "trade.parquet").stat().st_size > 0
    assert place.nearshore("doctor")[1] == ["all is well"]
    script = "import nearshore, abm; print(nearshore.Scenario.load('usmca').name, abm.__file__)"
    code, lines = place.says(place.python, "-c", script)
    assert (code, lines) == (0, [f"usmca {place.packages / 'abm' / '__init__.py'}"])


@pytest.mark.thorough
def test_a_package_written_over_ours_is_named_in_one_line(place, other):
    place.install(other)
    line = (
        "agents: agents/__init__.py is not as nearshore installed it "
        f"(of {OTHER} 1.0); install nearshore again, in an environment of its own"
    )
    assert place.nearshore("doctor") == (1, [line])
    assert place.nearshore("scenarios") == (1, [f"nearshore: {line}"])
    assert place.says(place.python, "-m", "nearshore", "scenarios") == (1, [f"nearshore: {line}"])
    code, lines = place.says(place.python, "-c", "import nearshore")
    assert (code, lines[-1]) == (1, f"ImportError: {line}")
    place.uninstall(OTHER)  # which takes our file along
    gone = (
        "agents: nearshore's agents/__init__.py is gone; "
        "install nearshore again, in an environment of its own"
    )
    assert place.nearshore("doctor") == (1, [gone])


@pytest.mark.thorough
def test_a_package_that_stands_in_front_of_ours_is_named_in_one_line(place):
    (place.folder / "viz.py").write_text("chart = 1\n")
    code, lines = place.says(place.python, "-c", "import nearshore")
    assert (code, lines[-1]) == (
        1,
        f"ImportError: viz: Python finds {place.folder / 'viz.py'}, not nearshore's; "
        "install nearshore again, in an environment of its own",
    )


@pytest.mark.thorough
def test_a_file_changed_deep_inside_is_found_by_the_doctor_alone(place):
    (place.packages / "abm" / "axes.py").write_text("")
    assert place.nearshore("--version")[0] == 0
    code, lines = place.nearshore("doctor")
    assert code == 1
    assert lines[0].startswith("abm: abm/axes.py is not as nearshore installed it; install")


@pytest.mark.parametrize("module", [nearshore, nearshore.pairs], ids=lambda module: module.__name__)
def test_the_examples_of_the_face_run(module):
    assert doctest.testmod(module).failed == 0


def test_every_public_name_is_there_with_a_docstring():
    for name in nearshore.__all__:
        assert getattr(nearshore, name).__doc__, name


def test_help_answers_without_loading_the_model():
    script = "import sys, nearshore; sys.exit(any(m in sys.modules for m in ('abm.model', 'mesa')))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
