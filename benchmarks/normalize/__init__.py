"""`normalize` at full size: records a second and a core, memory that does not grow, large JSON, beside peers."""
