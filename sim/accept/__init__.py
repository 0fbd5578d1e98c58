"""Stage acceptance: every figure that the documents demand of a stage, wanted and measured (catalogue: H9).

The catalogue's room for this is bench; bench is not in the wheel and the verb is, so it stands here, the highest room
that is shipped. A stage is one file called after it (`s0.py`) with `measure`; the verb finds it by its name.
"""
