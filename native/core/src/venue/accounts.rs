//! Who owns what at the venue: spot balances free and locked, fees, and the proof that nothing was made or lost.
//!
//! catalogue: S1. Money is i128 in an asset's smallest unit. A fee is `amount * fee_e8 / 10^8`, rounded towards zero
//! at the smallest unit; on spot it is taken from what is received (base for a buyer, quote for a seller), on linear
//! markets from the wallet. Account 0 is the market around us, account 1 the venue itself: it collects fees, pays
//! rebates and stands in where a liquidated account owes more than it has.

use super::legs::Leg;
use super::margin::Position;
use super::matching::BACKGROUND;
use super::order::Refusal;
use crate::error::{CoreError, Result};
use crate::instrument::{Instrument, Market};
use crate::state;
use crate::units::{Amount, Lots, NO_PRICE, Side, Ticks, pow10};

/// The venue's own account: fees, rebates, insurance.
pub const VENUE: u32 = 1;
/// The highest price in ticks that the venue takes.
pub const PRICE_TICKS_MAX: Ticks = 1 << 36;
/// The largest order in lots that the venue takes.
pub const QTY_LOTS_MAX: Lots = 1 << 42;
/// The largest deposit in smallest units.
pub const DEPOSIT_MAX: Amount = 1 << 90;
/// One whole, in the unit of rates and fees.
pub const E8: Amount = 100_000_000;

state! {
    /// An asset that balances are counted in.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Asset {
        /// Its name (`USDT`).
        pub name: String,
        /// Decimals of its smallest unit.
        pub scale: u8,
    }
}

state! {
    /// A balance. On linear markets `free` is the wallet and `locked` stays 0.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Purse {
        /// Free to use.
        pub free: Amount,
        /// Set aside for open orders.
        pub locked: Amount,
    }
}

state! {
    /// One participant.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Account {
        /// Its name.
        pub name: String,
        /// Balances by asset id.
        pub purses: Vec<Purse>,
        /// Positions by symbol id, two each: in one-way mode the first is the only one, in hedge mode the first is
        /// long and the second short. `Accounts::position` reads them.
        pub positions: Vec<[Position; 2]>,
        /// Whether the account is in hedge mode (linear).
        pub hedge: bool,
        /// Fee on resting fills; negative is a rebate.
        pub maker_fee_e8: i64,
        /// Fee on taking fills.
        pub taker_fee_e8: i64,
    }
}

state! {
    /// A symbol's terms: what its ticks and lots are worth.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Contract {
        /// Ticks, lots, assets.
        pub instrument: Instrument,
        /// Maintenance margin rate on the notional at mark.
        pub maintenance_e8: i64,
        /// The mark price times 10^8; 0 until one is set.
        pub mark_e8: i64,
        /// The last trade's price, `NO_PRICE` before one.
        pub last_price: Ticks,
    }
}

impl Contract {
    /// What `lots` at `ticks` cost, in the quote asset's smallest unit.
    #[must_use]
    pub fn value(&self, ticks: Ticks, lots: Lots) -> Amount {
        self.instrument.notional(ticks, lots)
    }

    /// The most lots at `ticks` whose value is not above `money`.
    #[must_use]
    pub fn affordable(&self, ticks: Ticks, money: Amount) -> Lots {
        let i = &self.instrument;
        let raw = i128::from(ticks) * i128::from(i.tick) * i128::from(i.lot) * i128::from(i.multiplier);
        let scale = i.price_scale + i.qty_scale;
        let lots = if scale >= i.settle_scale {
            money.saturating_mul(pow10(scale - i.settle_scale)).checked_div(raw)
        } else {
            money.checked_div(raw.saturating_mul(pow10(i.settle_scale - scale)))
        };
        Lots::try_from(lots.unwrap_or(0)).unwrap_or(Lots::MAX)
    }
}

state! {
    /// Everybody's money.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Accounts {
        /// The market that all symbols are of.
        pub market: Market,
        /// Assets by id.
        pub assets: Vec<Asset>,
        /// Accounts by id.
        pub list: Vec<Account>,
        /// Terms by symbol id.
        pub contracts: Vec<Contract>,
        /// What was ever deposited, by asset id.
        pub deposits: Vec<Amount>,
    }
}

/// What a fill did to one party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The fee; negative is a rebate.
    pub fee: Amount,
    /// The fee's asset.
    pub fee_asset: u16,
    /// Realised profit before fees (linear).
    pub realised: Amount,
}

/// One side of a fill.
#[derive(Debug, Clone, Copy)]
pub struct Party {
    /// Whose.
    pub account: u32,
    /// Bought or sold.
    pub side: Side,
    /// Which of its positions.
    pub leg: Leg,
    /// Whether its order rested.
    pub maker: bool,
    /// How much of its set-aside money the fill frees (before it is spent).
    pub released: Amount,
}

/// The price, size and money of a fill.
#[derive(Debug, Clone, Copy)]
pub struct Deal {
    /// The symbol.
    pub symbol: u32,
    /// Size.
    pub qty: Lots,
    /// Value in the quote asset.
    pub quote: Amount,
}

