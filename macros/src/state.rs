//! States of an actor: which methods answer a message in which of them, and which messages wait for another.
//!
//! What a state is, the actor's own fields say: `when` is a condition over them.

use crate::actor::Actor;
use crate::function::{Errors, Function};
use crate::message::{Message, Passed, check_signature, passed, types_text};
use crate::method::Words;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

/// A method that answers another one's message in another state.
pub(crate) struct Alternative {
    name: Ident,
    passed: Vec<Passed>,
    /// The state, as an expression; none is any.
    when: Option<TokenStream>,
}

/// Gives each message the methods that answer it in other states, in the order they are written.
pub(crate) fn add_alternatives(functions: &[Function], messages: &mut [Message], errors: &mut Errors) {
    for function in functions {
        // What is wrong with the words is said where the messages are read.
        let words = Words::of(function, &mut Errors::default());
        let Some(answered) = words.answers else { continue };
        let is_it = |name: &Ident| name.unraw() == answered.unraw();
        let Some(message) = messages.iter_mut().find(|message| is_it(&message.name)) else {
            errors.push(answered.span(), format!("`{answered}` is no message of this actor: name one that is"));
            continue;
        };
        check_signature(function, errors);
        let own = functions.iter().find(|other| is_it(&other.name));
        if own.is_some_and(|own| types_text(own) != types_text(function)) {
            let text = format!("whoever sends `{answered}` does not know the state: take and return what that does");
            errors.push(function.name.span(), text);
        }
        let borrows = function.receiver.as_ref().is_some_and(|receiver| receiver.borrowed);
        if function.asyncness.is_none() || !borrows || words.one_way || words.urgent {
            let text =
                format!("write `#[actor(answers = {answered}, when = ..)] async fn {}(&mut self, ..)`", function.name);
            errors.push(function.name.span(), text);
        }
        if message.reentrant && function.receiver.as_ref().is_some_and(|receiver| receiver.mutable) {
            let text = format!("`{answered}` is handled beside others: write `&self` here too");
            errors.push(function.name.span(), text);
        }
        let last = message.alternatives.last().map_or(&message.when, |alternative| &alternative.when);
        if last.is_none() {
            let text = format!("`{answered}` is always answered before it comes to this: give what is before a `when`");
            errors.push(function.name.span(), text);
        }
        let alternative = Alternative::new(function, words.when, &message.names);
        message.alternatives.push(alternative);
    }
}

impl Alternative {
    /// `names` are the message's: those of the method are for its own condition.
    fn new(function: &Function, when: Option<TokenStream>, names: &[Ident]) -> Self {
        let mut own = Vec::new();
        let mut sent = names.iter();
        let mut passed: Vec<_> = function.arguments.iter().map(passed).collect();
        for passed in &mut passed {
            if let Passed::Name(name) = passed
                && let Some(sent) = sent.next()
            {
                own.push(std::mem::replace(name, sent.clone()));
            }
        }
        let names = names.iter().take(own.len());
        let when = when.map(|when| quote!({ let (#(#own,)*) = (#(#names,)*); #when }));
        Self { name: function.name.clone(), passed, when }
    }
}

impl Message {
    /// The state in which somebody answers it; none is any.
    fn accepted(&self) -> Option<TokenStream> {
        let own = self.when.iter().cloned();
        let others = self.alternatives.iter().map(|alternative| alternative.when.clone());
        let all: Option<Vec<_>> = others.collect();
        let all: Vec<_> = own.chain(all?).collect();
        (!all.is_empty()).then(|| quote!(#((#all))||*))
    }

    /// Has the methods handle it whose state it is.
    pub(crate) fn handled(&self) -> TokenStream {
        let call = |name: &Ident, passed: &[Passed]| {
            let span = name.span().resolved_at(Span::mixed_site());
            let is_deferred = passed.iter().any(|passed| matches!(passed, Passed::Reply));
            let passed = passed.iter().map(|passed| match passed {
                Passed::Name(name) => name.to_token_stream(),
                Passed::Context => quote_spanned!(Span::mixed_site()=> context),
                Passed::Reply => quote_spanned!(Span::mixed_site()=> reply),
            });
            let call = quote_spanned!(span=> Self::#name(self, #(#passed),*).await);
            if self.one_way || is_deferred { call } else { quote_spanned!(span=> reply.answer(#call)) }
        };
        let own = call(&self.name, &self.passed);
        if self.alternatives.is_empty() {
            return own;
        }
        let (which, names) = (self.which(), &self.names);
        let others = self.alternatives.iter().zip(1_usize..);
        let (last, rest): (Vec<_>, Vec<_>) = others.partition(|(_, number)| *number == self.alternatives.len());
        let last = last.iter().map(|(alternative, _)| call(&alternative.name, &alternative.passed));
        let rest = rest.iter().map(|(alternative, number)| {
            let call = call(&alternative.name, &alternative.passed);
            quote!(#number => #call,)
        });
        quote_spanned! {Span::mixed_site()=>
            match Self::#which(self, #(&#names),*) { 0 => #own, #(#rest)* #(_ => #last,)* }
        }
    }

    /// Says which of its methods it comes to.
    fn which_code(&self) -> Option<TokenStream> {
        self.alternatives.last()?;
        let Self { conditions, names, types, .. } = self;
        let which = self.which();
        let states =
            self.when.iter().chain(self.alternatives.iter().filter_map(|alternative| alternative.when.as_ref()));
        let numbers = 0..self.alternatives.len();
        // Not of mixed site: `self` is the one that the conditions mean.
        let chosen = states.zip(numbers).map(|(when, number)| quote!(if #when { return #number; }));
        let last = self.alternatives.len();
        Some(quote! {
            #(#conditions)*
            #[doc(hidden)]
            #[allow(unused_variables, clippy::let_unit_value, clippy::needless_return, clippy::blocks_in_conditions, clippy::unused_self, clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)]
            fn #which(&self, #(#names: &#types),*) -> usize {
                #(#chosen)*
                #last
            }
        })
    }

    fn which(&self) -> Ident {
        format_ident!("__which_{}", self.name)
    }
}

impl Actor {
    /// Which messages can be handled in the present state, where some have a condition.
    pub(crate) fn accepts(&self) -> TokenStream {
        let enumeration = &self.message;
        let conditional = self.messages.iter().filter_map(|message| Some((message, message.accepted()?)));
        let arms: Vec<_> = conditional
            .map(|(Message { conditions, name, names, one_way, .. }, when)| {
                let reply = (!one_way).then(|| quote!(_));
                quote!(#(#conditions)* #enumeration::#name(#(#names,)* #reply) => { #when })
            })
            .collect();
        if arms.is_empty() {
            return TokenStream::new();
        }
        // Not of mixed site: `self` is the one that the conditions mean.
        quote! {
            #[allow(unused_variables, unused_parens, clippy::let_unit_value, clippy::blocks_in_conditions)]
            fn accepts(&self, message: &Self::Message) -> bool {
                match message {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => true,
                }
            }
        }
    }

    /// The functions that say which method a message comes to, beside the actor's own.
    pub(crate) fn states(&self) -> TokenStream {
        let functions: Vec<_> = self.messages.iter().filter_map(Message::which_code).collect();
        if functions.is_empty() {
            return TokenStream::new();
        }
        let (generic, _, where_clause) = self.generics.split_for_impl();
        let ty = &self.ty;
        quote!(impl #generic #ty #where_clause { #(#functions)* })
    }
}
