"""The loop of a program that is compared: gets ready once, then does a round for every line on stdin.

catalogue: S4. It runs in the environment of each peer, so it imports nothing of ours. A line names a set of questions
(`{"set": "10"}`); the answers are CPU time and, for each question, what was paid, what was got and the price after it,
each as a text, or nothing where the program does not tell it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: A round of a program lasts about as long, however fast it is.
ROUND_NS = 15_000_000
#: (token 0 is paid, exact amount of it).
Question = tuple[bool, int]
Told = tuple[int | None, int | None, int | None]
#: What was got ready for a set of questions: the work that is timed, and what makes answers of what it returned.
Ready = tuple[Callable[[], Any], Callable[[Any], list[Told]]]
#: Gets ready for a set of questions; not timed, and done again for every pass.
Prepare = Callable[[list[Question]], Ready]


def document() -> dict[str, Any]:
    """The pool and the questions, from the file that is the first argument."""
    found: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    return found


def refusing(quote: Callable[[Question], Told]) -> Callable[[Question], Told]:
    """The quote, whose every error is no answer: errors differ by program, that it does not answer is the same."""

    def asked(question: Question) -> Told:
        try:
            return quote(question)
        except Exception:  # programs of others raise what they like
            return None, None, None

    return asked


def spent_ns(prepare: Prepare, questions: list[Question]) -> tuple[int, list[Told]]:
    """CPU time of one pass over the questions, and what came of it."""
    work, told = prepare(questions)
    began = time.process_time_ns()
    found = work()
    return time.process_time_ns() - began, told(found)


def serve(prepare: Prepare, repeats: int = 1) -> None:
    """Serves rounds until stdin ends; `repeats` is how often the work of one pass asks every question."""
    sets = {name: [(bool(way), int(amount)) for way, amount in rows] for name, rows in document()["sets"].items()}
    passes: dict[str, int] = {}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        name = json.loads(line)["set"]
        questions = sets[name]
        if name not in passes:
            first, _ = spent_ns(prepare, questions)
            passes[name] = max(1, min(2_000, ROUND_NS // max(1, first)))
        spent, answers = 0, []
        for _ in range(passes[name]):
            once, answers = spent_ns(prepare, questions)
            spent += once
        texts = [[None if value is None else str(value) for value in row] for row in answers]
        print(json.dumps({"ns": spent / passes[name] / len(questions) / repeats, "answers": texts}), flush=True)
