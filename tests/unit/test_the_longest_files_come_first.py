"""Files of tests that take long are begun first, and none is named that is gone."""

from types import SimpleNamespace

from tests.support.longest_first import LONGEST, ROOT, longest_first


def test_every_file_that_is_begun_early_is_there_and_named_once():
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_named_files_come_in_their_order_and_others_after_them_as_they_came():
    came = ["tests/b.py", LONGEST[1], "tests/a.py", LONGEST[0], LONGEST[1]]
    items = [SimpleNamespace(path=ROOT / name, nth=n) for n, name in enumerate(came)]
    assert [item.nth for item in longest_first(items)] == [3, 1, 4, 0, 2]


def test_processes_take_files_in_that_order(pytestconfig):
    # Of its own accord pytest-xdist would leave files of few tests, however long, to the end.
    assert pytestconfig.getoption("loadscopereorder", default=False) is False
