"""The study file's tables and fields: what each may hold, its default, and the messages about its faults."""
