"""The tests, and the list of checks that `make test` runs. A package, so that no foreign `tests` is found instead."""
