//! Bitmap, tick, position and oracle against the compiled libraries of the v3 core: the vectors of tests/parity.

use std::fmt::Display;
use std::str::FromStr;

use super::Revert;
use super::dialect::in_v3;
use super::oracle::{self, Observation, Present};
use super::position::Position;
use super::tick::{Tick, Totals, fee_growth_inside, max_liquidity_per_tick};
use super::tick_bitmap::{TickBitmap, compress, position};
use super::u256::U256;

const VECTORS: &str = include_str!("../../../../tests/parity/vectors/libraries.txt");

/// The arguments of a line, taken one after the other.
struct Given<'a>(std::str::SplitWhitespace<'a>);

impl Given<'_> {
    fn next<T: FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        self.0.next().expect("an argument").parse().expect("a number")
    }

    fn pair(&mut self) -> [U256; 2] {
        [self.next(), self.next()]
    }
}

/// A bitmap with this word, of ticks with a spacing of 1, at `key`.
fn bitmap(key: i16, word: U256) -> TickBitmap {
    let mut map = TickBitmap::new();
    for bit in (0..256).filter(|bit| !((word >> *bit) & U256::ONE).is_zero()) {
        map.flip(i32::from(key) * 256 + bit as i32, 1).expect("an aligned tick");
    }
    map
}

fn text(values: &[&dyn Display]) -> String {
    values.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
}

fn next_tick(given: &mut Given) -> String {
    let (tick, spacing, lte, word) = (given.next(), given.next(), given.next::<u8>() == 1, given.next());
    let (key, _) = position(compress(tick, spacing) + i32::from(!lte));
    let (next, found) = bitmap(key, word).next_within_one_word(tick, spacing, lte);
    text(&[&next, &u8::from(found)])
}

fn flip(given: &mut Given) -> Result<String, Revert> {
    let (tick, spacing, word) = (given.next(), given.next(), given.next());
    let (key, _) = position(compress(tick, spacing));
    let mut map = bitmap(key, word);
    map.flip(tick, spacing)?;
    Ok(text(&[&map.word(key)]))
}

fn inside(given: &mut Given) -> String {
    let (lower, upper, current) = (given.next(), given.next(), given.next());
    let tick = |outside| Tick { fee_growth_outside: outside, ..Tick::default() };
    let (below, above) = (tick(given.pair()), tick(given.pair()));
    let [growth0, growth1] = fee_growth_inside((lower, &below), (upper, &above), current, given.pair());
    text(&[&growth0, &growth1])
}

fn cross(given: &mut Given) -> String {
    let (gross, net, fee_growth_outside) = (given.next(), given.next(), given.pair());
    let (tick_cumulative_outside, seconds_per_liquidity_outside, seconds_outside) =
        (given.next(), given.next(), given.next());
    let _initialized: u8 = given.next();
    let mut tick = Tick {
        gross,
        net,
        fee_growth_outside,
        seconds_per_liquidity_outside,
        tick_cumulative_outside,
        seconds_outside,
    };
    let fee_growth = given.pair();
    let (seconds_per_liquidity, tick_cumulative, time) = (given.next(), given.next(), given.next());
    tick.cross(&Totals { fee_growth, seconds_per_liquidity, tick_cumulative, time });
    let [growth0, growth1] = tick.fee_growth_outside;
    let (seconds, sum) = (tick.seconds_per_liquidity_outside, tick.tick_cumulative_outside);
    text(&[&tick.net, &tick.gross, &tick.net, &growth0, &growth1, &sum, &seconds, &tick.seconds_outside, &1])
}

fn touch(given: &mut Given) -> Result<String, Revert> {
    let (liquidity, fee_growth_inside_last, owed) = (given.next(), given.pair(), [given.next(), given.next()]);
    let mut position = Position { liquidity, fee_growth_inside_last, owed };
    position.touch(given.next(), given.pair())?;
    let ([growth0, growth1], [owed0, owed1]) = (position.fee_growth_inside_last, position.owed);
    Ok(text(&[&position.liquidity, &growth0, &growth1, &owed0, &owed1]))
}

/// Places of a ring in a vector.
const RING: usize = 6;

impl Given<'_> {
    fn observation(&mut self) -> Observation {
        let (time, tick_cumulative, seconds_per_liquidity) = (self.next(), self.next(), self.next());
        Observation { time, tick_cumulative, seconds_per_liquidity, initialized: self.next::<u8>() == 1 }
    }

    fn ring(&mut self) -> Vec<Observation> {
        (0..RING).map(|_| self.observation()).collect()
    }
}

/// Observations as a vector has them.
fn observed(ring: &[Observation]) -> String {
    let row = |one: &Observation| {
        text(&[&one.time, &one.tick_cumulative, &one.seconds_per_liquidity, &u8::from(one.initialized)])
    };
    ring.iter().map(row).collect::<Vec<_>>().join(" ")
}

