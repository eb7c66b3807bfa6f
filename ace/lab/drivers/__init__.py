"""What runs in the lab's own environment, beside OpenStack. Imports nothing of `ace`.

`start.py` is its one entry point. The folder above this one is put on `sys.path`, so the package's name is `drivers`.
"""
