//! Position modes: one position a symbol in one-way mode, a long and a short one in hedge mode.
//!
//! catalogue: S1. Binance's rules: the mode is the account's, over all symbols, and changes only while it has neither
//! order nor position. In hedge mode an order names the position that it is for; one that its side closes never opens.
//! The two stand by themselves: cost, margin, isolated wallet, funding and reduce-only orders are counted for each.

use super::Exchange;
use super::accounts::Accounts;
use super::margin::Position;
use super::order::{Outcome, Refusal};
use crate::canon_enum;
use crate::error::CoreError;
use crate::instrument::Market;
use crate::units::{Amount, Side};

/// The position that an order is for (Binance `positionSide`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Leg {
    /// One-way mode: the only one.
    Both = 0,
    /// Hedge mode: the long one, which buys open and sells close.
    Long = 1,
    /// Hedge mode: the short one, which sells open and buys close.
    Short = 2,
}
canon_enum!(Leg { Both, Long, Short });

impl Leg {
    /// Where its position is kept: the short one stands second.
    #[must_use]
    pub const fn slot(self) -> usize {
        match self {
            Self::Both | Self::Long => 0,
            Self::Short => 1,
        }
    }

    /// Whether an order of `side` can only ever close it.
    #[must_use]
    pub const fn is_closed_by(self, side: Side) -> bool {
        matches!((self, side), (Self::Long, Side::Sell) | (Self::Short, Side::Buy))
    }
}

impl Accounts {
    /// The positions that an account has in a symbol, by its position mode.
    #[must_use]
    pub fn legs(&self, account: u32) -> &'static [Leg] {
        if self.list[account as usize].hedge { &[Leg::Long, Leg::Short] } else { &[Leg::Both] }
    }

    /// One position of an account.
    #[must_use]
    pub fn position(&self, account: u32, symbol: u32, leg: Leg) -> &Position {
        &self.list[account as usize].positions[symbol as usize][leg.slot()]
    }

    /// One position of an account, for writing.
    pub(super) fn position_mut(&mut self, account: u32, symbol: u32, leg: Leg) -> &mut Position {
        &mut self.list[account as usize].positions[symbol as usize][leg.slot()]
    }

    /// The sum over an account's positions in one symbol.
    pub(super) fn over_legs(&self, account: u32, of: impl Fn(Leg) -> Amount) -> Amount {
        self.legs(account).iter().map(|leg| of(*leg)).sum()
    }

    /// Refuses a position that an account's mode does not have.
    pub(super) fn leg_fits(&self, account: u32, leg: Leg) -> std::result::Result<(), Refusal> {
        if self.legs(account).contains(&leg) { Ok(()) } else { Err(Refusal::Leg) }
    }

    /// Whether an account's positions in a symbol have wallets of their own: both or none.
    #[must_use]
    pub fn is_isolated(&self, account: u32, symbol: u32) -> bool {
        self.position(account, symbol, Leg::Both).isolated
    }
}

impl Exchange {
    /// Sets hedge or one-way mode. Refused where it is so already, and while the account has an open order, a waiting
    /// conditional order or a position in any symbol.
    pub fn position_mode(&mut self, account: u32, hedge: bool) -> Outcome<()> {
        self.accounts.known(account)?;
        if self.accounts.market == Market::Spot {
            let was = hedge.to_string();
            return Err(CoreError::Field { field: "hedge", was, why: "is for linear markets" }.into());
        }
        let settings = &self.accounts.list[account as usize];
        if settings.hedge == hedge {
            return Err(Refusal::ModeUnchanged.into());
        }
        let mut all = self.symbols.iter();
        let has_order = |symbol: &super::Symbol| {
            symbol.history.open_of(account).next().is_some() || symbol.conditionals.waiting_of(account).next().is_some()
        };
        if all.any(has_order) {
            return Err(Refusal::ModeOrders.into());
        }
        if settings.positions.iter().flatten().any(|position| position.qty != 0) {
            return Err(Refusal::ModePosition.into());
        }
        self.accounts.list[account as usize].hedge = hedge;
        Ok(())
    }
}
