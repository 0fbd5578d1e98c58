//! Quotes of pools for Python: one at a time as integers, batches as rows without the GIL, sizes, routes and cycles.
//!
//! catalogue: S4.

use std::sync::OnceLock;

use pyo3::buffer::{Element, PyBuffer, PyUntypedBuffer};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::clamm::i256::I256;
use tickwright_core::clamm::quotes::batch::{Row, Terms};
use tickwright_core::clamm::quotes::cycle::{Edge, best_cycle};
use tickwright_core::clamm::quotes::route::{Venue, best_route};
use tickwright_core::clamm::quotes::steps::Steps;
use tickwright_core::clamm::quotes::{PoolState, Quote, Quotes};
use tickwright_core::clamm::tick_math::tick_at_sqrt_price;
use tickwright_core::error::CoreError;

use super::pool::ClammPool;
use super::word::{Signed, Word, int, reverted};
use crate::array::raw;
use crate::column::Column;
use crate::error::raise;

/// The fields of a row of a batch, as numpy names them: `numpy.dtype(CLAMM_QUOTE_LAYOUT)`.
const LAYOUT: [(&str, &str, u32); 5] =
    [("amount", "<u8", 4), ("swapped", "<u8", 4), ("sqrt_price", "<u8", 4), ("crossed", "<u4", 1), ("code", "<u4", 1)];

/// (amount in, amount out, sqrt price after, tick after, initialised ticks crossed, whether the whole amount was swapped).
type Told<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, i32, u32, bool);

/// A pool ready to be quoted, immutable: any number of threads may share it.
#[pyclass(module = "native._core", frozen)]
pub struct ClammQuotes {
    quotes: Quotes,
    ticks: Vec<(i32, i128)>,
    /// The contract's loop, made when it is first asked for.
    steps: OnceLock<Steps>,
}

impl ClammQuotes {
    /// From a pool's state and its initialised ticks with their net liquidity, in rising order.
    pub fn of(state: PoolState, ticks: Vec<(i32, i128)>) -> PyResult<Self> {
        let quotes = Quotes::new(state, &ticks).map_err(raise)?;
        Ok(Self { quotes, ticks, steps: OnceLock::new() })
    }

    fn steps(&self) -> PyResult<&Steps> {
        if let Some(steps) = self.steps.get() {
            return Ok(steps);
        }
        let made = Steps::new(*self.quotes.state(), &self.ticks).map_err(raise)?;
        Ok(self.steps.get_or_init(|| made))
    }
}

/// Ticks with their net liquidity; an `InputError` when there are not as many of one as of the other.
fn paired(ticks: &[i32], nets: &[i128]) -> PyResult<Vec<(i32, i128)>> {
    if ticks.len() != nets.len() {
        let was = format!("{} for {} ticks", nets.len(), ticks.len());
        return Err(raise(CoreError::Field { field: "nets", was, why: "must be one for each tick" }));
    }
    Ok(ticks.iter().copied().zip(nets.iter().copied()).collect())
}

fn told<'py>(py: Python<'py>, quote: &Quote) -> PyResult<Told<'py>> {
    let (paid, got, price) = (int(py, quote.amount_in)?, int(py, quote.amount_out)?, int(py, quote.sqrt_price)?);
    Ok((paid, got, price, quote.tick(), quote.crossed, quote.whole))
}

/// An amount of the token in, or below 0 of the token out: (exact in, size).
fn asked(amount: I256) -> (bool, tickwright_core::clamm::u256::U256) {
    (!amount.is_negative(), amount.unsigned_abs())
}

/// Rows that are worked out at a time without the GIL: few enough that their amounts and answers stay in the cache.
const CHUNK: usize = 2_048;

/// A buffer of numbers of one type; else an `InputError` that says `why`.
fn numbers<T: Element>(given: &Bound<'_, PyAny>, field: &'static str, why: &'static str) -> PyResult<PyBuffer<T>> {
    PyBuffer::get(given).map_err(|error| raise(CoreError::Field { field, was: error.to_string(), why }))
}

/// Amounts as uint64[n, 4], and how many they are; else an `InputError`.
fn amounts_of(given: &Bound<'_, PyAny>) -> PyResult<(PyBuffer<u64>, usize)> {
    let buffer = numbers::<u64>(given, "amounts", "must be uint64[n, 4]")?;
    let count = buffer.item_count();
    if count.is_multiple_of(4) {
        return Ok((buffer, count / 4));
    }
    let was = format!("{count} limbs");
    Err(raise(CoreError::Field { field: "amounts", was, why: "must be uint64[n, 4]" }))
}

