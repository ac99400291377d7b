//! `#[main]`: a `main` that runs its body as the root process. What that does is the runtime's.

use crate::function::{Errors, Function};
use crate::options::Options;
use crate::process::typed_future;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// The function that the attribute makes. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = Options::parse(arguments, &[]).and_then(|options| Ok((options, syn::parse2(item.clone())?)));
    match parsed {
        Ok((options, function)) => expand_function(&options.krate, &function),
        Err(error) => [error.into_compile_error(), item].into_iter().collect(),
    }
}

fn expand_function(krate: &TokenStream, function: &Function) -> TokenStream {
    let errors = misuse(function).into_code();
    let Function { attributes, visibility, name, .. } = function;
    let text = function.text();
    let body = typed_future(function);
    quote_spanned! {name.span().resolved_at(Span::mixed_site())=>
        #errors
        #(#attributes)*
        #visibility fn #name() -> ::std::process::ExitCode {
            #krate::__private::run_main(#text, #body)
        }
    }
}

fn misuse(function: &Function) -> Errors {
    let mut errors = Errors::default();
    let name = &function.name;
    if function.asyncness.is_none() {
        errors.push(name.span(), format!("the root process is an `async fn`: write `async fn {name}`"));
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
