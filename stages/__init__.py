"""The six programs that DVC runs, one file each. Each offers `plan(call)` for `--dry-run` and `run(call)`."""
