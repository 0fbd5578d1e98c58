//! Halts and the kill switch: who may not trade now.
//!
//! catalogue: R1, R5. A command halts a scope until another resumes it; cancels pass all the same, because they
//! never reach this check. A kill that is to flatten leaves one more way open: an order that only reduces the
//! account's position, whatever else is open on its side, and that the venue too would refuse to let increase it.

use super::case::Case;
use super::limits::{Halt, Limits, Scope, subject_of};
use super::refusal::{Check, Finding, Why};
use crate::error::Result;
use crate::event::{Command, Verb};

/// The value of a kill command that lets reducing orders pass; any other lets nothing pass.
pub(super) const FLATTEN: i64 = 1;

/// The first scope of the proposal that is halted.
#[inline]
pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    if !case.halted() {
        return None;
    }
    case.scopes()
        .find(|(_, row)| match row.halted {
            Halt::Off => false,
            Halt::All => true,
            Halt::AllButReducing => !(case.reduce_only && case.flattens),
        })
        .map(|(scope, row)| case.finding(Check::Halt, scope, Why::Halted, 0, row.cause.into()))
}

/// Applies a halt, a kill or a resume; other verbs change nothing here. The last word holds: a halt after a kill that
/// flattens stops the flattening too.
///
/// A halt whose subject is beyond the bounds, or whose scope cannot be read, halts everything: in doubt, stop.
/// A resume of such a subject is refused. A command that names a symbol beside another scope halts the whole scope.
pub(super) fn command(limits: &mut Limits, command: &Command) -> Result<()> {
    let (halted, cause) = match Verb::from_byte(command.verb)? {
        Verb::Kill if command.value == FLATTEN => (Halt::AllButReducing, command.cause),
        Verb::Halt | Verb::Kill => (Halt::All, command.cause),
        Verb::Resume => (Halt::Off, 0),
        _ => return Ok(()),
    };
    let done = Scope::from_byte(command.scope).and_then(|scope| {
        let subject = subject_of(scope, command.subject, command.header.instrument);
        limits.halt(scope, subject, halted, cause)
    });
    if halted != Halt::Off && done.is_err() {
        return limits.halt(Scope::All, 0, halted, cause);
    }
    done
}
