"""The catalogue's files for machines: one profile class per format, named in `registry.FORMATS`."""
