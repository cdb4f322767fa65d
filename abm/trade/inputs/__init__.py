"""What inputs cost where they are used: labour, origin, prices, contracts and suppliers."""
