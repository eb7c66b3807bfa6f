"""The running interconnect: hosts are asked over SSH what they see, and what they say is judged against the plan."""
