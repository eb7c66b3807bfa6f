"""Many stacks at once: run an action on each in a thread of its own, and write down what came of it.

Knows engines and stacks, nothing of what a stack holds.
"""
