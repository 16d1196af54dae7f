"""Tries many more operations than the tests do: ``python -m tests.graphql.compiled.many 5000 [FIRST]``, by hand.

Each trial has a seed, the first one 0 or FIRST; the first that finds a difference says which it was and ends it all.
Every so often the desk is another one.
"""

import sys
import tempfile
from pathlib import Path
from random import Random

from tests.graphql.compiled import failing
from tests.graphql.compiled.desks import random_desk
from tests.graphql.compiled.trials import FailingMutations, Failures, Mutations, Queries

A_DESK = 1_000  # trials


def main(count: int, first: int) -> None:
    """Try so many operations of each kind, and tell how it went."""
    schema = failing.build()
    for made in (Failures(schema), FailingMutations(schema)):
        _try(made, range(first, first + count))
    for begin in range(first, first + count, A_DESK):
        seeds = range(begin, min(begin + A_DESK, first + count))
        with tempfile.TemporaryDirectory() as folder, random_desk(Path(folder), begin) as desk:
            for real in (Queries(desk), Mutations(desk)):
                _try(real, seeds)


def _try(trial: Queries | Failures | Mutations | FailingMutations, seeds: range) -> None:
    for seed in seeds:
        try:
            trial.once(Random(seed))
        except Exception:
            print(f"{type(trial).__name__}, seed {seed}:")
            raise
    print(f"{type(trial).__name__}, seeds {seeds.start} to {seeds.stop - 1}: {trial.both.tally}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
