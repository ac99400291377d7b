//! A message of an actor, read from the method that handles it.

use crate::function::{Argument, Errors, Function, borrow_in, compact, impl_in, owned};
use crate::method::{Role, Words, is_context, replied};
use crate::state::Alternative;
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{GenericArgument, Ident, PathArguments, ReturnType, Type, Visibility};

/// One method that is a message.
pub(crate) struct Message {
    /// `#[cfg(..)]`: to stand on everything made of the method.
    pub(crate) conditions: Vec<TokenStream>,
    pub(crate) docs: Vec<TokenStream>,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    /// The arguments' names and types, without `Self` in them.
    pub(crate) names: Vec<Ident>,
    pub(crate) types: Vec<TokenStream>,
    /// What the method is called with, in its order: names, the context, the reply.
    pub(crate) passed: Vec<Passed>,
    /// The methods that answer it in other states.
    pub(crate) alternatives: Vec<Alternative>,
    /// Whether nobody waits for an answer.
    pub(crate) one_way: bool,
    /// Whether it overtakes what is in the mailbox.
    pub(crate) urgent: bool,
    /// Whether it is handled beside others.
    pub(crate) reentrant: bool,
    /// The state that it can be handled in, as an expression.
    pub(crate) when: Option<TokenStream>,
    /// What the method returns.
    pub(crate) answer: TokenStream,
    /// `X` and `E` where that is a `Result<X, E>`.
    pub(crate) result: Option<(TokenStream, TokenStream)>,
    /// The signature as text: equal where callers and actor mean the same.
    pub(crate) signature: String,
}

/// One argument of a handler's call.
pub(crate) enum Passed {
    Name(Ident),
    Context,
    Reply,
}

impl Message {
    /// None for a function that is no message; what is wrong with one that is meant to be goes to `errors`.
    pub(crate) fn new(
        function: &Function,
        actor: &TokenStream,
        all_reentrant: bool,
        errors: &mut Errors,
    ) -> Option<Self> {
        let receiver = function.receiver.as_ref()?;
        let words = Words::of(function, errors);
        if matches!(words.role, Role::Hook(_)) || words.answers.is_some() {
            return None;
        }
        if function.asyncness.is_none() || matches!(function.visibility, Visibility::Inherited) {
            if words.is_any() {
                let text = "only a message can be told so: write `pub async fn`, or one of the words of hooks";
                errors.push(function.name.span(), text);
            }
            return None;
        }
        if !receiver.borrowed {
            errors.push(receiver.span, "an actor keeps its state from message to message: write `&mut self`");
        }
        if words.reentrant && receiver.mutable {
            let text = "while it is under way others see the state: write `&self`, and keep what changes in a lock";
            errors.push(receiver.span, text);
        }
        check_signature(function, errors);
        if words.one_way && !matches!(function.output, ReturnType::Default) {
            errors.push(function.output.span(), "nobody waits for the answer of a one-way message: return nothing");
        }
        let written = |wanted: &'static str| {
            let attributes = function.attributes.iter().filter(move |attribute| attribute.path().is_ident(wanted));
            attributes.map(ToTokens::to_token_stream).collect()
        };
        let without_self = |tokens: &dyn ToTokens| replace_self(tokens.to_token_stream(), actor);
        if words.one_way && deferred(function).is_some() {
            errors.push(function.name.span(), "nobody waits for the answer of a one-way message: leave the reply out");
        }
        let result = answer_type(function).and_then(result_types).map(|(x, e)| (without_self(x), without_self(e)));
        Some(Self {
            conditions: written("cfg"),
            docs: written("doc"),
            visibility: function.visibility.to_token_stream(),
            name: function.name.clone(),
            names: arguments(function).map(|argument| argument.name.clone()).collect(),
            types: arguments(function).map(|argument| without_self(&argument.ty)).collect(),
            passed: function.arguments.iter().map(passed).collect(),
            one_way: words.one_way,
            urgent: words.urgent,
            reentrant: words.reentrant || all_reentrant && !receiver.mutable,
            when: words.when,
            alternatives: Vec::new(),
            answer: without_self(&answer_tokens(function)),
            result,
            signature: signature(function),
        })
    }
}

