"""`python -m ace` is `ace`."""

from ace.cli.main import main

main()
