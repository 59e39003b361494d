"""The command line: the `mmgic` group, its options and console."""
