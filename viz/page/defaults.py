"""What a new visitor of the page finds; the server sets it before it serves."""

from abm.scenario.scenario import Scenario
from viz.lab.laboratory import Start

start = Start(Scenario.load("status-quo"))
