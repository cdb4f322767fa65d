"""What all benchmarks share: sizes, models stopped in the middle of a quarter."""

import pytest

from abm.model import RelocationModel
from benchmarks.measure import LARGE, SIZES, YARDSTICK_FIRMS
from benchmarks.mid_quarter import MidQuarter
from experiments.runs.on_disk.provenance import git_revision
from experiments.speed.machine import description


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every benchmark with an argument ``firms`` runs at all sizes."""
    if "firms" in metafunc.fixturenames:
        large = pytest.param(LARGE, marks=pytest.mark.large)
        metafunc.parametrize("firms", [*SIZES, large])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the large ones out unless the command line selects by mark; go size by size."""
    if not config.getoption("-m"):
        large = [item for item in items if item.get_closest_marker("large")]
        config.hook.pytest_deselected(items=large)
        items[:] = [item for item in items if item not in large]
    # One model of a size is then set up once; files keep their order within a size.
    items.sort(key=_size)


def _size(item: pytest.Item) -> int:
    """Firms a benchmark runs with; one without a size goes with the yardstick."""
    arguments = item.callspec.params if hasattr(item, "callspec") else {}
    return arguments.get("firms", YARDSTICK_FIRMS)


def pytest_benchmark_update_json(output_json: dict[str, object]) -> None:
    """Say what machine it was, in our own words too."""
    output_json["machine"] = description()
    output_json["git_revision"] = git_revision()


class Models:
    """Models stopped in the middle of their second quarter, the last one kept.

    A million firms fill some gigabytes.
    """

    def __init__(self) -> None:
        self._kept: MidQuarter | None = None

    def stopped(self, firms: int) -> MidQuarter:
        """The model of that size."""
        if self._kept is None or self._kept.firms != firms:
            self._kept = None
            self._kept = MidQuarter(firms)
        return self._kept

    def finished(self, firms: int) -> RelocationModel:
        """The same model at the end of its quarter; the next to ask gets another one."""
        model = self.stopped(firms).finish()
        self._kept = None
        return model


@pytest.fixture(scope="session")
def models() -> Models:
    """Models that several benchmarks share."""
    return Models()


@pytest.fixture
def stopped(models: Models, firms: int) -> MidQuarter:
    """A model in the middle of a quarter, every phase of which may be run again."""
    return models.stopped(firms)
