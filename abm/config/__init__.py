"""How a file is read: settings with ranges and units, dotted keys, complaints in one line."""
