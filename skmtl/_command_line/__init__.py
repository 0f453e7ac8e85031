"""The parts of the command line: its options, reading a file, running comparisons."""
