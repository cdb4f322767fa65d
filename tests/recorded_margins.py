"""An economy whose customs records are changed, put together from the observed tables again."""

from dataclasses import replace

from abm.economy.tables import Economy, mismatch, observed_flows
from abm.economy.trade_margins import valued


def on_tables_as_observed(economy: Economy) -> Economy:
    """The same economy with flows worked out anew from the tables and its own customs records."""
    recorded = economy.customs_over_basic * economy.records_over_customs
    flows = valued(*observed_flows(), recorded)
    return replace(
        economy,
        intermediate_use=flows.intermediate_use,
        final_demand=flows.final_demand,
        customs_over_basic=flows.customs_over_basic,
        records_over_customs=mismatch(recorded, flows.customs_over_basic),
    )
