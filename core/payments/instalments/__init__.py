"""Orders paid in parts."""
