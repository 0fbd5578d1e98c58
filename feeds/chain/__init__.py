"""Chains: blocks and logs of a node as one sequence of events, which follows every reorganisation.

catalogue: M6, M7. `follow` decides what to ask and what it means, without I/O; `rpc` asks a node; `source` joins the
two; `archive` and `topic` are where events go.
"""
