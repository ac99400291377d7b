//! The hooks of an actor: methods that are called when something happens to it, and are no messages.

use crate::function::{Errors, Function};
use crate::method::{Hook, Role, Words, is_context};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

/// One hook, as far as its call needs to know it.
struct Called {
    hook: Hook,
    name: Ident,
    is_async: bool,
    passed: Vec<Passed>,
}

enum Passed {
    Context,
    /// What the hook is about: an exit, an end.
    Subject,
}

/// All hooks of a block.
pub(crate) struct Hooks(Vec<Called>);

impl Hooks {
    pub(crate) fn new(functions: &[Function], errors: &mut Errors) -> Self {
        let mut hooks: Vec<Called> = Vec::new();
        for function in functions {
            // What is wrong with the words is said where the messages are read.
            let Role::Hook(hook) = Words::of(function, &mut Errors::default()).role else { continue };
            check(function, hook, errors);
            if hooks.iter().any(|other| other.hook == hook) {
                errors.push(function.name.span(), "there is such a hook already: call this one from it");
            }
            let passed = function.arguments.iter();
            let passed =
                passed.map(|argument| if is_context(&argument.ty) { Passed::Context } else { Passed::Subject });
            hooks.push(Called {
                hook,
                name: function.name.clone(),
                is_async: function.asyncness.is_some(),
                passed: passed.collect(),
            });
        }
        Self(hooks)
    }

    pub(crate) fn code(&self, krate: &TokenStream) -> TokenStream {
        self.0.iter().map(|called| called.code(krate)).collect()
    }
}

impl Called {
    fn code(&self, krate: &TokenStream) -> TokenStream {
        let Self { hook, name, is_async, passed } = self;
        let passed = passed.iter().map(|passed| match passed {
            Passed::Context => quote_spanned!(Span::mixed_site()=> context),
            Passed::Subject => quote_spanned!(Span::mixed_site()=> subject),
        });
        let wait = is_async.then(|| quote!(.await));
        let here = name.span().resolved_at(Span::mixed_site());
        let call = quote_spanned!(here=> Self::#name(self, #(#passed),*) #wait);
        let context = quote_spanned!(Span::mixed_site()=> context: &mut #krate::__private::Context<Self>);
        let outcome = quote_spanned!(here=> #krate::__private::IntoOutcome::into_outcome(#call).map(::core::mem::drop));
        match hook {
            Hook::Started => quote_spanned! {here=>
                #[allow(unused_variables)]
                async fn started(&mut self, #context) -> #krate::__private::Outcome { #outcome }
            },
            Hook::Stopping => quote_spanned! {here=>
                #[allow(unused_variables)]
                async fn stopping(&mut self, #context) -> #krate::__private::Outcome { #outcome }
            },
            Hook::Stopped => quote_spanned! {here=>
                #[allow(unused_variables)]
                async fn stopped(&mut self, subject: &#krate::__private::End) { #call; }
            },
            Hook::Exited => quote_spanned! {here=>
                const HEARS_EXITS: bool = true;
                #[allow(unused_variables)]
                async fn exited(&mut self, subject: #krate::__private::Exit, #context) { #call; }
            },
            Hook::Describe => quote_spanned!(here=> fn describe(&self) -> ::std::string::String { #call }),
        }
    }
}

fn check(function: &Function, hook: Hook, errors: &mut Errors) {
    let span = function.name.span();
    let subjects = function.arguments.iter().filter(|argument| !is_context(&argument.ty)).count();
    let contexts = function.arguments.len() - subjects;
    let (most_subjects, most_contexts, write) = match hook {
        Hook::Started => (0, 1, "write `async fn started(&mut self, context: &mut Context<Self>) -> Outcome`"),
        Hook::Stopping => (0, 1, "write `async fn stopping(&mut self, context: &mut Context<Self>) -> Outcome`"),
        Hook::Stopped => (1, 0, "write `async fn stopped(&mut self, end: &End)`"),
        Hook::Exited => (1, 1, "write `async fn exited(&mut self, exit: Exit, context: &mut Context<Self>)`"),
        Hook::Describe => (0, 0, "write `fn describe(&self) -> String`"),
    };
    let borrows = function.receiver.as_ref().is_some_and(|receiver| receiver.borrowed);
    let misses = hook == Hook::Exited && subjects == 0 || hook == Hook::Describe && function.asyncness.is_some();
    if !borrows || subjects > most_subjects || contexts > most_contexts || misses {
        errors.push(span, format!("this hook is called with something else: {write}"));
    }
}
