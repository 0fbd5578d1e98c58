//! Isolated margin: a position's own wallet, what enters and leaves it, and its own liquidation.
//!
//! catalogue: S1. The wallet is an earmark inside the account's balance, so that conservation is as before: what opens
//! a position puts its initial margin in, what closes it takes its share out, funding is paid from it, and cross margin
//! counts neither it nor the position. A liquidation takes no more than it; the venue pays what is missing.

use super::Exchange;
use super::accounts::{Accounts, VENUE};
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
        self.settling_in(asset).map(|symbol| self.list[account as usize].positions[symbol as usize].wallet).sum()
    }

    /// Whether a position in isolated margin is worth less than its maintenance margin.
    fn isolated_short(&self, account: u32, symbol: u32) -> bool {
        let wallet = self.list[account as usize].positions[symbol as usize].wallet;
        wallet + self.unrealised(account, symbol) < self.maintenance_margin(account, symbol)
    }
}

impl Exchange {
    /// Sets isolated or cross margin; refused while there is a position or an open order.
    pub fn isolate(&mut self, account: u32, symbol: u32, isolated: bool) -> Outcome<()> {
        self.accounts.known(account)?;
        let open = self.known(symbol)?.history.open_of(account).next().is_some();
        let position = &mut self.accounts.list[account as usize].positions[symbol as usize];
        if self.accounts.market == Market::Spot || position.qty != 0 || open {
            let (field, was) = ("isolated", isolated.to_string());
            return Err(
                CoreError::Field { field, was, why: "is for linear symbols with neither position nor order" }.into()
            );
        }
        position.isolated = isolated;
        Ok(())
    }

    /// Moves `amount` from the cross wallet into a position's (out of it where negative), within what each has to
    /// spare.
    pub fn add_margin(&mut self, account: u32, symbol: u32, amount: Amount) -> Outcome<()> {
        self.accounts.known(account)?;
        self.known(symbol)?;
        let position = self.accounts.list[account as usize].positions[symbol as usize];
        if !position.isolated || position.qty == 0 {
            let was = amount.to_string();
            return Err(CoreError::Field { field: "margin", was, why: "is for a position in isolated margin" }.into());
        }
        let asset = self.accounts.contracts[symbol as usize].instrument.settle;
        let spare = if amount > 0 {
            self.accounts.equity(account, asset) - self.accounts.margin_used(account, asset)
        } else {
            let worth = position.wallet + self.accounts.unrealised(account, symbol).min(0);
            worth - self.accounts.position_margin(account, symbol)
        };
        if amount.abs() > spare {
            return Err(Refusal::InsufficientMargin.into());
        }
        self.accounts.list[account as usize].positions[symbol as usize].wallet += amount;
        Ok(())
    }

    /// Liquidates an account's isolated position where it must be; says whether the position is isolated at all.
    pub(super) fn mark_isolated(&mut self, account: u32, symbol: u32, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<bool> {
        let position = self.accounts.list[account as usize].positions[symbol as usize];
        if !position.isolated {
            return Ok(false);
        }
        if position.qty != 0 && self.accounts.isolated_short(account, symbol) {
            let asset = self.accounts.contracts[symbol as usize].instrument.settle;
            let cross = |accounts: &Accounts| {
                accounts.list[account as usize].purses[usize::from(asset)].free
                    - accounts.isolated_total(account, asset)
            };
            let before = cross(&self.accounts);
            let mut desk = self.desk(symbol, ts, out)?;
            desk.cancel_all(account, Reason::Liquidation)?;
            desk.disarm_all(account);
            desk.close_out(account, position.qty)?;
            desk.spring()?;
            let lost = (before - cross(&self.accounts)).max(0);
            self.accounts.purse(account, asset).free += lost;
            self.accounts.purse(VENUE, asset).free -= lost;
        }
        Ok(true)
    }
}
