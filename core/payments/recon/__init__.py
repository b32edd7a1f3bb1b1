"""Bank statements and settlement reports held against the books."""
