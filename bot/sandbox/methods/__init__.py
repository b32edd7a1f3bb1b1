"""The methods of the Bot API that are played: one module a family, each handler takes (world, params)."""
