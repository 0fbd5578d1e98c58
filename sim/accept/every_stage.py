"""What every stage needs besides its own figures: coverage, green integration, an hour without fault, a review.

catalogue: H9, H5. Requirements.md, D1's stages. Coverage and integration come from what `make test` wrote down about
these very sources; an hour counts on a test network or the real venue only. Nothing passes without a measurement.
"""

from __future__ import annotations

from sim.accept.evidence import Evidence
from sim.accept.stage import Endurance, Row, unmeasured

COVERAGE_PERCENT_MIN = 80.0
HOUR_S = 3_600.0


def rows(stage: str, endurance: Endurance | None, tests: Evidence | None, why_not: str) -> list[Row]:
    """The four rows of a stage; `why_not` says why there is no evidence of the tests, where there is none."""
    return [
        _coverage(stage, tests, why_not),
        _integration(stage, tests, why_not),
        _hour(stage, endurance),
        _review(stage),
    ]


def _coverage(stage: str, tests: Evidence | None, why_not: str) -> Row:
    wanted = f"> {COVERAGE_PERCENT_MIN:g} %"
    if tests is None or tests.coverage_percent is None:
        return unmeasured(stage, "unit coverage", wanted, why_not or "the tests were run without coverage")
    measured = f"{tests.coverage_percent:.1f} % of the Python lines"
    return Row(stage, "unit coverage", wanted, measured, tests.coverage_percent > COVERAGE_PERCENT_MIN, "make test")


def _integration(stage: str, tests: Evidence | None, why_not: str) -> Row:
    wanted = "every step of make test holds"
    if tests is None:
        return unmeasured(stage, "integration", wanted, why_not)
    failed = [name for name, code in tests.steps.items() if code != 0]
    measured = f"{len(tests.steps) - len(failed)} of {len(tests.steps)} steps hold"
    measured += f", failed: {', '.join(failed)}" if failed else ""
    return Row(stage, "integration", wanted, measured, not failed, "make test")


def _hour(stage: str, endurance: Endurance | None) -> Row:
    figure, wanted = "real API without fault", "> 1 h"
    if endurance is None:
        return unmeasured(stage, figure, wanted, "the run was interrupted")
    if endurance.where == "box":
        return unmeasured(stage, figure, wanted, "the box is no real API: use --config and --seconds 3601")
    measured = f"{endurance.seconds:.0f} s, {len(endurance.faults)} faults"
    passed = endurance.seconds > HOUR_S and not endurance.faults
    return Row(stage, figure, wanted, measured, passed, endurance.where)


def _review(stage: str) -> Row:
    return unmeasured(stage, "review", "done by a person", "a program cannot measure it")
