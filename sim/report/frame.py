"""The frame of a report: one HTML file of cards, tiles and tables that loads nothing. catalogue: S7.

Everything that is told is escaped here, but for the bodies of cards, which are HTML already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from sim.report.style import STYLE


def frame(title: str, words: str, sections: Iterable[str]) -> str:
    """The whole page; `words` stand below the title."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title><style>{STYLE}</style></head>\n'
        f"<body><header><h1>{escape(title)}</h1><p>{escape(words)}</p></header>\n<main>\n"
        + "\n".join(sections)
        + "\n</main></body></html>\n"
    )


def section(name: str, body: str, *, wide: bool = False, note: str = "") -> str:
    """A card; `note` says how to read its picture."""
    words = f'<p class="note">{escape(note)}</p>' if note else ""
    kind = ' class="wide"' if wide else ""
    return f'<section id="{name.lower().replace(" ", "-")}"{kind}><h2>{escape(name)}</h2>{body}{words}</section>'


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """A table with the first row's names as its head; figures stand to the right."""
    if not rows:
        return '<p class="note">nothing</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row.values()) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def tiles(cards: Iterable[tuple[str, str, str]]) -> str:
    """Figures to be seen first: what it is, the figure, and a word more."""
    told = "".join(
        f"<div><small>{escape(name)}</small><b>{escape(value)}</b><small>{escape(more)}</small></div>"
        for name, value, more in cards
    )
    return f'<div class="tiles">{told}</div>'
