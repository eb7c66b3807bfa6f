"""What `converge` is made of: a file for each thing that a host can be made to have. Runs on the hosts (Python 3.11)."""
