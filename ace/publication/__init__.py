"""The public facts of a country: built, signed, verified. What it has not parsed, nothing else gets to see."""
