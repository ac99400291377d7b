//! `#[test]`: a test whose body is explored. What that does is the runtime's.

use crate::function::Function;
use crate::options;
use crate::process::typed_future;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Ident, LitInt, Token};

/// How many schedules are left to chance where nothing is said.
const SCHEDULES: u64 = 10;
/// What is said of a word that means nothing here.
const UNKNOWN: &str = "write `exhaustive`, `schedules = 100` or `crate = path` here, or nothing";

/// What stands in the parentheses.
struct Options {
    krate: TokenStream,
    schedules: u64,
    exhaustive: bool,
}

impl Options {
    fn parse(arguments: TokenStream) -> syn::Result<Self> {
        let (mut schedules, mut exhaustive) = (SCHEDULES, false);
        let krate = options::read(arguments, UNKNOWN, |word, input| {
            if word == "exhaustive" {
                exhaustive = true;
            } else if word == "schedules" {
                input.parse::<Token![=]>()?;
                schedules = input.parse::<LitInt>()?.base10_parse()?;
            } else {
                return Ok(false);
            }
            Ok(true)
        })?;
        Ok(Self { krate, schedules, exhaustive })
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
    let not_async =
        |name: &Ident| format!("what is explored is an `async fn`: write `async fn {name}`, or `#[test]` alone");
    let errors = function.misuse_by_itself(not_async).into_code();
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