fn transform(given: &mut Given) -> String {
    let last = given.observation();
    observed(&[last.extended(given.next(), given.next(), given.next())])
}

fn write(given: &mut Given) -> String {
    let mut ring = given.ring();
    let (index, time, tick, liquidity, cardinality) =
        (given.next(), given.next(), given.next(), given.next(), given.next());
    let now = Present { time, tick, liquidity, index, cardinality };
    let written = oracle::write(&mut ring, &now, given.next());
    let (index, cardinality) = written.map_or((index, cardinality), |(index, cardinality, _)| (index, cardinality));
    format!("{index} {cardinality} {}", observed(&ring))
}

fn grow(given: &mut Given) -> Result<String, Revert> {
    let mut ring = given.ring();
    let (current, next): (u16, u16) = (given.next(), given.next());
    // A ring of ours has no places that were not paid for.
    let mut kept = ring[..usize::from(current)].to_vec();
    let length = oracle::grow(&mut kept, current, next)?;
    ring[..kept.len()].copy_from_slice(&kept);
    Ok(format!("{length} {}", observed(&ring)))
}

/// A ring with the present, and the moment that is asked for.
fn asked(given: &mut Given) -> (Vec<Observation>, Present, u32) {
    let ring = given.ring();
    let (time, moment, tick, index, liquidity, cardinality) =
        (given.next(), given.next(), given.next(), given.next(), given.next(), given.next());
    (ring, Present { time, tick, liquidity, index, cardinality }, moment)
}

fn observe(given: &mut Given) -> Result<String, Revert> {
    let (ring, now, ago) = asked(given);
    let (ticks, seconds) = oracle::observe(&ring, &now, ago)?;
    Ok(text(&[&ticks, &seconds]))
}

fn surrounding(given: &mut Given) -> Result<String, Revert> {
    let (ring, now, target) = asked(given);
    let (before, after) = oracle::surrounding(&ring, &now, target)?;
    // Nobody looks at the second one where the newest is the target; the contract leaves it empty.
    let newest = ring[usize::from(now.index)];
    let after = if newest.time == target { Observation::default() } else { after };
    Ok(observed(&[before, after]))
}

fn update(given: &mut Given) -> Result<String, Revert> {
    let (gross, net, fee_growth_outside) = (given.next(), given.next(), given.pair());
    let (tick_cumulative_outside, seconds_per_liquidity_outside, seconds_outside) =
        (given.next(), given.next(), given.next());
    let initialized = given.next::<u8>() == 1;
    let before = Tick {
        gross,
        net,
        fee_growth_outside,
        seconds_per_liquidity_outside,
        tick_cumulative_outside,
        seconds_outside,
    };
    let (tick, current, upper, delta) = (given.next(), given.next(), given.next::<u8>() == 1, given.next());
    let (fee_growth, seconds_per_liquidity) = (given.pair(), given.next());
    let totals = Totals { fee_growth, seconds_per_liquidity, tick_cumulative: given.next(), time: given.next() };
    let known = initialized.then_some(before);
    let tick = Tick::updated(known, (tick, current), (delta, upper), &totals, given.next())?;
    let [growth0, growth1] = tick.fee_growth_outside;
    let (seconds, sum) = (tick.seconds_per_liquidity_outside, tick.tick_cumulative_outside);
    let flipped = u8::from((tick.gross == 0) == initialized);
    Ok(text(&[&flipped, &tick.gross, &tick.net, &growth0, &growth1, &sum, &seconds, &tick.seconds_outside, &1]))
}

/// What our function says, as a line's second half has it.
fn answer(name: &str, given: &mut Given) -> String {
    let result = match name {
        "next_tick" => Ok(next_tick(given)),
        "flip" => flip(given),
        "max_liquidity" => Ok(text(&[&max_liquidity_per_tick(given.next())])),
        "inside" => Ok(inside(given)),
        "cross" => Ok(cross(given)),
        "position" => touch(given),
        "transform" => Ok(transform(given)),
        "lte" => Ok(text(&[&u8::from(oracle::at_or_before(given.next(), given.next(), given.next()))])),
        "write" => Ok(write(given)),
        "grow" => grow(given),
        "observe" => observe(given),
        "surrounding" => surrounding(given),
        "update" => update(given),
        other => panic!("no function is called {other}"),
    };
    match result {
        Ok(values) => format!("= {values}"),
        Err(revert) => format!("! {}", in_v3(revert).text().unwrap_or_default()).trim_end().to_owned(),
    }
}

#[test]
fn every_line_is_what_the_compiled_library_says() {
    let mut lines = 0;
    for line in VECTORS.lines() {
        let middle = line.find(['=', '!']).expect("a result");
        let mut given = Given(line[..middle].split_whitespace());
        let name = given.0.next().expect("a name");
        assert_eq!(answer(name, &mut given), line[middle..], "{line}");
        lines += 1;
    }
    assert_eq!(lines, 2600);
}
