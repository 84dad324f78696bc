"""How fast the mirrors are: timing, the artifact, comparing two of them, and publishing one."""
