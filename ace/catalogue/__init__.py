"""What the ecosystem offers, for people and for machines: records -> formats -> static site.

`records(facts)` is a pure function of the spec, the publications' verdicts, the policies' objections and the as-of date;
`formats` turns its `Catalogue` into files for machines, `site` into pages for people, `build` writes both.
"""
