//! Following a chain from Python: logs one by one or in batches, with the difference where pool and chain part.
//!
//! catalogue: S4, M6. A batch is two blobs and their ends, so that a million logs are six arrays and no objects.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::clamm::follow::{Asked, Desync, Follow};
use tickwright_core::clamm::journal::Undo;
use tickwright_core::clamm::log::Word as LogWord;
use tickwright_core::error::{CoreError, Result};

use super::pair::ClammPair;
use super::pool::ClammPool;
use super::row;
use super::v4_pool::ClammV4Pool;
use super::word::Word;
use crate::error::raise;

/// A difference: the field, what the pool says, what the log says.
type Difference = (&'static str, String, String);

fn difference(desync: Desync) -> Difference {
    (desync.field, desync.expected, desync.found)
}

/// How many logs were done, how many swaps asked for an input, an output, a limit, and the difference.
type Followed = (usize, (u64, u64, u64), Option<Difference>);

/// What one event came to: what a swap asked for, and the difference.
type Outcome = (Option<&'static str>, Option<Difference>);

fn outcome(followed: std::result::Result<Option<Asked>, Desync>) -> Outcome {
    match followed {
        Ok(Some(Asked::Input)) => (Some("input"), None),
        Ok(Some(Asked::Output)) => (Some("output"), None),
        Ok(Some(Asked::Limit)) => (Some("limit"), None),
        Ok(None) => (None, None),
        Err(desync) => (None, Some(difference(desync))),
    }
}

/// What a batch came to.
#[derive(Default)]
struct Done {
    /// How many logs were read, up to the one that differs.
    logs: usize,
    /// How many swaps asked for an input, for an output, for more than their limit allowed.
    asked: [u64; 3],
    desync: Option<Desync>,
}

/// The columns of a batch.
struct Batch {
    topics: Vec<u8>,
    topic_ends: Vec<i64>,
    data: Vec<u8>,
    data_ends: Vec<i64>,
    blocks: Vec<i64>,
    times: Vec<i64>,
}

impl Batch {
    /// The topics and the data of a log; an error where an end is out of place.
    fn log(&self, at: usize) -> Result<(&[LogWord], &[u8])> {
        let bounds = |ends: &[i64], unit: usize, len: usize| {
            let from = if at == 0 { 0 } else { ends[at - 1] };
            let (from, to) =
                (usize::try_from(from).ok()?.checked_mul(unit)?, usize::try_from(ends[at]).ok()?.checked_mul(unit)?);
            (from <= to && to <= len).then_some(from..to)
        };
        let torn =
            |field| CoreError::Field { field, was: format!("log {at}"), why: "must end within its blob, in order" };
        let topics = bounds(&self.topic_ends, 32, self.topics.len()).ok_or_else(|| torn("topic_ends"))?;
        let data = bounds(&self.data_ends, 1, self.data.len()).ok_or_else(|| torn("data_ends"))?;
        Ok((self.topics[topics].as_chunks::<32>().0, &self.data[data]))
    }

    fn follow(&self, pool: &mut impl Follow, whole: bool) -> Result<Done> {
        let mut done = Done::default();
        for at in 0..self.blocks.len() {
            let (topics, data) = self.log(at)?;
            if let Some(event) = pool.event(topics, data)? {
                pool.begin_block(self.blocks[at] as u64)?;
                match pool.follow(&event, self.times[at] as u32, whole) {
                    Ok(asked) => count(&mut done.asked, asked),
                    Err(desync) => {
                        done.desync = Some(desync);
                        return Ok(done);
                    }
                }
            }
            done.logs += 1;
        }
        Ok(done)
    }
}

fn count(counts: &mut [u64; 3], asked: Option<Asked>) {
    match asked {
        Some(Asked::Input) => counts[0] += 1,
        Some(Asked::Output) => counts[1] += 1,
        Some(Asked::Limit) => counts[2] += 1,
        None => {}
    }
}

/// The words of topics that come one by one.
fn words(topics: &[Vec<u8>]) -> PyResult<Vec<LogWord>> {
    let word = |topic: &Vec<u8>| {
        topic.as_slice().try_into().map_err(|_| {
            let was = format!("{} bytes", topic.len());
            raise(CoreError::Field { field: "topics", was, why: "must be 32 bytes each" })
        })
    };
    topics.iter().map(word).collect()
}

/// The columns of a batch as Python gives them: `topics` and `data` are blobs, the ends count words of `topics` and bytes
/// of `data`.
struct Columns {
    topics: PyBuffer<u8>,
    topic_ends: PyBuffer<i64>,
    data: PyBuffer<u8>,
    data_ends: PyBuffer<i64>,
    blocks: PyBuffer<i64>,
    times: PyBuffer<i64>,
}

fn follow_columns(py: Python<'_>, pool: &mut (impl Follow + Send), given: &Columns, whole: bool) -> PyResult<Followed> {
    let rows = given.blocks.item_count();
    let others = [("topic_ends", &given.topic_ends), ("data_ends", &given.data_ends), ("times", &given.times)];
    for (field, column) in others {
        if column.item_count() != rows {
            let was = column.item_count().to_string();
            return Err(raise(CoreError::Field { field, was, why: "must be as long as blocks" }));
        }
    }
    let batch = Batch {
        topics: given.topics.to_vec(py)?,
        topic_ends: given.topic_ends.to_vec(py)?,
        data: given.data.to_vec(py)?,
        data_ends: given.data_ends.to_vec(py)?,
        blocks: given.blocks.to_vec(py)?,
        times: given.times.to_vec(py)?,
    };
    let done = py.detach(|| batch.follow(pool, whole)).map_err(raise)?;
    Ok((done.logs, done.asked.into(), done.desync.map(difference)))
}

fn follow_one(pool: &mut impl Follow, topics: &[Vec<u8>], data: &[u8], now: u32, whole: bool) -> PyResult<Outcome> {
    let Some(event) = pool.event(&words(topics)?, data).map_err(raise)? else { return Ok((None, None)) };
    Ok(outcome(pool.follow(&event, now, whole)))
}

/// The same face of every kind of pool that follows its chain.
macro_rules! followed {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// Does what one log says happened at `now`. Returns what a swap must have asked for (input, output, limit;
            /// a pair does not say) and the difference (field, the pool's value, the log's) where the pool comes out
            /// otherwise; then nothing has changed.
            ///
            /// Unless `whole`, holders and positions that the pool does not know are taken for ones that it should know.
            #[pyo3(signature = (topics, data, now, whole = true))]
            fn follow(&mut self, topics: Vec<Vec<u8>>, data: &[u8], now: u32, whole: bool) -> PyResult<Outcome> {
                follow_one(&mut self.inner, &topics, data, now, whole)
            }

            /// Follows a batch of logs up to the first that differs: returns how many were done, how many swaps asked for
            /// an input, an output, a limit, and the difference. Releases the GIL.
            #[pyo3(signature = (topics, topic_ends, data, data_ends, blocks, times, whole = true))]
            #[expect(clippy::too_many_arguments, reason = "a batch is its columns")]
            fn follow_batch(
                &mut self,
                py: Python<'_>,
                topics: PyBuffer<u8>,
                topic_ends: PyBuffer<i64>,
                data: PyBuffer<u8>,
                data_ends: PyBuffer<i64>,
                blocks: PyBuffer<i64>,
                times: PyBuffer<i64>,
                whole: bool,
            ) -> PyResult<Followed> {
                let given = Columns { topics, topic_ends, data, data_ends, blocks, times };
                follow_columns(py, &mut self.inner, &given, whole)
            }

            /// Keeps the last `blocks_max` blocks undoable; the state as it is is the end of block `block`.
            fn keep_blocks(&mut self, block: u64, blocks_max: usize) {
                self.inner.keep_blocks(block, blocks_max);
            }

            /// What follows happens in this block.
            fn begin_block(&mut self, block: u64) -> PyResult<()> {
                self.inner.begin_block(block).map_err(raise)
            }

            /// Puts the state back to the end of a block.
            fn undo_to(&mut self, block: u64) -> PyResult<()> {
                self.inner.undo_to(block).map_err(raise)
            }

            /// The last block that the state contains, as far as it was told.
            #[getter]
            fn block(&self) -> u64 {
                self.inner.block()
            }

            /// Another one in the same state, with what can be undone.
            fn copy(&self) -> Self {
                Self { inner: self.inner.clone() }
            }
        }
    };
}

followed!(ClammPool);
followed!(ClammPair);
followed!(ClammV4Pool);

#[pymethods]
impl ClammPool {
    /// `follow` for a row that is decoded already: an event's name and its fields.
    #[pyo3(signature = (event, fields, now, whole = true))]
    fn follow_row(&mut self, event: &str, fields: &Bound<'_, PyDict>, now: u32, whole: bool) -> PyResult<Outcome> {
        Ok(outcome(self.inner.follow(&row::event(event, fields)?, now, whole)))
    }

    /// Takes an event's word for price, liquidity and tick, where the ticks between are not known.
    fn adopt(&mut self, sqrt_price: Word, liquidity: u128, tick: i32) {
        self.inner.adopt(sqrt_price.0, liquidity, tick);
    }
}
