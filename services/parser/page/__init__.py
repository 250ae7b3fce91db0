"""The page before it is understood: bytes to text, text to a tree, the tree to blocks in reading order."""
