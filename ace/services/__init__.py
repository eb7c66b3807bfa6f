"""From a country's running servers to running services: inventory, SSH, host keys, Ansible runs, results.

Pure: `inventory` (stack outputs as typed values, complete or an error), `region` (what a country is informed of the others),
`ansible` (both as Ansible's JSON), `ssh` (the ssh_config), `host_keys` (console log and pins), `events` and `results`
(what a run reported). Thin: `consoles` asks the clouds, `run` drives ansible-runner, `configure` many countries at once.
"""
