"""The wire: a package, so that its tests can share their fakes."""
