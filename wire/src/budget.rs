//! A deserializer inside a deserializer that counts what a value costs while it is built. Knows no encoding.
//!
//! [`Guard`] wraps everything that serde hands around (deserializer, visitor, seed, access), so that each value of a
//! container passes through it. Before an element of a sequence or map is built, its size in Rust is charged.
//! Strings and byte arrays are not charged: they are as long as their input.

use crate::{DecodeFault, Limits};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::cell::Cell;
use std::fmt;

/// The least that an element is charged: units take no input, and each turn of the loop takes time.
const ELEMENT_MIN: usize = 8;
/// How many elements a container may reserve room for on the word of its length prefix.
const RESERVE_MAX: usize = 64;

/// What is left of the [`Limits`] of one decode.
pub(crate) struct Budget {
    limits: Limits,
    depth: Cell<u32>,
    memory: Cell<usize>,
    breach: Cell<Option<DecodeFault>>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, depth: Cell::new(limits.depth), memory: Cell::new(limits.memory), breach: Cell::new(None) }
    }

    /// The limit that was broken, if one was.
    pub(crate) fn breach(&self) -> Option<DecodeFault> {
        self.breach.take()
    }

    /// Goes one level down, until the returned guard is dropped.
    fn enter<E: Error>(&self) -> Result<Level<'_>, E> {
        let Some(left) = self.depth.get().checked_sub(1) else {
            return Err(self.refuse(DecodeFault::TooDeep { limit: self.limits.depth }));
        };
        self.depth.set(left);
        Ok(Level(self))
    }

    /// Pays for one value of this type.
    fn charge<T, E: Error>(&self) -> Result<(), E> {
        let Some(left) = self.memory.get().checked_sub(size_of::<T>().max(ELEMENT_MIN)) else {
            return Err(self.refuse(DecodeFault::TooLarge { limit: self.limits.memory }));
        };
        self.memory.set(left);
        Ok(())
    }

    fn refuse<E: Error>(&self, fault: DecodeFault) -> E {
        self.breach.set(Some(fault));
        E::custom("over budget")
    }
}

struct Level<'b>(&'b Budget);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() + 1);
    }
}

/// One of serde's parties, watched.
pub(crate) struct Guard<'b, X> {
    inner: X,
    budget: &'b Budget,
}

impl<'b, X> Guard<'b, X> {
    pub(crate) const fn new(inner: X, budget: &'b Budget) -> Self {
        Self { inner, budget }
    }

    fn wrap<Y>(&self, inner: Y) -> Guard<'b, Y> {
        Guard { inner, budget: self.budget }
    }
}

/// Values without parts: nothing to watch.
macro_rules! plain {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

/// Values with parts: one level down, and the parts are watched.
macro_rules! container {
    ($($method:ident($($arg:ident: $ty:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
            let _level = self.budget.enter::<D::Error>()?;
            let visitor = self.wrap(visitor);
            self.inner.$method($($arg,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, D> {
    type Error = D::Error;

    plain! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier
    }

    container! {
        deserialize_any()
        deserialize_option()
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_ignored_any()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// What a plain value is visited with.
macro_rules! visit {
    ($($method:ident($ty:ty))*) => {$(
        fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guard<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool(bool) visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128) visit_f32(f32) visit_f64(f64)
        visit_char(char) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.visit_some(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.visit_newtype_struct(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = self.wrap(access);
        self.inner.visit_seq(access)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = self.wrap(access);
        self.inner.visit_map(access)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = self.wrap(access);
        self.inner.visit_enum(access)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.budget.charge::<S::Value, A::Error>()?;
        let seed = self.wrap(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|claimed| claimed.min(RESERVE_MAX))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.budget.charge::<S::Value, A::Error>()?;
        let seed = self.wrap(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.budget.charge::<S::Value, A::Error>()?;
        let seed = self.wrap(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|claimed| claimed.min(RESERVE_MAX))
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for Guard<'b, A> {
    type Error = A::Error;
    type Variant = Guard<'b, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        // The index of the variant is plain: the seed needs no watching.
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Guard { inner: variant, budget: self.budget }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.budget.charge::<S::Value, A::Error>()?;
        let _level = self.budget.enter::<A::Error>()?;
        let seed = self.wrap(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let _level = self.budget.enter::<A::Error>()?;
        let visitor = self.wrap(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let _level = self.budget.enter::<A::Error>()?;
        let visitor = self.wrap(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
