//! What a buffer is made of: `f32`, `u32`, `i32`. Not structs and not other widths (yet).

/// A type that buffers can hold: four bytes wide, any bit pattern a value.
///
/// Sealed: implemented for `f32`, `u32` and `i32`.
pub trait Element: sealed::Words + Copy + PartialOrd + Default + std::fmt::Debug + Send + Sync + 'static {
    /// The type's name in WGSL.
    const WGSL: &'static str;
}

pub(crate) mod sealed {
    /// The bridge between typed slices and the words that devices store.
    pub trait Words: Sized {
        fn to_words(values: Vec<Self>) -> Vec<u32>;
        fn from_words(words: Vec<u32>) -> Vec<Self>;
        fn view(words: &[u32]) -> &[Self];
        fn view_mut(words: &mut [u32]) -> &mut [Self];
        fn word(self) -> u32;
        fn from_word(word: u32) -> Self;
    }
}

macro_rules! element {
    ($($t:ident),*) => {$(
        impl Element for $t {
            const WGSL: &'static str = stringify!($t);
        }
        // None of these casts copies or can fail: all three types are as wide and as aligned as u32.
        impl sealed::Words for $t {
            fn to_words(values: Vec<Self>) -> Vec<u32> {
                bytemuck::cast_vec(values)
            }
            fn from_words(words: Vec<u32>) -> Vec<Self> {
                bytemuck::cast_vec(words)
            }
            fn view(words: &[u32]) -> &[Self] {
                bytemuck::cast_slice(words)
            }
            fn view_mut(words: &mut [u32]) -> &mut [Self] {
                bytemuck::cast_slice_mut(words)
            }
            fn word(self) -> u32 {
                bytemuck::cast(self)
            }
            fn from_word(word: u32) -> Self {
                bytemuck::cast(word)
            }
        }
    )*};
}
element!(f32, u32, i32);
