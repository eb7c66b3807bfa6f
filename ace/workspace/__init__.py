"""What this ROOT and this machine have: the spec, the clouds file, engines and state, passphrases, hosts, workers.

Needs no terminal. A command, a worker and a test open the same `Workspace`.
"""
