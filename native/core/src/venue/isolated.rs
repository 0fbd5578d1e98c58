//! Isolated margin: a position's own wallet, what enters and leaves it, and its own liquidation.
//!
//! catalogue: S1. The wallet is an earmark inside the account's balance, so that conservation is as before: what opens
//! a position puts its initial margin in, what closes it takes its share out, funding is paid from it, and cross margin
//! counts neither it nor the position. A liquidation takes no more than it; the venue pays what is missing.

use super::Exchange;
use super::accounts::{Accounts, VENUE};
use super::legs::Leg;
use super::margin::{Position, div_up};
use super::order::{Exec, Outcome, Reason, Refusal};
use crate::error::CoreError;
use crate::instrument::Market;
use crate::units::{Amount, Lots, Nanos, Side};

impl Position {
    /// Moves the wallet with a fill of `qty` lots worth `quote`; called before the fill is applied.
    pub(super) fn earmark(&mut self, side: Side, qty: Lots, quote: Amount) {
        if !self.isolated {
            return;
        }
        let closed = qty.min(self.closable(side));
        if closed > 0 {
            let held = self.qty.abs();
            self.wallet -=
                if closed == held { self.wallet } else { self.wallet * Amount::from(closed) / Amount::from(held) };
        }
        let opened = quote * Amount::from(qty - closed) / Amount::from(qty);
        self.wallet += div_up(opened, self.leverage);
    }
}

impl Accounts {
    /// What positions in isolated margin hold of an account's wallet in `asset`.
    #[must_use]
    pub fn isolated_total(&self, account: u32, asset: u16) -> Amount {
        let positions = &self.list[account as usize].positions;
        self.settling_in(asset).flat_map(|symbol| &positions[symbol as usize]).map(|position| position.wallet).sum()
    }

    /// Whether a position in isolated margin is worth less than its maintenance margin.
    fn isolated_short(&self, account: u32, symbol: u32, leg: Leg) -> bool {
        let wallet = self.position(account, symbol, leg).wallet;
        wallet + self.unrealised(account, symbol, leg) < self.maintenance_margin(account, symbol, leg)
    }
}

impl Exchange {
    /// Sets isolated or cross margin of a symbol, in hedge mode for both positions; refused while there is a position
    /// or an open order.
    pub fn isolate(&mut self, account: u32, symbol: u32, isolated: bool) -> Outcome<()> {
        self.accounts.known(account)?;
        let open = self.known(symbol)?.history.open_of(account).next().is_some();
        let positions = &mut self.accounts.list[account as usize].positions[symbol as usize];
        let held = positions.iter().any(|position| position.qty != 0);
        if self.accounts.market == Market::Spot || held || open {
            let (field, was) = ("isolated", isolated.to_string());
            return Err(
                CoreError::Field { field, was, why: "is for linear symbols with neither position nor order" }.into()
            );
        }
        positions.iter_mut().for_each(|position| position.isolated = isolated);
        Ok(())
    }

    /// Moves `amount` from the cross wallet into a position's (out of it where negative), within what each has to
    /// spare.
    pub fn add_margin(&mut self, account: u32, symbol: u32, leg: Leg, amount: Amount) -> Outcome<()> {
        self.accounts.known(account)?;
        self.known(symbol)?;
        self.accounts.leg_fits(account, leg)?;
        let position = *self.accounts.position(account, symbol, leg);
        if !position.isolated || position.qty == 0 {
            let was = amount.to_string();
            return Err(CoreError::Field { field: "margin", was, why: "is for a position in isolated margin" }.into());
        }
        let asset = self.accounts.contracts[symbol as usize].instrument.settle;
        let spare = if amount > 0 {
            self.accounts.equity(account, asset) - self.accounts.margin_used(account, asset)
        } else {
            let worth = position.wallet + self.accounts.unrealised(account, symbol, leg).min(0);
            worth - self.accounts.position_margin(account, symbol, leg)
        };
        if amount.abs() > spare {
            return Err(Refusal::InsufficientMargin.into());
        }
        self.accounts.position_mut(account, symbol, leg).wallet += amount;
        Ok(())
    }

    /// Liquidates those of an account's isolated positions that must be; says whether they are isolated at all.
    pub(super) fn mark_isolated(&mut self, account: u32, symbol: u32, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<bool> {
        if !self.accounts.is_isolated(account, symbol) {
            return Ok(false);
        }
        for leg in self.accounts.legs(account) {
            let held = self.accounts.position(account, symbol, *leg).qty != 0;
            if held && self.accounts.isolated_short(account, symbol, *leg) {
                self.liquidate_isolated(account, symbol, *leg, ts, out)?;
            }
        }
        Ok(true)
    }

    fn liquidate_isolated(
        &mut self,
        account: u32,
        symbol: u32,
        leg: Leg,
        ts: Nanos,
        out: &mut Vec<Exec>,
    ) -> Outcome<()> {
        let asset = self.accounts.contracts[symbol as usize].instrument.settle;
        let cross = |accounts: &Accounts| {
            accounts.list[account as usize].purses[usize::from(asset)].free - accounts.isolated_total(account, asset)
        };
        let before = cross(&self.accounts);
        let mut desk = self.desk(symbol, ts, out)?;
        desk.cancel_all(account, Reason::Liquidation)?;
        desk.disarm_all(account);
        desk.close_out(account, leg)?;
        desk.spring()?;
        let lost = (before - cross(&self.accounts)).max(0);
        self.accounts.purse(account, asset).free += lost;
        self.accounts.purse(VENUE, asset).free -= lost;
        Ok(())
    }
}