/// The arguments that are sent.
fn arguments(function: &Function) -> impl Iterator<Item = &Argument> {
    function.arguments.iter().filter(|argument| !is_context(&argument.ty) && replied(&argument.ty).is_none())
}

pub(crate) fn passed(argument: &Argument) -> Passed {
    if is_context(&argument.ty) {
        Passed::Context
    } else if replied(&argument.ty).is_some() {
        Passed::Reply
    } else {
        Passed::Name(argument.name.clone())
    }
}

/// What a method answers with that answers through a reply, maybe later.
fn deferred(function: &Function) -> Option<&Type> {
    function.arguments.iter().find_map(|argument| replied(&argument.ty))
}

/// What whoever asks gets.
fn answer_type(function: &Function) -> Option<&Type> {
    match (deferred(function), &function.output) {
        (Some(answer), _) => Some(answer),
        (None, ReturnType::Type(_, ty)) => Some(ty),
        (None, ReturnType::Default) => None,
    }
}

/// The same as tokens; `()` where nothing is written.
fn answer_tokens(function: &Function) -> TokenStream {
    answer_type(function).map_or_else(|| quote!(()), ToTokens::to_token_stream)
}

pub(crate) fn check_signature(function: &Function, errors: &mut Errors) {
    if let Some(parameter) = function.generics.params.first() {
        errors.push(
            parameter.span(),
            "a message is of one type, so that its method cannot be generic: write the type, \
             a method for each type, or make the actor generic",
        );
    }
    if let Some(qualifier) = &function.qualifier {
        errors.push(qualifier.span(), format!("a message cannot be `{qualifier}`: leave it out"));
    }
    for Argument { name, ty, .. } in arguments(function) {
        let tokens = ty.to_token_stream();
        if let Some(span) = borrow_in(&tokens) {
            errors.push(span, format!("a message is sent and borrows nothing: write `{name}: {}`", owned(ty)));
        }
        if let Some(span) = impl_in(&tokens) {
            errors.push(span, format!("a message is of one type: write the type of `{name}`, or a `Box<dyn ..>`"));
        }
    }
    if let (Some(_), ReturnType::Type(_, ty)) = (deferred(function), &function.output) {
        errors.push(ty.span(), "it answers through its reply: return nothing");
    }
    let Some(ty) = answer_type(function) else { return };
    let tokens = ty.to_token_stream();
    if let Some(span) = borrow_in(&tokens) {
        errors.push(span, format!("an answer is sent and borrows nothing: return `{}`", owned(ty)));
    }
    if let Some(span) = impl_in(&tokens) {
        errors.push(span, "an answer is of one type: write the type, or a `Box<dyn ..>`");
    }
}

/// The two types of a type that is written `Result<X, E>`, in whatever module.
fn result_types(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let mut arguments = arguments.args.iter();
    match (arguments.next()?, arguments.next()?, arguments.next()) {
        (GenericArgument::Type(value), GenericArgument::Type(error), None) => Some((value, error)),
        _ => None,
    }
}

/// Writes the actor's type for `Self`, which means something else outside of the block.
fn replace_self(tokens: TokenStream, actor: &TokenStream) -> TokenStream {
    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "Self" => {
                let goes_on = matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                replaced.extend(if goes_on { quote!(<#actor>) } else { actor.clone() });
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), replace_self(group.stream(), actor));
                inside.set_span(group.span());
                replaced.extend([TokenTree::Group(inside)]);
            }
            other => replaced.extend([other]),
        }
    }
    replaced
}

/// Name and types; what arguments are called does not matter to a caller.
fn signature(function: &Function) -> String {
    function.text() + &types_text(function)
}

/// The types of what is sent and answered, as text.
pub(crate) fn types_text(function: &Function) -> String {
    let types: Vec<_> = arguments(function).map(|argument| compact(&argument.ty.to_token_stream())).collect();
    format!("({})->{}", types.join(","), compact(&answer_tokens(function)))
}
