"""Servers that are real: systemd-nspawn machines with a Debian root file system of their own (an overlay over one base).

All state is on disk and in the kernel, so whoever asks may die and come back. Nothing here imports OpenStack or ACE.
"""
