"""What is measured, and how: `docs/benchmarks.md`. Nothing here is part of the package."""
