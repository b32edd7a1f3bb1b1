"""Exchange rates: the desk, quotes and their locks, what is open and how it is closed."""