/// Works `rows` out chunk by chunk. Amounts are copied before the GIL is released, because another thread may write to
/// them meanwhile; `answer` gets the place of the chunk, its amounts, and where its rows go.
fn answered<'py>(
    py: Python<'py>,
    amounts: &PyBuffer<u64>,
    rows: usize,
    out: Option<&Bound<'py, PyAny>>,
    answer: impl Fn(usize, &[[u64; 4]], &mut Vec<Row>) + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let column = Column::new(py, amounts)?;
    let (mut sizes, mut done) = (Vec::with_capacity(CHUNK * 4), Vec::with_capacity(CHUNK));
    let mut fill = |put: &mut dyn FnMut(usize, &[Row])| {
        for from in (0..rows).step_by(CHUNK) {
            column.some(py, from * 4, rows.min(from + CHUNK) * 4, &mut sizes);
            py.detach(|| answer(from, sizes.as_chunks::<4>().0, &mut done));
            put(from, &done);
        }
    };
    let Some(out) = out else {
        let made = PyBytes::new_with(py, rows * size_of::<Row>(), |place| {
            fill(&mut |from, rows| {
                let (from, bytes) = (from * size_of::<Row>(), raw(rows));
                place[from..from + bytes.len()].copy_from_slice(bytes);
            });
            Ok(())
        });
        return made.map(Bound::into_any);
    };
    let place = rows_of(out, amounts, rows)?;
    fill(&mut |from, rows| {
        // SAFETY: the buffer is held, contiguous, writable and has a row for each amount; the GIL is held while these are copied.
        unsafe {
            let to = place.buf_ptr().cast::<u8>().add(from * size_of::<Row>());
            raw(rows).as_ptr().copy_to_nonoverlapping(to, size_of_val(rows));
        }
    });
    Ok(out.clone())
}

/// How numpy describes an array of `LAYOUT` to others, with its name of a uint64 (`L` where a C long has 64 bits) as `Q`.
const FORMAT: &str = "T{(4)Q:amount:(4)Q:swapped:(4)Q:sqrt_price:I:crossed:I:code:}";

/// The memory of an array that `rows` answers are written to; else an `InputError` about `out`.
fn rows_of(out: &Bound<'_, PyAny>, amounts: &PyBuffer<u64>, rows: usize) -> PyResult<PyUntypedBuffer> {
    let bad = |was: String, why| raise(CoreError::Field { field: "out", was, why });
    let layout = "must be an array of dtype CLAMM_QUOTE_LAYOUT";
    let buffer = PyUntypedBuffer::get(out).map_err(|error| bad(error.to_string(), layout))?;
    let format = buffer.format().to_string_lossy().replace('L', "Q");
    if format != FORMAT || buffer.item_size() != size_of::<Row>() {
        return Err(bad(format, layout));
    }
    if buffer.shape() != [rows] {
        return Err(bad(format!("{:?} for {rows} amounts", buffer.shape()), "must have one row for each amount"));
    }
    if buffer.readonly() || !buffer.is_c_contiguous() {
        let was = if buffer.readonly() { "read-only" } else { "strided" };
        return Err(bad(was.to_owned(), "must be writable, its rows side by side"));
    }
    let span = |from: *mut std::ffi::c_void, bytes: usize| from as usize..from as usize + bytes;
    let (ours, theirs) = (span(buffer.buf_ptr(), buffer.len_bytes()), span(amounts.buf_ptr(), amounts.len_bytes()));
    if ours.start < theirs.end && theirs.start < ours.end {
        return Err(bad("the amounts' own memory".to_owned(), "must be memory of its own"));
    }
    Ok(buffer)
}

#[pymethods]
impl ClammQuotes {
    /// `ticks` are the initialised ones in rising order, `nets` their net liquidity; one with a net of 0 belongs in it.
    /// `tick` is the pool's own where it is not its price's (after a crossing downwards it is one below).
    #[new]
    #[pyo3(signature = (sqrt_price, liquidity, tick_spacing, fee_millionths, ticks, nets, *, tick = None))]
    fn new(
        sqrt_price: Word,
        liquidity: u128,
        tick_spacing: i32,
        fee_millionths: u32,
        ticks: Vec<i32>,
        nets: Vec<i128>,
        tick: Option<i32>,
    ) -> PyResult<Self> {
        let tick = tick.or_else(|| tick_at_sqrt_price(sqrt_price.0).ok()).unwrap_or_default();
        let state = PoolState { sqrt_price: sqrt_price.0, tick, liquidity, tick_spacing, fee_millionths };
        Self::of(state, paired(&ticks, &nets)?)
    }