/// `amount * rate / 10^8`, towards zero.
#[must_use]
pub const fn rate_of(amount: Amount, rate_e8: i64) -> Amount {
    amount * rate_e8 as i128 / E8
}

impl Accounts {
    /// No money yet, the background and the venue only.
    #[must_use]
    pub fn new(market: Market, maker_fee_e8: i64, taker_fee_e8: i64) -> Self {
        let internal = |name: &str, maker_fee_e8, taker_fee_e8| Account {
            name: name.to_owned(),
            purses: Vec::new(),
            positions: Vec::new(),
            hedge: false,
            maker_fee_e8,
            taker_fee_e8,
        };
        Self {
            market,
            assets: Vec::new(),
            // The background pays nothing; the venue's entry keeps the fees that new accounts start with.
            list: vec![internal("background", 0, 0), internal("venue", maker_fee_e8, taker_fee_e8)],
            contracts: Vec::new(),
            deposits: Vec::new(),
        }
    }

    /// The id of an asset; a second call with the same scale returns the same id.
    pub fn asset(&mut self, name: &str, scale: u8) -> Result<u16> {
        if let Some(id) = self.assets.iter().position(|asset| asset.name == name) {
            if self.assets[id].scale == scale {
                return Ok(id as u16);
            }
            return Err(CoreError::Field { field: "scale", was: scale.to_string(), why: "differs from the asset's" });
        }
        if scale > 18 {
            return Err(CoreError::Field { field: "scale", was: scale.to_string(), why: "must be at most 18" });
        }
        if self.assets.len() >= usize::from(u16::MAX) {
            return Err(CoreError::Full { what: "asset table", capacity: usize::from(u16::MAX) });
        }
        self.assets.push(Asset { name: name.to_owned(), scale });
        self.deposits.push(0);
        self.list.iter_mut().for_each(|account| account.purses.push(Purse { free: 0, locked: 0 }));
        Ok((self.assets.len() - 1) as u16)
    }

    /// The id of a named asset.
    pub fn asset_id(&self, name: &str) -> Result<u16> {
        self.assets
            .iter()
            .position(|asset| asset.name == name)
            .map(|id| id as u16)
            .ok_or_else(|| CoreError::Unknown { what: "asset", was: name.to_owned() })
    }

    /// The id of an account; a second call with the same name returns the same id.
    pub fn account(&mut self, name: &str) -> u32 {
        if let Some(id) = self.list.iter().position(|account| account.name == name) {
            return id as u32;
        }
        let fees = &self.list[VENUE as usize];
        self.list.push(Account {
            name: name.to_owned(),
            purses: vec![Purse { free: 0, locked: 0 }; self.assets.len()],
            positions: vec![[Position::flat(); 2]; self.contracts.len()],
            hedge: false,
            maker_fee_e8: fees.maker_fee_e8,
            taker_fee_e8: fees.taker_fee_e8,
        });
        (self.list.len() - 1) as u32
    }

    /// Refuses an account that nobody introduced, and the two internal ones.
    pub fn known(&self, account: u32) -> Result<()> {
        if account > VENUE && (account as usize) < self.list.len() {
            return Ok(());
        }
        Err(CoreError::Unknown { what: "account", was: account.to_string() })
    }

    /// Adds a symbol's terms; its money must fit 127 bits at the largest price and size that the venue takes.
    pub fn contract(&mut self, instrument: Instrument, maintenance_e8: i64) -> Result<u32> {
        let i = &instrument;
        let raw = i128::from(PRICE_TICKS_MAX) * i128::from(QTY_LOTS_MAX);
        let grow = pow10(i.settle_scale.saturating_sub(i.price_scale + i.qty_scale));
        let fits = raw
            .checked_mul(i128::from(i.tick))
            .and_then(|raw| raw.checked_mul(i128::from(i.lot)))
            .and_then(|raw| raw.checked_mul(grow));
        if fits.is_none() {
            return Err(CoreError::Field { field: "tick", was: i.tick.to_string(), why: "is too coarse for 127 bits" });
        }
        if i.qty_scale > i.base_scale {
            let was = i.qty_scale.to_string();
            return Err(CoreError::Field { field: "lot", was, why: "is finer than the base asset's smallest unit" });
        }
        self.contracts.push(Contract { instrument, maintenance_e8, mark_e8: 0, last_price: NO_PRICE });
        self.list.iter_mut().for_each(|account| account.positions.push([Position::flat(); 2]));
        Ok((self.contracts.len() - 1) as u32)
    }

    /// A balance, for writing.
    pub(super) fn purse(&mut self, account: u32, asset: u16) -> &mut Purse {
        &mut self.list[account as usize].purses[usize::from(asset)]
    }

