"""The axes of every array, their order and their labels.

Arrays name their axes in this order wherever they have them:
firm, input, source, home, host, market, regime, config. An axis keeps the order of
the tuples below, so ``array[..., HOSTS.index("MEX")]`` is Mexico everywhere.
"""

from itertools import combinations

import numpy as np

REGIONS = ("USA", "MEX", "CAN", "CHN", "ROW")
"""Sources of inputs and markets for goods."""

HOSTS = REGIONS[:3]
"""Where a plant can stand: the three members of the agreement."""

PARTNERS = HOSTS[1:]
"""The other members of the agreement, as US figures list them."""

HOMES = REGIONS
"""Where a firm is from. A firm from CHN or ROW has a plant at home, which always stands."""


FOOTLOOSE = (
    "cars",
    "light_trucks",
    "vehicle_parts",
    "electronics",
    "machinery",
    "metals",
    "chemicals_plastics",
    "textiles_apparel",
    "food",
    "other_manufacturing",
)
"""Sectors whose firms choose where to produce."""

VEHICLES = FOOTLOOSE[:2]
MOTOR = FOOTLOOSE[:3]
"""Those whose rules of origin are those of motor vehicles, and those and their parts."""

QUARTERS_A_YEAR = 4
"""Flows are of a quarter, and so is a step: figures of a year are divided by this."""

IMMOBILE = ("primary_energy", "telecom", "finance", "other_services")
"""Immobile sectors: their firms are not modelled; they supply inputs and buy goods."""

SECTORS = FOOTLOOSE + IMMOBILE
GOODS = (*FOOTLOOSE, "primary_energy")
"""Sectors whose products cross a customs border and count as materials."""

USES = ("final", "intermediate")

CONFIGS: tuple[tuple[str, ...], ...] = tuple(
    hosts for size in range(len(HOSTS) + 1) for hosts in combinations(HOSTS, size)
)
"""The eight sets of hosts: the empty one, those of a single country, then larger ones."""

NO_PLANT = CONFIGS.index(())
"""The empty set: closed or not founded, or serving North America from a home abroad."""

CONFIG_LABELS = tuple("+".join(hosts) or "none" for hosts in CONFIGS)

N_REGIONS, N_HOSTS, N_CONFIGS = len(REGIONS), len(HOSTS), len(CONFIGS)
N_HOMES = len(HOMES)
N_SECTORS, N_FOOTLOOSE, N_GOODS = len(SECTORS), len(FOOTLOOSE), len(GOODS)

HAS_PLANT = np.array([[host in config for host in HOSTS] for config in CONFIGS])
"""Plants of every configuration, shape (config, host)."""

USA = REGIONS.index("USA")

BELIEFS = ("myopic", "adaptive", "forward")
"""How firms look ahead: today's policy for ever, as counted so far, as the scenario's chain."""
