"""A member's life: joining from a template, being found fit, activation, suspension, leaving.

Planning is pure (texts and values in, changes and steps out); what writes, asks a cloud or runs a stack is handed in.
"""
