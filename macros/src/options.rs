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
        let parse = |input: ParseStream<'_>| {
            let mut options = Self::default();
            while !input.is_empty() {
                options.parse_one(input, flags)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(options)
        };
        parse.parse2(arguments)
    }

    fn parse_one(&mut self, input: ParseStream<'_>, flags: &[&'static str]) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = input.call(Path::parse_mod_style)?.into_token_stream();
            return Ok(());
        }
        let known: String = flags.iter().map(|flag| format!("`{flag}` or ")).collect();
        let unknown = format!("write {known}`crate = path` here, or nothing");
        let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), &unknown))?;
        let flag = flags.iter().find(|flag| word == flag);
        self.flags.push(flag.ok_or_else(|| syn::Error::new(word.span(), unknown))?);
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { krate: quote!(::rendez), flags: Vec::new() }
    }
}
