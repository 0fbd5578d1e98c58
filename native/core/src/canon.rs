//! The canonical form of state: one field list gives bytes, their inverse, and a nudge of any single leaf.
//!
//! `state!` declares a struct once; the state hash, snapshots and the test that changes every field by one
//! unit all follow from that list, so a new field cannot be forgotten in any of them.

use crate::error::{CoreError, Result};
use std::collections::{BTreeMap, VecDeque};

/// A value with one canonical byte form (little-endian, lengths as u64, maps in key order).
pub trait Canon: Sized {
    /// Appends the canonical bytes.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads a value back and advances `input`; short or impossible input is an error, never a panic.
    fn take(input: &mut &[u8]) -> Result<Self>;
    /// How many leaves (single numbers, flags, length-bearing bytes) the value has.
    fn leaves(&self) -> usize;
    /// Changes leaf number `index` by one unit. The caller keeps `index < leaves()`.
    fn nudge(&mut self, index: usize);
}

/// Takes `n` bytes off the front of `input`.
pub fn take_bytes<'a>(input: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    if input.len() < n {
        return Err(CoreError::Field {
            field: "snapshot",
            was: format!("{} bytes left", input.len()),
            why: "is cut short",
        });
    }
    let (head, tail) = input.split_at(n);
    *input = tail;
    Ok(head)
}

/// Refuses a snapshot value that no writer could have produced.
pub fn impossible(field: &'static str, was: impl ToString) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why: "is not a value that a snapshot can hold" }
}

macro_rules! canon_int {
    ($($t:ty),*) => {$(
        impl Canon for $t {
            fn put(&self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
            fn take(input: &mut &[u8]) -> Result<Self> {
                let raw = take_bytes(input, size_of::<$t>())?;
                Ok(<$t>::from_le_bytes(raw.try_into().map_err(|_| impossible(stringify!($t), raw.len()))?))
            }
            fn leaves(&self) -> usize { 1 }
            fn nudge(&mut self, _: usize) { *self = self.wrapping_add(1); }
        }
    )*};
}
canon_int!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl Canon for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        match take_bytes(input, 1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(impossible("bool", other)),
        }
    }
    fn leaves(&self) -> usize {
        1
    }
    fn nudge(&mut self, _: usize) {
        *self = !*self;
    }
}

impl Canon for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self::from_bits(u64::take(input)?))
    }
    fn leaves(&self) -> usize {
        1
    }
    fn nudge(&mut self, _: usize) {
        *self = Self::from_bits(self.to_bits().wrapping_add(1));
    }
}

impl<T: Canon, const N: usize> Canon for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.put(out));
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let items = (0..N).map(|_| T::take(input)).collect::<Result<Vec<T>>>()?;
        items.try_into().map_err(|_| impossible("array", N))
    }
    fn leaves(&self) -> usize {
        self.iter().map(Canon::leaves).sum()
    }
    fn nudge(&mut self, index: usize) {
        nudge_nth(self.iter_mut(), index);
    }
}

impl<T: Canon> Canon for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(if bool::take(input)? { Some(T::take(input)?) } else { None })
    }
    fn leaves(&self) -> usize {
        1 + self.as_ref().map_or(0, Canon::leaves)
    }
    /// Leaf 0 is the presence itself; an absent value has nothing to become, so it stays absent but its
    /// owner's other leaves remain reachable. A present one disappears.
    fn nudge(&mut self, index: usize) {
        match self {
            Some(_) if index == 0 => *self = None,
            Some(value) => value.nudge(index - 1),
            None => {}
        }
    }
}

macro_rules! canon_list {
    ($list:ident, $push:ident) => {
        impl<T: Canon> Canon for $list<T> {
            fn put(&self, out: &mut Vec<u8>) {
                (self.len() as u64).put(out);
                self.iter().for_each(|item| item.put(out));
            }
            fn take(input: &mut &[u8]) -> Result<Self> {
                let len = u64::take(input)?;
                if len > input.len() as u64 {
                    return Err(impossible("length", len));
                }
                let mut list = $list::with_capacity(len as usize);
                for _ in 0..len {
                    list.$push(T::take(input)?);
                }
                Ok(list)
            }
            fn leaves(&self) -> usize {
                self.iter().map(Canon::leaves).sum()
            }
            fn nudge(&mut self, index: usize) {
                nudge_nth(self.iter_mut(), index);
            }
        }
    };
}
canon_list!(Vec, push);
canon_list!(VecDeque, push_back);

impl<K: Canon + Ord, V: Canon> Canon for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let len = u64::take(input)?;
        if len > input.len() as u64 {
            return Err(impossible("length", len));
        }
        (0..len).map(|_| Ok((K::take(input)?, V::take(input)?))).collect()
    }
    fn leaves(&self) -> usize {
        self.iter().map(|(key, value)| key.leaves() + value.leaves()).sum()
    }
    fn nudge(&mut self, mut index: usize) {
        let entries = std::mem::take(self);
        for (mut key, mut value) in entries {
            let (in_key, in_value) = (key.leaves(), value.leaves());
            if index < in_key {
                key.nudge(index);
                index = usize::MAX;
            } else if index < in_key + in_value {
                value.nudge(index - in_key);
                index = usize::MAX;
            } else {
                index = index.saturating_sub(in_key + in_value);
            }
            self.insert(key, value);
        }
    }
}

