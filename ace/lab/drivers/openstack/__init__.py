"""The OpenStack services of a cloud, one file each. Adding one = adding a file and a line in `registry.py`."""
