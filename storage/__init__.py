"""Everything that survives a restart: tables, shelves, the unit of work and the stores that run it."""
