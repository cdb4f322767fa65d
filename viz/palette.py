"""One colour a country, the same in every picture.

Told apart with any of the three kinds of colour blindness and, by lightness, in
grey; dark enough on white for lines and bold labels. No red stands against green.
"""

COLOURS = {
    "USA": "#122a4f",
    "MEX": "#cb7009",
    "CAN": "#9e2da2",
    "CHN": "#4b3623",
    "ROW": "#697a80",
}

MARKERS = {"USA": "s", "MEX": "o", "CAN": "^", "CHN": "D", "ROW": "v"}
"""One shape a country too, where points are drawn."""

COLOURS_ON_DARK = {
    "USA": "#7fb0f5",
    "MEX": "#f2a23f",
    "CAN": "#df8fe3",
    "CHN": "#cdb08f",
    "ROW": "#a3b4ba",
}
"""The same countries on a dark ground, in the same order of lightness against it."""

TEXT = "#20262b"
FAINT_TEXT = "#5a646b"
GRID = "#dfe3e6"
BASELINE = "#8a949b"
"""A line for what things are compared with, where it belongs to no country."""

EMPTY = "#f4f5f6"
"""Ground of a picture that has nothing to show."""