    /// The same pool later: what did not change is taken over instead of computed again. Without ticks they stay.
    #[pyo3(signature = (sqrt_price, liquidity, tick, ticks = None, nets = None))]
    fn moved(
        &self,
        py: Python<'_>,
        sqrt_price: Word,
        liquidity: u128,
        tick: i32,
        ticks: Option<Vec<i32>>,
        nets: Option<Vec<i128>>,
    ) -> PyResult<Self> {
        let state = PoolState { sqrt_price: sqrt_price.0, tick, liquidity, ..*self.quotes.state() };
        let ticks = match (ticks, nets) {
            (None, None) => self.ticks.clone(),
            (ticks, nets) => paired(&ticks.unwrap_or_default(), &nets.unwrap_or_default())?,
        };
        let quotes = py.detach(|| self.quotes.moved(state, &ticks)).map_err(raise)?;
        Ok(Self { quotes, ticks, steps: OnceLock::new() })
    }

    /// The square-root price, Q64.96.
    #[getter]
    fn sqrt_price<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        int(py, self.quotes.state().sqrt_price)
    }

    /// The tick.
    #[getter]
    fn tick(&self) -> i32 {
        self.quotes.state().tick
    }

    /// The liquidity in range.
    #[getter]
    fn liquidity(&self) -> u128 {
        self.quotes.state().liquidity
    }

    /// The tick spacing.
    #[getter]
    fn tick_spacing(&self) -> i32 {
        self.quotes.state().tick_spacing
    }

    /// The fee in millionths.
    #[getter]
    fn fee_millionths(&self) -> u32 {
        self.quotes.state().fee_millionths
    }

    /// How many stops a swap in this direction can meet: initialised ticks and edges of bitmap words.
    fn stops(&self, zero_for_one: bool) -> usize {
        self.quotes.side(zero_for_one).stops().len() - 1
    }

    /// (amount in, amount out, sqrt price after, tick after, ticks crossed, whole) of a swap of `amount`: of the token
    /// in, or below 0 of the token out. `limit` is the square-root price that it does not pass. A revert of the pool's
    /// (AS, SPL) raises `RevertError`.
    #[pyo3(signature = (zero_for_one, amount, limit = None))]
    fn quote<'py>(
        &self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: Signed,
        limit: Option<Word>,
    ) -> PyResult<Told<'py>> {
        let (exact_in, size) = asked(amount.0);
        let quote = self.quotes.quote(zero_for_one, exact_in, size, limit.map(|limit| limit.0)).map_err(reverted)?;
        told(py, &quote)
    }

    /// The same by the contract's own loop, which takes longer with every crossing.
    #[pyo3(signature = (zero_for_one, amount, limit = None))]
    fn quote_by_steps<'py>(
        &self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: Signed,
        limit: Option<Word>,
    ) -> PyResult<Told<'py>> {
        let (exact_in, size) = asked(amount.0);
        let quote = self.steps()?.quote(zero_for_one, exact_in, size, limit.map(|limit| limit.0)).map_err(reverted)?;
        told(py, &quote)
    }

    /// Rows (`CLAMM_QUOTE_LAYOUT`) for amounts given as uint64[n, 4], of the token in when `exact_in`. Codes: 0 whole, 1 the
    /// limit was met, 2 AS, 3 SPL, 4 another revert.
    ///
    /// They are bytes for `numpy.frombuffer`; or they are written to `out`, an array of that dtype with a row for each amount,
    /// which is returned: a caller who asks again and again keeps its memory. `InputError` for any other `out`, before a row
    /// is written.
    #[pyo3(signature = (zero_for_one, exact_in, amounts, limit = None, *, out = None))]
    fn batch<'py>(
        &self,
        py: Python<'py>,
        zero_for_one: bool,
        exact_in: bool,
        amounts: &Bound<'py, PyAny>,
        limit: Option<Word>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (amounts, rows) = amounts_of(amounts)?;
        let terms = Terms { zero_for_one, exact_in, limit: limit.map(|limit| limit.0) };
        answered(py, &amounts, rows, out, |_, sizes, done| terms.one(&self.quotes, sizes, done))
    }

    /// The largest exact input after which the price is not beyond `limit`. A limit that no swap may have raises SPL.
    fn size_to_price<'py>(&self, py: Python<'py>, zero_for_one: bool, limit: Word) -> PyResult<Bound<'py, PyAny>> {
        int(py, py.detach(|| self.quotes.size_to_price(zero_for_one, limit.0)).map_err(reverted)?)
    }

    /// The largest exact input that is paid out at no worse than the price less `impact_millionths`, the fee included.
    fn size_for_impact<'py>(
        &self,
        py: Python<'py>,
        zero_for_one: bool,
        impact_millionths: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        int(py, py.detach(|| self.quotes.size_for_impact(zero_for_one, impact_millionths)).map_err(reverted)?)
    }
}

