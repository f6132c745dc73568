"""The shop: its orders and what may be changed about them, its catalogue, its tables."""
