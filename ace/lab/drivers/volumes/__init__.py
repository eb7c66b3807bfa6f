"""Cinder's driver of the lab."""
