//! What accounts and strategies are worth now: equity and results, marked in every settlement asset.
//!
//! catalogue: O6, R1. Run after every fill, statement and timer; the gate's loss limits read what it marks.

use crate::error::Result;
use crate::instrument::Market;
use crate::position::value::base_at;
use crate::state::State;
use crate::units::Amount;

impl State {
    /// Marks the equity of one account in every settlement asset: wallet plus unrealised results, spot at the mid.
    /// Where something held cannot be valued the last mark stays.
    pub(crate) fn revalue(&mut self, account: u16) -> Result<()> {
        for index in 0..self.definitions.instruments.len() {
            let settle = self.definitions.instruments[index].settle;
            let seen = self.definitions.instruments[..index].iter().any(|i| i.settle == settle);
            if seen {
                continue;
            }
            let equity = self.equity_of(account, settle)?;
            if let Some(equity) = equity.filter(|sum| *sum != 0 || self.equity.figures(account, settle).is_some()) {
                self.equity.mark(account, settle, equity, self.session.now)?;
            }
            for strategy in 1..=self.definitions.strategies.len() as u16 {
                if let Some(result) = self.result_of(account, strategy, settle)? {
                    self.equity.mark_strategy(account, strategy, settle, result, self.session.now)?;
                }
            }
        }
        Ok(())
    }

    /// What a strategy's positions earned in a settlement asset; None where it has none there, or where one needs a price
    /// that is unknown: the last mark stays.
    fn result_of(&self, account: u16, strategy: u16, settle: u16) -> Result<Option<Amount>> {
        let mut sum = None;
        for instrument in self.definitions.instruments.iter().filter(|i| i.settle == settle) {
            let Some(row) = self.positions.get(account, strategy, instrument.id) else { continue };
            let price_e8 = self.valued_e8(instrument.id);
            if price_e8 == 0 && (row.qty != 0 || row.fees_base != 0) {
                return Ok(None);
            }
            sum = Some(sum.unwrap_or(0) + row.result(instrument, price_e8)?);
        }
        Ok(sum)
    }

    /// Wallets of all markets, what spot holds of base assets, and open results. None while something is held that has no
    /// price yet: counted as nothing it would make a loss when it is lost, and a profit that hides losses when it comes.
    pub(crate) fn equity_of(&self, account: u16, settle: u16) -> Result<Option<Amount>> {
        let wallet = |market| self.ledger.wallet(account, market, settle);
        let mut sum = wallet(Market::Spot) + wallet(Market::Linear) + wallet(Market::Inverse);
        for instrument in self.definitions.instruments.iter().filter(|i| i.settle == settle) {
            let price_e8 = self.valued_e8(instrument.id);
            if instrument.market == Market::Spot {
                let base = self.ledger.wallet(account, Market::Spot, instrument.base);
                if base != 0 && price_e8 == 0 {
                    return Ok(None);
                }
                sum += base_at(instrument, base, price_e8)?;
            } else if let Some(net) = self.positions.net(account, instrument.id).filter(|net| net.qty != 0) {
                if price_e8 == 0 {
                    return Ok(None);
                }
                sum += net.unrealised(instrument, price_e8)?;
            }
        }
        Ok(Some(sum))
    }

    /// Coins that came in from outside are worth something and are no profit: equity moves by it; where nobody knows yet
    /// what they are worth, the next mark begins anew.
    pub(crate) fn move_holding(&mut self, account: u16, base: u16, moved: Amount) -> Result<()> {
        for index in 0..self.definitions.instruments.len() {
            let instrument = &self.definitions.instruments[index];
            if instrument.market != Market::Spot || instrument.base != base {
                continue;
            }
            match self.valued_e8(instrument.id) {
                0 => self.equity.forget(account, instrument.settle),
                price_e8 => self.equity.transfer(account, instrument.settle, base_at(instrument, moved, price_e8)?),
            }
        }
        Ok(())
    }
}