#[pymethods]
impl ClammPool {
    /// The pool as it stands, ready to be quoted; it does not follow what the pool does later. `InputError` before the pool
    /// has a price.
    fn quotes(&self) -> PyResult<ClammQuotes> {
        let (head, terms) = (self.inner.head(), self.inner.terms());
        let state = PoolState {
            sqrt_price: head.sqrt_price,
            tick: head.tick,
            liquidity: head.liquidity,
            tick_spacing: terms.tick_spacing,
            fee_millionths: terms.fee,
        };
        ClammQuotes::of(state, self.inner.ticks().iter().map(|(tick, data)| (tick, data.net)).collect())
    }
}

/// Rows (`CLAMM_QUOTE_LAYOUT`) for many pools: row i is of `pools[which[i]]` (uint32[n]) and `amounts[i]` (uint64[n, 4]).
/// Codes and `out` are those of `ClammQuotes.batch`, and 5 is for a number that no pool has.
#[pyfunction]
#[pyo3(signature = (pools, which, zero_for_one, exact_in, amounts, *, out = None))]
fn clamm_batch<'py>(
    py: Python<'py>,
    pools: Vec<PyRef<'py, ClammQuotes>>,
    which: &Bound<'py, PyAny>,
    zero_for_one: bool,
    exact_in: bool,
    amounts: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (amounts, rows) = amounts_of(amounts)?;
    let which = numbers::<u32>(which, "which", "must be uint32[n]")?.to_vec(py)?;
    if which.len() != rows {
        let was = format!("{} for {rows} amounts", which.len());
        return Err(raise(CoreError::Field { field: "which", was, why: "must be one for each amount" }));
    }
    let pools: Vec<&Quotes> = pools.iter().map(|pool| &pool.quotes).collect();
    let terms = Terms { zero_for_one, exact_in, limit: None };
    answered(py, &amounts, rows, out, |at, sizes, done| terms.many(&pools, &which[at..at + sizes.len()], sizes, done))
}

/// Splits an exact input over pools of one pair, given with whether token 0 is paid in: ([(in, out) of each], out in all).
#[pyfunction]
#[expect(clippy::type_complexity, reason = "a pair of a list of pairs and a number is said best by itself")]
fn clamm_best_route<'py>(
    py: Python<'py>,
    venues: Vec<(PyRef<'py, ClammQuotes>, bool)>,
    amount: Word,
) -> PyResult<(Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>, Bound<'py, PyAny>)> {
    let known: Vec<Venue<'_>> =
        venues.iter().map(|(pool, zero_for_one)| Venue { quotes: &pool.quotes, zero_for_one: *zero_for_one }).collect();
    let route = py.detach(|| best_route(&known, amount.0)).map_err(reverted)?;
    let sums = |part: &Option<Quote>| part.map(|quote| (quote.amount_in, quote.amount_out)).unwrap_or_default();
    let pairs = route.parts.iter().map(sums).map(|(paid, got)| Ok((int(py, paid)?, int(py, got)?)));
    Ok((pairs.collect::<PyResult<_>>()?, int(py, route.amount_out)?))
}

/// The cycle through token `base` that earns the most: ([(pool, zero for one)], [amounts from in to out], profit), or
/// nothing. An edge is (token 0, token 1, pool), tokens are numbers; at most six hops are looked at.
#[pyfunction]
#[pyo3(signature = (edges, base, hops_max = 4))]
#[expect(clippy::type_complexity, reason = "two lists and a number are said best by themselves")]
fn clamm_best_cycle<'py>(
    py: Python<'py>,
    edges: Vec<(u32, u32, PyRef<'py, ClammQuotes>)>,
    base: u32,
    hops_max: usize,
) -> PyResult<Option<(Vec<(usize, bool)>, Vec<Bound<'py, PyAny>>, Bound<'py, PyAny>)>> {
    let known: Vec<Edge<'_>> = edges
        .iter()
        .map(|(token0, token1, pool)| Edge { token0: *token0, token1: *token1, quotes: &pool.quotes })
        .collect();
    let Some(cycle) = py.detach(|| best_cycle(&known, base, hops_max)) else { return Ok(None) };
    let hops = cycle.hops.iter().map(|hop| (hop.pool, hop.zero_for_one)).collect();
    let first = cycle.quotes.iter().take(1).map(|quote| quote.amount_in);
    let amounts = first.chain(cycle.quotes.iter().map(|quote| quote.amount_out)).map(|amount| int(py, amount));
    Ok(Some((hops, amounts.collect::<PyResult<_>>()?, int(py, cycle.profit)?)))
}

/// Adds the class and the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("CLAMM_QUOTE_LAYOUT", LAYOUT.to_vec())?;
    m.add_class::<ClammQuotes>()?;
    m.add_function(wrap_pyfunction!(clamm_batch, m)?)?;
    m.add_function(wrap_pyfunction!(clamm_best_route, m)?)?;
    m.add_function(wrap_pyfunction!(clamm_best_cycle, m)?)
}
