"""Every bug of `python -m tests.mutants` can still be planted: its place in the code is what it was."""

from tests.mutants import MUTANTS, standing


def test_every_mutant_has_its_place() -> None:
    assert {name: times for name, times in standing().items() if times != 1} == {}


def test_there_are_enough_of_them() -> None:
    assert len({one.name for one in MUTANTS}) == len(MUTANTS) >= 10
