"""How a quarter runs: draws, threads, blocks of firms, phases, and guards over what they leave."""
