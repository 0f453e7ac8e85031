"""From what the user passes to validated arrays: reading, task ids, designs, checks."""
