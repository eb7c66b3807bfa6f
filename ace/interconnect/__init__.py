"""The regional interconnect: spec and publications -> plan -> rendered files -> offline proof -> live check."""