    /// Money from outside.
    pub fn deposit(&mut self, account: u32, asset: u16, amount: Amount) -> Result<()> {
        self.known(account)?;
        if !(0..=DEPOSIT_MAX).contains(&amount) {
            return Err(CoreError::Field { field: "amount", was: amount.to_string(), why: "must be 0 to 2^90" });
        }
        self.purse(account, asset).free += amount;
        self.deposits[usize::from(asset)] += amount;
        Ok(())
    }

    /// The asset that an order of `side` sets aside on spot: quote for a buyer, base for a seller.
    #[must_use]
    pub fn lock_asset(&self, symbol: u32, side: Side) -> u16 {
        let instrument = &self.contracts[symbol as usize].instrument;
        match side {
            Side::Buy => instrument.quote,
            Side::Sell => instrument.base,
        }
    }

    /// Spot: moves `amount` from free to locked, or refuses.
    pub fn lock(&mut self, account: u32, asset: u16, amount: Amount) -> std::result::Result<(), Refusal> {
        let purse = self.purse(account, asset);
        if purse.free < amount {
            return Err(Refusal::InsufficientBalance);
        }
        purse.free -= amount;
        purse.locked += amount;
        Ok(())
    }

    /// Spot: moves `amount` back from locked to free.
    pub fn unlock(&mut self, account: u32, asset: u16, amount: Amount) {
        let purse = self.purse(account, asset);
        purse.locked -= amount;
        purse.free += amount;
    }

    /// The fee rate of an account.
    #[must_use]
    pub fn fee_e8(&self, account: u32, maker: bool) -> i64 {
        let account = &self.list[account as usize];
        if maker { account.maker_fee_e8 } else { account.taker_fee_e8 }
    }

    /// Books one side of a fill. The other side is booked by a second call with the same deal.
    pub fn settle(&mut self, deal: &Deal, party: &Party) -> Settled {
        match self.market {
            Market::Spot => self.settle_spot(deal, party),
            Market::Linear | Market::Inverse => self.settle_linear(deal, party),
        }
    }

    fn settle_spot(&mut self, deal: &Deal, party: &Party) -> Settled {
        let instrument = &self.contracts[deal.symbol as usize].instrument;
        let (base, quote, base_amount) = (instrument.base, instrument.quote, instrument.base_amount(deal.qty));
        let (pays, paid, gets, got) = match party.side {
            Side::Buy => (quote, deal.quote, base, base_amount),
            Side::Sell => (base, base_amount, quote, deal.quote),
        };
        let fee = rate_of(got, self.fee_e8(party.account, party.maker));
        let purse = self.purse(party.account, pays);
        purse.locked -= party.released;
        purse.free += party.released - paid;
        self.purse(party.account, gets).free += got - fee;
        self.purse(VENUE, gets).free += fee;
        Settled { fee, fee_asset: gets, realised: 0 }
    }

    /// Proves conservation: for every asset, what all accounts hold (positions at cost included) is what was
    /// deposited, nobody but the internal accounts holds less than nothing locked or free on spot, and positions of
    /// a symbol sum to zero.
    pub fn check(&self) -> Result<()> {
        let broken = |invariant, was: String| Err(CoreError::Broken { invariant, was });
        for (asset, deposited) in self.deposits.iter().enumerate() {
            let mut sum: Amount = self.list.iter().map(|a| a.purses[asset].free + a.purses[asset].locked).sum();
            for (symbol, contract) in self.contracts.iter().enumerate() {
                if self.market != Market::Spot && usize::from(contract.instrument.settle) == asset {
                    sum -= self.list.iter().flat_map(|a| &a.positions[symbol]).map(|p| p.cost).sum::<Amount>();
                }
            }
            if sum != *deposited {
                let name = &self.assets[asset].name;
                return broken("every asset sums to its deposits", format!("{sum} of {deposited} {name}"));
            }
        }
        for symbol in 0..self.contracts.len() {
            let net: i128 = self.list.iter().flat_map(|a| &a.positions[symbol]).map(|p| i128::from(p.qty)).sum();
            if net != 0 {
                return broken("positions of a symbol sum to zero", format!("{net} lots of symbol {symbol}"));
            }
        }
        for account in self.list.iter().skip(VENUE as usize + 1) {
            let mut all = account.positions.iter().flatten();
            if let Some(stray) = all.find(|p| p.wallet != 0 && (p.qty == 0 || !p.isolated)) {
                return broken("only isolated positions hold a wallet", format!("{}: {stray:?}", account.name));
            }
            let stray = |[first, short]: &&[Position; 2]| match account.hedge {
                true => first.qty < 0 || short.qty > 0,
                false => short.qty != 0,
            };
            if let Some(stray) = account.positions.iter().find(stray) {
                return broken("a position lies on its own side", format!("{}: {stray:?}", account.name));
            }
            let overdrawn = |p: &&Purse| p.locked < 0 || (self.market == Market::Spot && p.free < 0);
            if let Some(purse) = account.purses.iter().find(overdrawn) {
                return broken("no account is overdrawn", format!("{}: {purse:?}", account.name));
            }
        }
        debug_assert_eq!(self.list[BACKGROUND as usize].maker_fee_e8, 0);
        Ok(())
    }
}
