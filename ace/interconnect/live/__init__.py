"""The running interconnect: hosts are asked over SSH what they see, and their answers are compared with the plan."""
