"""The style sheet of a report: two palettes, cards that fold into one column on a telephone. catalogue: S7."""

STYLE = """
:root { --ink: #1d2430; --soft: #5b6472; --grid: #d5dae1; --page: #f4f6f8; --card: #ffffff;
  --blue: #1667b7; --orange: #c2660a; --green: #1a7f4b; --red: #c0303b; --grey: #78828f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --grid: #39424f; --page: #12161c;
  --card: #1b212a; --blue: #6fb1f5; --orange: #f0a04b; --green: #55c98a; --red: #f2747d; --grey: #8f9aa8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header, main { max-width: 1180px; margin: 0 auto; padding: 0 14px; }
h1 { font-size: 1.35rem; margin: 18px 0 0; overflow-wrap: anywhere; }
header p, .note { color: var(--soft); font-size: .85rem; margin: 4px 0 12px; }
main { display: grid; gap: 14px; padding-bottom: 30px; align-items: start; grid-auto-flow: dense;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 470px), 1fr)); }
section { background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  padding: 12px 14px; min-width: 0; }
.wide { grid-column: 1 / -1; }
h2 { font-size: 1rem; margin: 0 0 8px; }
svg { display: block; width: 100%; height: auto; max-width: 720px; margin: 0 auto; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(135px, 1fr)); }
.tiles div { border-left: 3px solid var(--blue); padding: 2px 10px; min-width: 0; }
.tiles b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles small { display: block; color: var(--soft); font-size: .8rem; }
.scroll { overflow-x: auto; margin-top: 8px; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 8px; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
#session td, #session th { text-align: left; vertical-align: top; }
#session td + td { white-space: normal; overflow-wrap: anywhere; }
#risk td:nth-child(2), #risk th:nth-child(2) { text-align: left; }
"""
