//! `#[process]`: a function that makes a process of its body. The ports are found by the compiler, argument by argument.

use crate::function::{Argument, Errors, Function, borrow_in, impl_in, owned};
use crate::kept::kept;
use crate::options::Options;
use crate::tokens::seen_at;
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, ReturnType, Type};

/// The function that the attribute makes. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = Options::parse(arguments, &["blocking"]).and_then(|options| Ok((options, syn::parse2(item.clone())?)));
    match parsed {
        Ok((options, function)) => expand_function(&options, &function),
        Err(error) => [error.into_compile_error(), item].into_iter().collect(),
    }
}

fn expand_function(options: &Options, function: &Function) -> TokenStream {
    let errors = misuse(function, options.has("blocking"));
    if let Some(receiver) = &function.receiver {
        return syn::Error::new(
            receiver.span,
            "a process is a function of its arguments and takes no `self`: move what it needs into arguments, \
             or write `#[actor]` on the `impl` block for a process with state and methods",
        )
        .into_compile_error();
    }
    let krate = &options.krate;
    let Function { attributes, visibility, name, generics, arguments, .. } = function;
    let where_clause = &generics.where_clause;
    let takes = arguments.iter().map(|argument| {
        let Argument { pattern, name, ty } = argument;
        if is_captured(argument, function) { quote!(#pattern: #ty) } else { quote!(#name: #ty) }
    });
    let returns = match &function.output {
        ReturnType::Type(_, ty) if unfit_output(function).is_none() => {
            let span = ty.span().resolved_at(Span::mixed_site());
            let krate = seen_at(krate, span);
            quote_spanned!(span=> #krate::__private::Process<<#ty as #krate::__private::IntoOutcome>::Value>)
        }
        _ => quote!(#krate::__private::Process<()>),
    };
    // With an error there is no body that could use them.
    let lint = if errors.is_empty() { quote!() } else { quote!(#[allow(unused)]) };
    let body = match (errors.is_empty(), options.has("blocking")) {
        (false, _) => quote!(::core::unreachable!()),
        (true, false) => async_body(krate, function),
        (true, true) => blocking_body(krate, function),
    };
    let errors = errors.into_code();
    quote! {
        #errors
        #(#attributes)*
        #lint
        #[track_caller]
        #visibility fn #name #generics(#(#takes),*) -> #returns #where_clause {
            #body
        }
    }
}

/// Everything about the signature that cannot be a process.
fn misuse(function: &Function, blocking: bool) -> Errors {
    let mut errors = Errors::default();
    let name = &function.name;
    match (&function.asyncness, blocking) {
        (None, false) => errors.push(
            name.span(),
            format!("a process is an `async fn`: write `async fn {name}`, or `#[process(blocking)]` for a body that blocks its thread"),
        ),
        (Some(token), true) => errors.push(
            token.span,
            "a blocking process is an ordinary `fn`: leave out `async`, or write `#[process]` without `blocking`",
        ),
        _ => {}
    }
    if let Some(qualifier) = &function.qualifier {
        errors.push(qualifier.span(), format!("a process cannot be `{qualifier}`: leave it out"));
    }
    for lifetime in function.generics.lifetimes() {
        errors.push(
            lifetime.lifetime.span(),
            "a process may outlive its caller and borrows nothing from it: take values that own what they hold, such as `String`, `Arc<T>` or a channel end",
        );
    }
    for argument in &function.arguments {
        if let Some(span) = borrow_in(&argument.ty.to_token_stream()) {
            let (name, owned) = (&argument.name, owned(&argument.ty));
            errors.push(
                span,
                format!("a process may outlive its caller and borrows nothing from it: write `{name}: {owned}`, and share with `Arc`"),
            );
        }
    }
    if let Some(span) = unfit_output(function) {
        errors.push(span, "a process ends with `Outcome`, `Outcome<T>` or nothing: write one of these");
    }
    errors
}

/// Where a return type is one that no process has.
fn unfit_output(function: &Function) -> Option<Span> {
    let ReturnType::Type(arrow, ty) = &function.output else { return None };
    let never = matches!(**ty, Type::Never(_));
    impl_in(&ty.to_token_stream()).or(never.then(|| arrow.spans[1]))
}

fn async_body(krate: &TokenStream, function: &Function) -> TokenStream {
    let (name, declares) = (function.text(), declares(krate, function));
    let body = typed_future(function);
    let span = function.name.span().resolved_at(Span::mixed_site());
    let krate = seen_at(krate, span);
    quote_spanned! {span=>
        #krate::__private::process(#name, move |id| {
            #declares
            #body
        })
    }
}

fn blocking_body(krate: &TokenStream, function: &Function) -> TokenStream {
    let (name, declares) = (function.text(), declares(krate, function));
    let (output, body) = (function.output_type(), with_arguments(function, &TokenStream::new()));
    let span = function.name.span().resolved_at(Span::mixed_site());
    let krate = seen_at(krate, span);
    quote_spanned! {span=>
        #krate::__private::blocking_process(#name, move |id| {
            #declares
            move || -> #output #body
        })
    }
}

/// Says of each argument that holds channel ends which process holds them.
fn declares(krate: &TokenStream, function: &Function) -> TokenStream {
    let names = function.arguments.iter().map(|argument| &argument.name);
    let body = function.body.stream();
    let kept = function.arguments.iter().flat_map(|argument| kept(&argument.name, &body, function.asyncness.is_none()));
    quote_spanned! {Span::mixed_site()=>
        {
            #[allow(unused_imports)]
            use #krate::__private::{IsEnd as _, IsPorts as _, NotEnd as _, NotPorts as _};
            let _ = id;
            #((&#krate::__private::Probe(&#names)).declare(id);)*
            #((&#krate::__private::Probe(&#kept)).keep(id);)*
        }
    }
}

/// The body as a future. The first `return` in it tells the compiler what it ends with, before it looks at the rest.
pub(crate) fn typed_future(function: &Function) -> TokenStream {
    let span = function.name.span().resolved_at(Span::mixed_site());
    let output = function.output_type();
    let first = quote_spanned! {span=>
        if let ::core::option::Option::Some(never) = ::core::option::Option::None::<#output> {
            return never;
        }
    };
    let body = with_arguments(function, &first);
    quote_spanned!(span=> async move #body)
}

/// The body, after `first` and statements that move every argument into it, used or not.
///
/// One that the body names is captured as it is: a future would keep both what it captures and what that is moved to. All others
/// are taken apart by their patterns, which also has the compiler warn of what is not used.
fn with_arguments(function: &Function, first: &TokenStream) -> Group {
    let (captured, others): (Vec<_>, Vec<_>) =
        function.arguments.iter().partition(|argument| is_captured(argument, function));
    // The first to be mentioned is dropped first: the last argument, as in any function.
    let names = captured.iter().rev().map(|argument| &argument.name);
    let captures = (!captured.is_empty()).then(|| quote!(let _ = (#(&#names,)*);));
    let moves = others.iter().map(|Argument { pattern, name, .. }| {
        let moved = Ident::new("moved", Span::mixed_site());
        quote!(let #moved = #name; let #pattern = #moved;)
    });
    let written = function.body.stream();
    let mut body = Group::new(function.body.delimiter(), quote!(#first #captures #(#moves)* #written));
    body.set_span(function.body.span());
    body
}

/// Whether an argument is a plain name that the body mentions.
fn is_captured(argument: &Argument, function: &Function) -> bool {
    let plain = argument.pattern.clone().into_iter().last().is_some_and(|last| is_name(&last, &argument.name));
    plain && mentions(function.body.stream(), &argument.name)
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => mentions(group.stream(), name),
        // A format string names what it prints.
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        token => is_name(token, name),
    })
}

fn is_name(token: &TokenTree, name: &Ident) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &str, item: &str) -> String {
        expand(arguments.parse().unwrap(), item.parse().unwrap()).to_string()
    }

    #[test]
    fn a_function_broken_off_anywhere_expands() {
        let whole = "/// Docs.\n pub async fn f < T : Send > (mut a : T , (b , c) : (u8 , u8)) -> Outcome where T : Clone { a . }";
        let tokens: Vec<_> = whole.parse::<TokenStream>().unwrap().into_iter().collect();
        for end in 0..=tokens.len() {
            expand(TokenStream::new(), tokens[..end].iter().cloned().collect());
        }
        assert!(expanded("", whole).contains("a . }"), "the body is there for completion");
    }

    #[test]
    fn an_argument_that_the_body_names_is_kept_once() {
        let text = expanded("", "async fn f(mut a: u8, b: u8, (c, d): (u8, u8)) { println!(\"{a}\", c) }");
        assert!(text.contains("(mut a : u8 , b : u8 , argument2 : (u8 , u8))"), "{text}");
        assert!(text.contains("let _ = (& a ,)") && text.contains("let b = moved"), "{text}");
    }

    #[test]
    fn a_misuse_is_named() {
        let said = |arguments, item, words: &str| {
            let text = expanded(arguments, item);
            assert!(text.contains(words), "{item}: {text}");
        };
        said("", "fn f() {}", "write `async fn f`");
        said("blocking", "async fn f() {}", "leave out `async`");
        said("", "async fn f(&self) {}", "takes no `self`");
        said("", "async fn f(text: &str) {}", "write `text: String`");
        said("", "async fn f(mut all: &mut [u8]) {}", "write `all: Vec<u8>`");
        said("", "async fn f(path: &Path, x: Ref<'_, u8>) {}", "write `path: PathBuf`");
        said("", "async fn f<'a>(text: Cow<'a, str>) {}", "borrows nothing");
        said("", "unsafe fn f() {}", "cannot be `unsafe`");
        said("", "async fn f() -> ! {}", "a process ends with `Outcome`");
        said("", "async fn f() -> impl Send {}", "a process ends with `Outcome`");
        said("detached", "async fn f() {}", "write `blocking` or `crate = path` here");
        said("", "struct F;", "write `async fn name(..)`");
    }
}
