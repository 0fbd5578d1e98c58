"""The tests, and the list of checks that `make test` runs. A package, so that no other package of this name is found first."""
