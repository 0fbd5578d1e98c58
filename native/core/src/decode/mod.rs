//! Bytes to records, sans-I/O: one file a venue, driven alike by sockets, the recorder, tests and fuzzers.
