"""What reports of comparisons say: as text, Markdown and HTML."""
