"""What the tests of whole runs share."""

import pytest

from tests.kept_runs import FIRMS, SEED
from tests.same_firms import at_rest


@pytest.fixture(scope="session")
def donor():
    """A model at quarter 0, from which others are made; never stepped itself."""
    return at_rest(FIRMS, SEED)
