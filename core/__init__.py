"""What every room needs: YAML with line numbers, atomic files, text safety, and the tree of exceptions."""
