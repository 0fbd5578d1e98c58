//! A record as text: every field of every kind by name, for people who read a journal.
//!
//! catalogue: K4, S9. Numbers stay in the record's own units (ticks, lots, smallest units, nanoseconds); sentinels
//! and the names of byte values are written out. A byte that this schema has no name for is shown as its number.

use crate::event::{
    Action, Answer, AssetDef, Balance, Bbo, Checkpoint, Command, DepthView, Exec, Funding, FundingRate, Header,
    InstrumentDef, Kind, Kline, Level, LimitSet, LineDef, LineEvent, Link, Liquidation, Mark, NameDef, OpenInterest,
    OrderType, Outcome, Proposal, RecordRef, Reference, Report, Request, Sent, Ticker, TimeInForce, Timer, Trade,
    VenuePosition, VenueStatus, Verb, Wide, flags, unpadded,
};
use crate::instrument::{Market, Venue};
use crate::line::source::{What, Why};
use crate::state_hash::hex;
use crate::units::{Amount, NO_PRICE, NO_TIME, Side};
use std::fmt::Debug;

/// A field's name and its value as text.
pub type Field = (&'static str, String);

/// At most this many levels a side are written out; a note says how many there are.
const LEVELS_SHOWN: usize = 5;

/// The name of a record's kind.
#[must_use]
pub fn kind_name(header: &Header) -> String {
    byte(header.kind, Kind::from_byte)
}

/// All fields of a record: the header's, then the kind's own.
#[must_use]
pub fn fields(record: &RecordRef<'_>) -> Vec<Field> {
    let mut out = header_fields(record.header());
    out.extend(own_fields(record));
    out
}

/// The fields of a record's kind, without the header's.
#[must_use]
pub fn own_fields(record: &RecordRef<'_>) -> Vec<Field> {
    payload(record).unwrap_or_default()
}

fn header_fields(header: &Header) -> Vec<Field> {
    vec![
        ("kind", kind_name(header)),
        ("schema", header.schema.to_string()),
        ("stream", header.stream.to_string()),
        ("instrument", header.instrument.to_string()),
        ("flags", header.flags.to_string()),
        ("stream_seq", header.stream_seq.to_string()),
        ("ts_venue", time(header.ts_venue)),
        ("ts_receive", time(header.ts_receive)),
        ("ts_mono", time(header.ts_mono)),
    ]
}

fn payload(record: &RecordRef<'_>) -> Option<Vec<Field>> {
    Some(match record.kind() {
        Kind::Asset => asset(record.view()?),
        Kind::Instrument => instrument(record.view()?),
        Kind::Name => name(record.view()?),
        Kind::Limit => limit(record.view()?),
        Kind::Link => link(record.view()?),
        Kind::LineDef => line_def(record.view()?),
        Kind::LineEvent => line_event(record.view()?),
        Kind::Depth => depth(&record.depth()?),
        Kind::Bbo => bbo(record.view()?),
        Kind::Trade => trade(record.view()?),
        Kind::Mark => mark(record.view()?),
        Kind::Ticker => ticker(record.view()?),
        Kind::Kline => kline(record.view()?),
        Kind::FundingRate => funding_rate(record.view()?),
        Kind::OpenInterest => open_interest(record.view()?),
        Kind::Reference => reference(record.view()?),
        Kind::Liquidation => liquidation(record.view()?),
        Kind::Timer => vec![("every", record.view::<Timer>()?.every.to_string())],
        Kind::Proposal => proposal(record.view()?),
        Kind::Sent => sent(record.view()?),
        Kind::Answer => answer(record.view()?),
        Kind::Report => report(record.view()?),
        Kind::Balance => balance(record.view()?),
        Kind::Funding => funding(record.view()?),
        Kind::VenuePosition => venue_position(record.view()?),
        Kind::Command => command(record.view()?),
        Kind::Checkpoint => checkpoint(record.view()?),
    })
}

fn byte<T: Debug, E>(raw: u8, read: impl Fn(u8) -> Result<T, E>) -> String {
    read(raw).map_or_else(|_| raw.to_string(), |value| format!("{value:?}"))
}

/// A price or a size; both sentinels are one number.
fn price(raw: i64) -> String {
    if raw == NO_PRICE { "none".into() } else { raw.to_string() }
}

fn time(raw: i64) -> String {
    if raw == NO_TIME { "none".into() } else { raw.to_string() }
}

fn wide(raw: Wide) -> String {
    Amount::from(raw).to_string()
}

fn asset(r: &AssetDef) -> Vec<Field> {
    vec![("id", r.id.to_string()), ("scale", r.scale.to_string()), ("name", unpadded(&r.name).into())]
}

fn instrument(r: &InstrumentDef) -> Vec<Field> {
    vec![
        ("venue", byte(r.venue, Venue::from_byte)),
        ("market", byte(r.market, Market::from_byte)),
        ("symbol", unpadded(&r.symbol).into()),
        ("price_scale", r.price_scale.to_string()),
        ("qty_scale", r.qty_scale.to_string()),
        ("base", r.base.to_string()),
        ("quote", r.quote.to_string()),
        ("settle", r.settle.to_string()),
        ("tick", r.tick.to_string()),
        ("lot", r.lot.to_string()),
        ("multiplier", r.multiplier.to_string()),
        ("valid_from", time(r.valid_from)),
    ]
}

fn name(r: &NameDef) -> Vec<Field> {
    let space = match r.space {
        1 => "account".into(),
        2 => "strategy".into(),
        other => other.to_string(),
    };
    vec![("id", r.id.to_string()), ("space", space), ("name", unpadded(&r.name).into())]
}

fn limit(r: &LimitSet) -> Vec<Field> {
    vec![
        ("scope", r.scope.to_string()),
        ("limit", r.limit.to_string()),
        ("subject", r.subject.to_string()),
        ("value", wide(r.value)),
        ("extra", r.extra.to_string()),
    ]
}

fn link(r: &Link) -> Vec<Field> {
    vec![("up", r.up.to_string()), ("role", r.role.to_string()), ("account", r.account.to_string())]
}

fn line_def(r: &LineDef) -> Vec<Field> {
    vec![
        ("source", r.source.to_string()),
        ("line", r.line.to_string()),
        ("ordered", r.ordered.to_string()),
        ("silent_ns", r.silent_ns.to_string()),
        ("hold_ns", r.hold_ns.to_string()),
    ]
}

fn line_event(r: &LineEvent) -> Vec<Field> {
    vec![
        ("source", r.source.to_string()),
        ("what", byte(r.what, What::from_byte)),
        ("why", byte(r.why, Why::from_byte)),
        ("from", r.from.to_string()),
        ("to", r.to.to_string()),
        ("expected", r.expected.to_string()),
        ("was", r.was.to_string()),
    ]
}

fn depth(view: &DepthView<'_>) -> Vec<Field> {
    vec![
        ("first", view.head.first.to_string()),
        ("previous", view.head.previous.to_string()),
        ("bids", levels(view.bids)),
        ("asks", levels(view.asks)),
    ]
}

fn levels(all: &[Level]) -> String {
    let shown: Vec<String> = all.iter().take(LEVELS_SHOWN).map(|one| format!("{}x{}", one.price, one.qty)).collect();
    let more = if all.len() > LEVELS_SHOWN { " ..." } else { "" };
    format!("{}: {}{more}", all.len(), shown.join(" "))
}

fn bbo(r: &Bbo) -> Vec<Field> {
    vec![
        ("bid", price(r.bid)),
        ("bid_qty", r.bid_qty.to_string()),
        ("ask", price(r.ask)),
        ("ask_qty", r.ask_qty.to_string()),
    ]
}

fn trade(r: &Trade) -> Vec<Field> {
    vec![("price", price(r.price)), ("qty", r.qty.to_string())]
}

fn mark(r: &Mark) -> Vec<Field> {
    vec![
        ("mark_e8", r.mark_e8.to_string()),
        ("index_e8", r.index_e8.to_string()),
        ("rate_e8", r.rate_e8.to_string()),
        ("next_funding", time(r.next_funding)),
    ]
}

fn ticker(r: &Ticker) -> Vec<Field> {
    vec![
        ("bid", price(r.bid)),
        ("ask", price(r.ask)),
        ("last", price(r.last)),
        ("open", price(r.open)),
        ("high", price(r.high)),
        ("low", price(r.low)),
        ("bid_qty", price(r.bid_qty)),
        ("ask_qty", price(r.ask_qty)),
        ("last_qty", price(r.last_qty)),
        ("volume", price(r.volume)),
        ("turnover", price(r.turnover)),
        ("price_scale", r.price_scale.to_string()),
        ("qty_scale", r.qty_scale.to_string()),
        ("turnover_scale", r.turnover_scale.to_string()),
    ]
}

fn kline(r: &Kline) -> Vec<Field> {
    vec![
        ("begin", time(r.begin)),
        ("interval", r.interval.to_string()),
        ("open", price(r.open)),
        ("high", price(r.high)),
        ("low", price(r.low)),
        ("close", price(r.close)),
        ("volume", price(r.volume)),
        ("turnover", price(r.turnover)),
        ("trades", price(r.trades)),
        ("price_scale", r.price_scale.to_string()),
        ("qty_scale", r.qty_scale.to_string()),
        ("turnover_scale", r.turnover_scale.to_string()),
    ]
}

fn funding_rate(r: &FundingRate) -> Vec<Field> {
    vec![("rate_e18", price(r.rate_e18)), ("next", time(r.next)), ("interval", r.interval.to_string())]
}

fn open_interest(r: &OpenInterest) -> Vec<Field> {
    vec![
        ("qty", price(r.qty)),
        ("value", price(r.value)),
        ("qty_scale", r.qty_scale.to_string()),
        ("value_scale", r.value_scale.to_string()),
    ]
}

fn reference(r: &Reference) -> Vec<Field> {
    vec![("mark", price(r.mark)), ("index", price(r.index)), ("price_scale", r.price_scale.to_string())]
}

fn liquidation(r: &Liquidation) -> Vec<Field> {
    vec![
        ("sell", u8::from(r.header.has(flags::SELL)).to_string()),
        ("price", price(r.price)),
        ("average", price(r.average)),
        ("qty", price(r.qty)),
        ("filled", price(r.filled)),
        ("price_scale", r.price_scale.to_string()),
        ("qty_scale", r.qty_scale.to_string()),
    ]
}

fn proposal(r: &Proposal) -> Vec<Field> {
    vec![
        ("account", r.account.to_string()),
        ("strategy", r.strategy.to_string()),
        ("action", byte(r.action, Action::from_byte)),
        ("side", byte(r.side, Side::from_raw)),
        ("order_type", byte(r.order_type, OrderType::from_byte)),
        ("tif", byte(r.tif, TimeInForce::from_byte)),
        ("order", r.order.to_string()),
        ("target", r.target.to_string()),
        ("price", price(r.price)),
        ("qty", r.qty.to_string()),
        ("tag", r.tag.to_string()),
    ]
}

fn sent(r: &Sent) -> Vec<Field> {
    vec![("order", r.order.to_string()), ("expires", time(r.expires)), ("request", byte(r.request, Request::from_byte))]
}

fn answer(r: &Answer) -> Vec<Field> {
    vec![
        ("order", r.order.to_string()),
        ("venue_order", r.venue_order.to_string()),
        ("code", r.code.to_string()),
        ("request", byte(r.request, Request::from_byte)),
        ("outcome", byte(r.outcome, Outcome::from_byte)),
        ("account", r.account.to_string()),
        ("ts_query", time(r.ts_query)),
    ]
}

fn report(r: &Report) -> Vec<Field> {
    vec![
        ("account", r.account.to_string()),
        ("strategy", r.strategy.to_string()),
        ("exec", byte(r.exec, Exec::from_byte)),
        ("status", byte(r.status, VenueStatus::from_byte)),
        ("order", r.order.to_string()),
        ("venue_order", r.venue_order.to_string()),
        ("trade", r.trade.to_string()),
        ("price", price(r.price)),
        ("qty", r.qty.to_string()),
        ("last_price", price(r.last_price)),
        ("last_qty", r.last_qty.to_string()),
        ("cum_qty", r.cum_qty.to_string()),
        ("fee", wide(r.fee)),
        ("fee_asset", r.fee_asset.to_string()),
        ("realised", wide(r.realised)),
    ]
}

fn balance(r: &Balance) -> Vec<Field> {
    vec![
        ("account", r.account.to_string()),
        ("asset", r.asset.to_string()),
        ("reason", r.reason.to_string()),
        ("market", byte(r.market, Market::from_byte)),
        ("reference", r.reference.to_string()),
        ("amount", wide(r.amount)),
    ]
}

fn funding(r: &Funding) -> Vec<Field> {
    vec![
        ("account", r.account.to_string()),
        ("asset", r.asset.to_string()),
        ("rate_e8", r.rate_e8.to_string()),
        ("amount", wide(r.amount)),
    ]
}

fn venue_position(r: &VenuePosition) -> Vec<Field> {
    vec![
        ("account", r.account.to_string()),
        ("qty", r.qty.to_string()),
        ("entry_e8", r.entry_e8.to_string()),
        ("unrealised_e8", r.unrealised_e8.to_string()),
    ]
}

fn command(r: &Command) -> Vec<Field> {
    vec![
        ("verb", byte(r.verb, Verb::from_byte)),
        ("scope", r.scope.to_string()),
        ("subject", r.subject.to_string()),
        ("cause", r.cause.to_string()),
        ("value", r.value.to_string()),
        ("author", r.author.to_string()),
    ]
}

fn checkpoint(r: &Checkpoint) -> Vec<Field> {
    vec![("at", r.at.to_string()), ("hash", hex(&r.hash))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{DepthHead, LAYOUT, RecordBuf};

    fn get<'a>(all: &'a [Field], name: &str) -> &'a str {
        &all.iter().find(|(field, _)| *field == name).unwrap().1
    }

    #[test]
    fn names_values_and_sentinels_are_written_out() {
        let header = Header::of::<Proposal>(7, 1, 10, 20);
        let (side, action, order_type, tif) = (Side::Sell as u8, Action::Place as u8, OrderType::Market as u8, 9);
        let proposal = Proposal {
            header,
            account: 1,
            strategy: 2,
            action,
            side,
            order_type,
            tif,
            order: 3,
            target: 0,
            price: NO_PRICE,
            qty: -4,
            tag: 5,
        };
        let mut buf = RecordBuf::with_capacity(256);
        buf.push(&proposal).unwrap();
        let all = fields(&buf.iter().next().unwrap().unwrap());
        for (name, wanted) in [
            ("kind", "Proposal"),
            ("side", "Sell"),
            ("order_type", "Market"),
            ("tif", "9"),
            ("price", "none"),
            ("qty", "-4"),
            ("ts_venue", "none"),
            ("instrument", "7"),
        ] {
            assert_eq!(get(&all, name), wanted, "{name}");
        }
    }

    #[test]
    fn a_deep_message_says_how_deep() {
        let mut buf = RecordBuf::with_capacity(4096);
        let at = buf.begin_depth().unwrap();
        for price in 0..7 {
            buf.level(Level { price, qty: 1 }).unwrap();
        }
        let head = DepthHead { header: Header::of::<DepthHead>(7, 1, 10, 20), first: 1, previous: 0, bids: 6, asks: 1 };
        buf.end_depth(at, head);
        let all = fields(&buf.iter().next().unwrap().unwrap());
        assert_eq!((get(&all, "bids"), get(&all, "asks")), ("6: 0x1 1x1 2x1 3x1 4x1 ...", "1: 6x1"));
    }

    /// Every kind of the schema has fields of its own, so a new kind cannot be forgotten here.
    #[test]
    fn every_kind_shows_more_than_its_header() {
        for (name, kind, size) in LAYOUT {
            let mut words = vec![0_u64; size / 8];
            words[0] = *size as u64 | (*kind as u64) << 32 | u64::from(crate::event::SCHEMA) << 40;
            // SAFETY: u64s are initialised bytes.
            let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), *size) };
            let record = RecordRef::new(bytes).unwrap();
            assert!(fields(&record).len() > header_fields(record.header()).len(), "{name}");
        }
    }
}
