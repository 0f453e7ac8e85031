"""Comparisons on rows that are streamed and not kept."""
