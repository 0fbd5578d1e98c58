//! The codes in records: what a byte of a proposal, request, answer, report or command means.

use crate::canon_enum;

macro_rules! byte_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $value),* }
        canon_enum!($name { $($variant),* });
    };
}

byte_enum! {
    /// What a proposal wants.
    Action {
        /// A new order.
        Place = 1,
        /// Cancel `target`.
        Cancel = 2,
        /// Cancel `target` and place `order` in its stead, as one request.
        Replace = 3,
    }
}
byte_enum! {
    /// The order types the core knows.
    OrderType {
        /// Rests at its price or better.
        Limit = 1,
        /// Takes what is there.
        Market = 2,
    }
}
byte_enum! {
    /// How long an order lives.
    TimeInForce {
        /// Until cancelled.
        Gtc = 1,
        /// Post-only: refused if it would take (spot LIMIT_MAKER, USD-M GTX).
        PostOnly = 2,
        /// What fills at once; the rest is cancelled.
        Ioc = 3,
        /// All at once or nothing.
        Fok = 4,
    }
}
byte_enum! {
    /// The request behind a `Sent` or an `Answer`.
    Request {
        /// A new order.
        Place = 1,
        /// A cancel.
        Cancel = 2,
        /// A cancel-replace or amend.
        Replace = 3,
        /// A look-up by our id.
        Query = 4,
    }
}
byte_enum! {
    /// What became of a request.
    Outcome {
        /// The venue took it.
        Accepted = 1,
        /// The venue refused it and says so.
        Rejected = 2,
        /// Timeout, 5xx, -1006, -1007, broken connection: nobody knows.
        Unknown = 3,
        /// A query found no such order (one clean not-found).
        NotFound = 4,
        /// A cancel came too late: the order is already terminal at the venue.
        TooLate = 5,
    }
}
byte_enum! {
    /// Why the venue reports.
    Exec {
        /// Accepted.
        New = 1,
        /// A fill.
        Trade = 2,
        /// Cancelled.
        Canceled = 3,
        /// Rejected.
        Rejected = 4,
        /// Expired (IOC rest, STP, liquidation).
        Expired = 5,
        /// Amended.
        Amended = 6,
        /// A statement of the order's status, from a query.
        Status = 7,
    }
}
byte_enum! {
    /// The venue's order status.
    VenueStatus {
        /// Resting.
        New = 1,
        /// Partly filled.
        PartiallyFilled = 2,
        /// Filled.
        Filled = 3,
        /// Cancelled.
        Canceled = 4,
        /// Rejected.
        Rejected = 5,
        /// Expired.
        Expired = 6,
        /// A cancel is on its way.
        PendingCancel = 7,
    }
}
byte_enum! {
    /// What a command does.
    Verb {
        /// Stop the scope: cancels pass, nothing else does.
        Halt = 1,
        /// Let the scope trade again.
        Resume = 2,
        /// Cancel every open order of the scope.
        CancelAll = 3,
        /// The kill switch: halt and cancel all, until an operator resumes.
        Kill = 4,
        /// The trading day rolls: daily figures start again.
        RollDay = 5,
        /// The engine starts (value: session number).
        Start = 6,
        /// The engine stops.
        Stop = 7,
        /// A parameter of a strategy changes (author: its number, value: its bits).
        Parameter = 8,
    }
}
