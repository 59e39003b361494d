"""The structs that flow between the stages. This package imports nothing else of ours."""
