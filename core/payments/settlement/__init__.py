"""What sellers are paid, when, and the statements that say so."""
