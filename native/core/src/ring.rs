//! A bounded single-producer single-consumer ring over plain or shared memory.
