"""What people see: the board of a run under way, tables, steps. Values in, text out; nothing is decided here."""
