"""Many countries at once: each in a thread of its own, and what came of it.

`run.run_each` is the runner of everything that is done country by country; `stacks` runs engines with it, `report` is the
record of such a run. Knows nothing of what a stack holds, nor of Ansible.
"""
