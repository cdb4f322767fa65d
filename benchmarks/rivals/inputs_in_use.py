"""The inputs each sector uses at all, which are those that other models work with."""

from dataclasses import replace

import numpy as np

from abm.axes import N_GOODS
from abm.core.inputs.sourcing import InputTerms
from abm.model import RelocationModel


def inputs_in_use(model: RelocationModel) -> list[tuple[np.ndarray, InputTerms]]:
    """Positions among the goods, and what the sector faces for these alone, sector by sector."""
    bills = model.calibration.bill_of_materials[:, :N_GOODS]
    return [
        (np.flatnonzero(bill.max(axis=1) > 0), _in_use(terms))
        for bill, terms in zip(bills, model.terms, strict=True)
    ]


def _in_use(terms: InputTerms) -> InputTerms:
    used = terms.bill_of_materials.max(axis=1) > 0
    return replace(
        terms,
        weights=terms.weights[used],
        theta=terms.theta[used],
        bill_of_materials=terms.bill_of_materials[used],
        signed=None if terms.signed is None else terms.signed[used],
    )
