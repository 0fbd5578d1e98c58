//! Segments that a swap crosses whole: what the last one came to, kept where it ended, so that the next need not ask again.
//!
//! catalogue: S4. Between two neighbouring initialised ticks the amounts, the fee and the growth are fixed by the two
//! ticks, the liquidity between them and the protocol's share. So a known segment is good as long as these are the same,
//! whatever was minted, burnt or undone meanwhile; it names them, and needs nobody who throws it away. It holds the sums
//! of the contract's own steps, edges of words included, each rounded as the contract rounds it.

use super::Pool;
use super::swap::Progress;
use crate::clamm::i256::I256;
use crate::clamm::revert::Revert;
use crate::clamm::segment::Whole;
use crate::clamm::tick::Totals;
use crate::clamm::u256::U256;

impl Pool {
    /// Takes the swap over the segment ahead, if it is known and what remains is enough; true when it did.
    #[inline]
    pub(super) fn cross_whole(
        &mut self,
        at: &mut Progress,
        limit: U256,
        totals: &mut Option<Totals>,
        now: u32,
    ) -> Result<bool, Revert> {
        let Some((tick, slot)) = self.ticks.neighbour(at.cursor, at.falling) else { return Ok(false) };
        let (whole, price) = self.ticks.segment(slot, at.falling);
        let beyond = if at.falling { price < limit } else { price > limit };
        let same =
            whole.from == at.from && whole.liquidity == at.liquidity && whole.fee_protocol == self.head.fee_protocol;
        if beyond || !same {
            return Ok(false);
        }
        let (paid, got) = (I256(U256::from(whole.paid)), I256(U256::from(whole.got)));
        let (remaining, calculated, spent) = if at.exact_in {
            let remaining = at.remaining.wrapping_sub(paid);
            (remaining, at.calculated.checked_sub(got), remaining.is_negative())
        } else {
            let remaining = at.remaining.wrapping_add(got);
            (remaining, at.calculated.checked_add(paid), !remaining.is_negative())
        };
        // An output can be used up before the last step, where that yields nothing; the steps know. An input cannot, because
        // where there is liquidity each step costs something.
        let Some(calculated) = calculated.filter(|_| !spent) else { return Ok(false) };
        at.remaining = remaining;
        at.calculated = calculated;
        at.fee_growth = at.fee_growth.wrapping_add(whole.growth);
        at.protocol_fee = at.protocol_fee.wrapping_add(whole.protocol);
        at.sqrt_price = price;
        at.cursor = if at.falling { at.cursor - 1 } else { at.cursor + 1 };
        self.cross(tick, slot, at, totals, now)?;
        Ok(true)
    }

    /// Keeps what the segment that ends at `slot` came to, if it began at an initialised tick and was crossed whole.
    #[inline]
    pub(super) fn know_segment(&mut self, slot: u32, at: &Progress) {
        // Where nothing remains the last step may have ended at the tick without taking all that lies before it.
        let Some(left) = at.left.filter(|_| !at.remaining.is_zero()) else { return };
        let specified = left.remaining.wrapping_sub(at.remaining).unsigned_abs().to_u128();
        let calculated = left.calculated.wrapping_sub(at.calculated).unsigned_abs().to_u128();
        let (Some(specified), Some(calculated)) = (specified, calculated) else { return };
        let (paid, got) = if at.exact_in { (specified, calculated) } else { (calculated, specified) };
        *self.ticks.segment_mut(slot, at.falling) = Whole {
            from: Some(left.tick),
            fee_protocol: self.head.fee_protocol,
            liquidity: left.liquidity,
            paid,
            got,
            growth: at.fee_growth.wrapping_sub(left.fee_growth),
            protocol: at.protocol_fee.wrapping_sub(left.protocol_fee),
        };
    }
}
