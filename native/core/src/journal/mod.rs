//! The journal: the one order, kept. Segment format, writer thread, reader, snapshots.
