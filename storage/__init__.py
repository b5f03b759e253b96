"""All SQL of the project: the schema, its migrations and the named queries."""
