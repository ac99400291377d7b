//! What stands in the parentheses of an attribute: a flag, and the crate that the expansion's paths begin with.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token};

/// The options of one attribute.
pub(crate) struct Options {
    /// `crate = path`; `::rendez` where none is given.
    pub(crate) krate: TokenStream,
    /// Whether the attribute's flag is there.
    pub(crate) flag: bool,
}

impl Options {
    /// Reads `crate = path` and `flag`, where the attribute has one, in any order.
    pub(crate) fn parse(arguments: TokenStream, flag: Option<&str>) -> syn::Result<Self> {
        let parse = |input: ParseStream<'_>| {
            let mut options = Self::default();
            while !input.is_empty() {
                options.parse_one(input, flag)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(options)
        };
        parse.parse2(arguments)
    }

    fn parse_one(&mut self, input: ParseStream<'_>, flag: Option<&str>) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = input.call(Path::parse_mod_style)?.into_token_stream();
            return Ok(());
        }
        let known = flag.map_or_else(String::new, |flag| format!("`{flag}` or "));
        let unknown = format!("write {known}`crate = path` here, or nothing");
        let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), &unknown))?;
        if flag.is_none_or(|flag| word != flag) {
            return Err(syn::Error::new(word.span(), unknown));
        }
        self.flag = true;
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { krate: quote!(::rendez), flag: false }
    }
}