impl Canon for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let len = u64::take(input)?;
        if len > input.len() as u64 {
            return Err(impossible("length", len));
        }
        let raw = take_bytes(input, len as usize)?;
        std::str::from_utf8(raw).map(str::to_owned).map_err(|_| impossible("text", "not UTF-8"))
    }
    fn leaves(&self) -> usize {
        1
    }
    fn nudge(&mut self, _: usize) {
        self.push('+');
    }
}

/// Nudges the leaf `index` of a sequence of values.
pub fn nudge_nth<'a, T: Canon + 'a>(items: impl Iterator<Item = &'a mut T>, mut index: usize) {
    for item in items {
        let count = item.leaves();
        if index < count {
            item.nudge(index);
            return;
        }
        index -= count;
    }
}

/// Declares a struct whose every field is part of the canonical state.
///
/// `state! { /// doc \n pub struct Name { /// doc \n pub field: Type, ... } }` adds `Canon` over all fields in
/// order. Derives are written by the caller above the struct as usual.
#[macro_export]
macro_rules! state {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* $vis:vis $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$fmeta])* $vis $field: $ty),* }

        impl $crate::canon::Canon for $name {
            fn put(&self, out: &mut Vec<u8>) { $($crate::canon::Canon::put(&self.$field, out);)* }
            fn take(input: &mut &[u8]) -> $crate::error::Result<Self> {
                Ok(Self { $($field: <$ty as $crate::canon::Canon>::take(input)?),* })
            }
            fn leaves(&self) -> usize { 0 $(+ $crate::canon::Canon::leaves(&self.$field))* }
            #[allow(unused_assignments, reason = "the last field's subtraction has no reader")]
            fn nudge(&mut self, mut index: usize) {
                $(
                    let count = $crate::canon::Canon::leaves(&self.$field);
                    if index < count { return $crate::canon::Canon::nudge(&mut self.$field, index); }
                    index -= count;
                )*
            }
        }
    };
}

/// The error for a byte that no variant has, out of the way of the code that reads good ones.
#[doc(hidden)]
#[cold]
pub fn not_known(name: &'static str, raw: u8) -> CoreError {
    CoreError::Field { field: name, was: raw.to_string(), why: "is not a known value" }
}

/// Gives a `repr(u8)` enum without payload its canonical form from the list of its variants.
#[macro_export]
macro_rules! canon_enum {
    ($name:ident { $($variant:ident),* $(,)? }) => {
        impl $name {
            /// The variant behind a raw byte, where there is one.
            #[inline]
            #[must_use]
            pub const fn known(raw: u8) -> Option<Self> {
                $(if raw == Self::$variant as u8 { return Some(Self::$variant); })*
                None
            }

            /// The variant behind a raw byte, or an error that names the value.
            #[inline]
            pub fn from_byte(raw: u8) -> $crate::error::Result<Self> {
                match Self::known(raw) {
                    Some(variant) => Ok(variant),
                    None => Err($crate::canon::not_known(stringify!($name), raw)),
                }
            }
        }
        impl $crate::canon::Canon for $name {
            fn put(&self, out: &mut Vec<u8>) { out.push(*self as u8); }
            fn take(input: &mut &[u8]) -> $crate::error::Result<Self> {
                Self::from_byte($crate::canon::take_bytes(input, 1)?[0])
            }
            /// An enum of one variant cannot be anything else, so it has no leaf.
            fn leaves(&self) -> usize { usize::from([$(Self::$variant),*].len() > 1) }
            fn nudge(&mut self, _: usize) {
                let all = [$(Self::$variant),*];
                let at = all.iter().position(|v| v == self).unwrap_or(0);
                *self = all[(at + 1) % all.len()];
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    state! {
        /// A sample with every kind of member.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Sample {
            /// A number.
            pub price: i64,
            /// A list.
            pub levels: Vec<u8>,
            /// A map.
            pub map: BTreeMap<u32, i128>,
            /// A maybe.
            pub maybe: Option<i64>,
            /// A text.
            pub name: String,
        }
    }

    fn sample() -> Sample {
        Sample { price: 5, levels: vec![1, 2], map: [(1, 2), (3, 4)].into(), maybe: Some(7), name: "a".into() }
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let mut bytes = Vec::new();
        sample().put(&mut bytes);
        let mut input = bytes.as_slice();
        assert_eq!(Sample::take(&mut input).unwrap(), sample());
        assert!(input.is_empty());
        for cut in 0..bytes.len() {
            assert!(Sample::take(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn every_leaf_changes_the_bytes() {
        let mut before = Vec::new();
        sample().put(&mut before);
        for leaf in 0..sample().leaves() {
            let (mut changed, mut after) = (sample(), Vec::new());
            changed.nudge(leaf);
            changed.put(&mut after);
            assert_ne!(before, after, "leaf {leaf}");
        }
    }
}
