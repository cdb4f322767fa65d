"""Who supplies the largest firms, as a graph."""

from functools import lru_cache
from typing import Any

import networkx as nx

from abm.axes import FOOTLOOSE
from experiments.labels import SECTOR_NAMES
from viz.charts.basics import SECTOR_COLOURS, Chart, Ink, plain_option
from viz.charts.map import sector_legend
from viz.lab.frame import Frame


def network(frame: Frame, ink: Ink) -> Chart:
    """Supplier links among the largest firms."""
    graph = frame.world.suppliers
    place = _layout(tuple(graph.nodes), tuple(graph.edges))
    largest = max(data["sales"] for _, data in graph.nodes(data=True))
    nodes = [
        {
            "id": str(row),
            "name": f"Firm {row}, {SECTOR_NAMES[data['sector']].lower()}",
            "x": 100 * place[row][0],
            "y": 100 * place[row][1],
            "symbolSize": 6 + 20 * (data["sales"] / largest) ** 0.5,
            "itemStyle": {"color": SECTOR_COLOURS[data["sector"]]},
        }
        for row, data in graph.nodes(data=True)
    ]
    links = [
        {"source": str(supplier), "target": str(buyer),
         "lineStyle": {"width": 0.6 + 3 * data["weight"], "color": ink.faint, "opacity": 0.55,
                       "curveness": 0.12}}
        for supplier, buyer, data in graph.edges(data=True)
    ]  # fmt: skip
    option = plain_option(ink) | {
        "tooltip": {"confine": True},
        "series": [
            {
                "id": "network",
                "type": "graph",
                "layout": "none",
                "roam": False,
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 5,
                "data": nodes,
                "links": links,
            }
        ],
    }
    sentence = (
        f"{graph.number_of_edges()} links, supplier to buyer, among the largest firm of"
        " each sector and its suppliers. A firm's colour is its sector, its size grows with its"
        " sales in USD, and the width of a link with its share of what the buyer buys."
    )
    rows = [
        [f"Firm {a}", f"Firm {b}", f"{100 * data['weight']:.0f}%", data["hosts"]]
        for a, b, data in graph.edges(data=True)
    ]
    table = {"head": ["supplier", "buyer", "share of its purchases", "from"], "rows": rows[:40]}
    sectors = {data["sector"] for _, data in graph.nodes(data=True)}
    legend = sector_legend(name for name in FOOTLOOSE if name in sectors)
    return Chart("network", "Supplier links of the largest firms", sentence, option, table, legend)


@lru_cache(maxsize=16)
def _layout(nodes: tuple[int, ...], edges: tuple[tuple[int, int], ...]) -> dict[int, Any]:
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return dict(nx.spring_layout(graph, seed=1, k=0.6, iterations=60))
