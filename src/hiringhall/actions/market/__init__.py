"""The market: work offered to outsiders for money that is held until it is done."""
