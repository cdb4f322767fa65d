"""What `nearshore doctor` asks: are the packages ours, and do those of the page fit together."""

from nearshore import clash
from viz.page import doctor


def problems() -> list[str]:
    """Lines that name what is wrong and what to do; empty if all is well."""
    return [*clash.problems(), *doctor.problems()]
