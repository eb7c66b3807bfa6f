"""One module a use case: arguments and a sink of events in, a frozen result out.

An operation never prints, asks or exits, and imports neither typer nor rich: a command, a worker, a pipeline and a test
call the same function.
"""
