//! The recorded 2024 depth captures of `../shared/data/ws/binance`: what the venue lists, and the messages of a book.

use std::io::Read;
use std::path::{Path, PathBuf};
use tickwright_core::instrument::Market;

/// One recorded stream: its files in order, and what the venue lists.
pub struct Capture {
    /// The start of its files' names.
    pub name: &'static str,
    /// The market.
    pub market: Market,
    /// The venue's symbol.
    pub symbol: &'static str,
    /// Decimals of tick and lot.
    pub scales: (u8, u8),
    /// Its two days.
    pub days: [&'static str; 2],
}

/// All of them.
pub const CAPTURES: [Capture; 5] = [
    capture("spot_btcusdt", Market::Spot, "BTCUSDT", (2, 5), ["20240808", "20240809"]),
    capture("spot_ethusdt", Market::Spot, "ETHUSDT", (2, 4), ["20240808", "20240809"]),
    capture("usdm_btcusdt", Market::Linear, "BTCUSDT", (1, 3), ["20240718", "20240719"]),
    capture("usdm_ethusdt", Market::Linear, "ETHUSDT", (2, 3), ["20240718", "20240719"]),
    capture("coinm_btcusd_perp", Market::Inverse, "BTCUSD_PERP", (1, 0), ["20240808", "20240809"]),
];

const fn capture(
    name: &'static str,
    market: Market,
    symbol: &'static str,
    scales: (u8, u8),
    days: [&'static str; 2],
) -> Capture {
    Capture { name, market, symbol, scales, days }
}

/// The payloads of one file that change a book: the snapshot and the deltas.
pub fn payloads(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut text)?;
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.iter().position(|b| *b == b' ').map(|at| &line[at + 1..]));
    let of_book = |line: &&[u8]| {
        let head = &line[..line.len().min(80)];
        let has = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
        has(b"depthUpdate") || has(b"lastUpdateId")
    };
    Ok(lines.filter(of_book).map(<[u8]>::to_vec).collect())
}

/// Where the recordings are: the first argument that is no option, or beside the checkout; exits where there are none.
pub fn directory() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ws/binance");
    let directory = std::env::args().skip(1).find(|word| !word.starts_with("--")).map_or(default, PathBuf::from);
    if !directory.is_dir() {
        eprintln!("no recordings at {}: pass their directory", directory.display());
        std::process::exit(2);
    }
    directory
}
