//! `#[main]`: a `main` that runs its body as the root process. What that does is the runtime's.

use crate::function::Function;
use crate::options::Options;
use crate::process::typed_future;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

/// The flag of a program that does not say on standard error what nobody hears.
const QUIET: &str = "quiet";

/// The function that the attribute makes. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = Options::parse(arguments, &[QUIET]).and_then(|options| Ok((options, syn::parse2(item.clone())?)));
    match parsed {
        Ok((options, function)) => expand_function(&options, &function),
        Err(error) => [error.into_compile_error(), item].into_iter().collect(),
    }
}

fn expand_function(options: &Options, function: &Function) -> TokenStream {
    let (krate, quiet) = (&options.krate, options.has(QUIET).then(|| quote!(.quiet())));
    let not_async = |name: &Ident| format!("the root process is an `async fn`: write `async fn {name}`");
    let errors = function.misuse_by_itself(not_async).into_code();
    let Function { attributes, visibility, name, .. } = function;
    let text = function.text();
    let body = typed_future(function);
    quote_spanned! {name.span().resolved_at(Span::mixed_site())=>
        #errors
        #(#attributes)*
        #visibility fn #name() -> ::std::process::ExitCode {
            #krate::__private::run_main(#krate::__private::RunOptions::new().named(#text)#quiet, #body)
        }
    }
}
