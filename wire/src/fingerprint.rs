//! Whether two nodes mean the same type. A first form: it compares names, not structures.

use std::fmt;

/// A hash of a type's name without its paths.
///
/// Two nodes compare fingerprints before the first value of a channel travels. It catches a wrong type and a renamed
/// one; it does not catch a field that was added under the same name, nor is the spelling of type names guaranteed
/// between versions of the compiler: build the nodes of one program together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a text, such as the signatures of an interface.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(fnv1a(text.as_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The fingerprint of a type.
#[must_use]
pub fn fingerprint<T: ?Sized>() -> Fingerprint {
    Fingerprint::of(&type_label::<T>())
}

/// The name of a type without paths, as in `Vec<(u32, Job)>`.
#[must_use]
pub fn type_label<T: ?Sized>() -> String {
    // Lifetimes say nothing about a value, and not every compiler prints them.
    without_paths(std::any::type_name::<T>()).replace("<'_>", "").replace("'_, ", "")
}

/// Drops every `path::` before an identifier.
fn without_paths(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut word = 0;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            out.truncate(word);
            continue;
        }
        out.push(c);
        if !(c.is_alphanumeric() || c == '_' || c == '{' || c == '}') {
            word = out.len();
        }
    }
    out
}

/// FNV-1a with 64 bits: short, and the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_label_has_no_paths() {
        assert_eq!(type_label::<HashMap<String, Vec<Option<u8>>>>(), "HashMap<String, Vec<Option<u8>>>");
        assert_eq!(type_label::<(&str, [Fingerprint; 3])>(), "(&str, [Fingerprint; 3])");
        assert_eq!(type_label::<std::borrow::Cow<'static, str>>(), "Cow<str>");
        assert_eq!(type_label::<dyn Fn(u8) -> String + Send>(), "dyn Fn(u8) -> String + Send");
    }

    #[test]
    fn a_fingerprint_is_the_same_everywhere_and_differs_between_types() {
        assert_eq!(fingerprint::<u64>().to_string(), format!("{:016x}", fnv1a(b"u64")));
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c, "the published test vector");
        assert_ne!(fingerprint::<Vec<u64>>(), fingerprint::<Vec<u32>>());
    }
}
