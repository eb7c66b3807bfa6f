"""The three kinds of file as pydantic models: what may be written, and nothing else (`extra=forbid`, strict types).

These models are the edge: `ace.spec.resolve` turns them into the frozen values that everything else reads.
"""
