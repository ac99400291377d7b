//! `#[test]`: a test whose body is explored. What that does is the runtime's.

use crate::function::{Errors, Function};
use crate::process::typed_future;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, Path, Token};

/// How many schedules are left to chance where nothing is said.
const SCHEDULES: u64 = 10;

/// What stands in the parentheses.
struct Options {
    krate: TokenStream,
    schedules: u64,
    exhaustive: bool,
}

impl Options {
    fn parse(arguments: TokenStream) -> syn::Result<Self> {
        let parse = |input: ParseStream<'_>| {
            let mut options = Self { krate: quote!(::rendez), schedules: SCHEDULES, exhaustive: false };
            while !input.is_empty() {
                options.parse_one(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(options)
        };
        parse.parse2(arguments)
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = input.call(Path::parse_mod_style)?.into_token_stream();
            return Ok(());
        }
        const UNKNOWN: &str = "write `exhaustive`, `schedules = 100` or `crate = path` here, or nothing";
        let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), UNKNOWN))?;
        if word == "exhaustive" {
            self.exhaustive = true;
        } else if word == "schedules" {
            input.parse::<Token![=]>()?;
            self.schedules = input.parse::<LitInt>()?.base10_parse()?;
        } else {
            return Err(syn::Error::new(word.span(), UNKNOWN));
        }
        Ok(())
    }
}

/// The test that the attribute makes. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = Options::parse(arguments).and_then(|options| Ok((options, syn::parse2(item.clone())?)));
    match parsed {
        Ok((options, function)) => expand_function(&options, &function),
        Err(error) => [error.into_compile_error(), item].into_iter().collect(),
    }
}

fn expand_function(options: &Options, function: &Function) -> TokenStream {
    let Options { krate, schedules, exhaustive } = options;
    let errors = misuse(function).into_code();
    let Function { attributes, visibility, name, .. } = function;
    let body = typed_future(function);
    quote_spanned! {name.span().resolved_at(Span::mixed_site())=>
        #errors
        #(#attributes)*
        #[::core::prelude::v1::test]
        #visibility fn #name() {
            let how = #krate::__private::How { schedules: #schedules, exhaustive: #exhaustive };
            #krate::__private::run_test(how, || #body)
        }
    }
}

fn misuse(function: &Function) -> Errors {
    let mut errors = Errors::default();
    let name = &function.name;
    if function.asyncness.is_none() {
        errors.push(
            name.span(),
            format!("what is explored is an `async fn`: write `async fn {name}`, or `#[test]` alone"),
        );
    }
    if let Some(argument) = function.arguments.first() {
        errors.push(argument.name.span(), format!("nobody calls `{name}` with arguments: write `async fn {name}()`"));
    }
    if let Some(parameter) = function.generics.params.first() {
        let span = syn::spanned::Spanned::span(parameter);
        errors.push(span, format!("`{name}` cannot be generic: write `async fn {name}()`"));
    }
    errors
}
