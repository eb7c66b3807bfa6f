"""Africa Cloud Ecosystem: one spec, one stack per country, one cloud ecosystem."""

__version__ = "0.1.0"
