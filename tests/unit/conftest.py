"""What tests of single functions share."""

import pytest

from tests.made_up_seeds import SURE, UNSURE, a_result


@pytest.fixture(scope="session")
def sure():
    """A comparison of which four seeds tell the same."""
    return a_result(SURE)


@pytest.fixture(scope="session")
def unsure():
    """A comparison of which four seeds tell nothing."""
    return a_result(UNSURE)
