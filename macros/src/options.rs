//! What stands in the parentheses of an attribute: flags, and the crate that the expansion's paths begin with.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token};

/// The options of one attribute.
pub(crate) struct Options {
    /// `crate = path`; `::rendez` where none is given.
    pub(crate) krate: TokenStream,
    /// The attribute's flags that are there.
    flags: Vec<&'static str>,
}

impl Options {
    /// Whether a flag is there.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// Reads `crate = path` and `flags`, those that the attribute has, in any order.
    pub(crate) fn parse(arguments: TokenStream, flags: &[&'static str]) -> syn::Result<Self> {
        let known: String = flags.iter().map(|flag| format!("`{flag}` or ")).collect();
        let unknown = format!("write {known}`crate = path` here, or nothing");
        let mut there = Vec::new();
        let krate = read(arguments, &unknown, |word, _| {
            let flag = flags.iter().find(|flag| word == flag);
            there.extend(flag);
            Ok(flag.is_some())
        })?;
        Ok(Self { krate, flags: there })
    }
}

/// Reads `crate = path`, and whatever else `take` knows by its first word, in any order; `unknown` is said of a word that it does
/// not know. The crate that the expansion's paths begin with.
pub(crate) fn read(
    arguments: TokenStream,
    unknown: &str,
    mut take: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<bool>,
) -> syn::Result<TokenStream> {
    let parse = |input: ParseStream<'_>| {
        let mut krate = quote!(::rendez);
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                krate = input.call(Path::parse_mod_style)?.into_token_stream();
            } else {
                let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), unknown))?;
                if !take(&word, input)? {
                    return Err(syn::Error::new(word.span(), unknown));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(krate)
    };
    parse.parse2(arguments)
}
