//! A record as text: every field of every kind by name, for people who read a journal.
//!
//! catalogue: K4, S9. Numbers stay in the record's own units (ticks, lots, smallest units, nanoseconds); sentinels
//! and names of byte values are written out. A value that no version of this schema knows is shown as its number.
