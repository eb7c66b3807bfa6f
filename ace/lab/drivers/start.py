"""The one entry point of the lab's processes, run by the lab's own Python.

start.py nursery FOLDER            the process from which all of a lab's others are forked
start.py templates FOLDER          make empty databases of every service
start.py neutron-tables CONFIG     (part of the above, in a process of its own)
start.py sweep FOLDER [CLOUD...]   power off and put away hosts and networks; without a name those of all clouds
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Do what the command line asks for."""
    command, argument, *more = sys.argv[1:]
    sys.argv = sys.argv[:1]
    if command == "nursery":
        from drivers import nursery

        nursery.run(Path(argument))
    elif command == "templates":
        from drivers import templates

        templates.build(Path(argument))
    elif command == "neutron-tables":
        from drivers.openstack import neutron

        neutron.create_tables(argument)
    elif command == "sweep":
        from drivers.hosts import sweep

        sweep.sweep(Path(argument), more or None)
    else:
        sys.exit(f"start.py: no such command: {command}")


if __name__ == "__main__":
    main()
