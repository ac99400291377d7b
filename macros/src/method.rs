//! What `#[actor(..)]` on a method of an actor says of it. The words; what they come to is elsewhere.

use crate::function::{Errors, Function};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{GenericArgument, Ident, PathArguments, Token, Type};

const KNOWN: &str = "write `one_way`, `urgent`, `reentrant`, `when = condition` or `answers = message` for a message, or `started`, `stopping`, \
                     `stopped`, `exited` or `describe` for a hook";

/// What a method is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Message,
    Hook(Hook),
}

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Started,
    Stopping,
    Stopped,
    Exited,
    Describe,
}

/// The words on one method.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) role: Role,
    pub(crate) one_way: bool,
    pub(crate) urgent: bool,
    pub(crate) reentrant: bool,
    pub(crate) when: Option<TokenStream>,
    /// The message that it answers in another state.
    pub(crate) answers: Option<Ident>,
}

impl Words {
    pub(crate) fn of(function: &Function, errors: &mut Errors) -> Self {
        let mut words = Self::default();
        for attribute in function.attributes.iter().filter(|attribute| attribute.path().is_ident("actor")) {
            let tokens = attribute.meta.require_list().map(|list| list.tokens.clone());
            let parsed = tokens.and_then(|tokens| (|input: ParseStream<'_>| words.parse(input)).parse2(tokens));
            if let Err(error) = parsed {
                errors.push(error.span(), error);
            }
        }
        if matches!(words.role, Role::Hook(_)) && words.is_any() {
            errors.push(function.name.span(), "a hook is no message: give it one word only");
        }
        words
    }

    /// Whether there is a word for messages.
    pub(crate) const fn is_any(&self) -> bool {
        self.one_way || self.urgent || self.reentrant || self.when.is_some() || self.answers.is_some()
    }

    fn parse(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            let word = input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), KNOWN))?;
            match word.to_string().as_str() {
                "one_way" => self.one_way = true,
                "urgent" => self.urgent = true,
                "reentrant" => self.reentrant = true,
                "when" => {
                    input.parse::<Token![=]>()?;
                    self.when = Some(condition(input)?);
                }
                "answers" => {
                    input.parse::<Token![=]>()?;
                    self.answers = Some(input.call(Ident::parse_any)?);
                }
                "started" => self.role = Role::Hook(Hook::Started),
                "stopping" => self.role = Role::Hook(Hook::Stopping),
                "stopped" => self.role = Role::Hook(Hook::Stopped),
                "exited" => self.role = Role::Hook(Hook::Exited),
                "describe" => self.role = Role::Hook(Hook::Describe),
                _ => return Err(syn::Error::new(word.span(), KNOWN)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

/// The tokens up to the next comma, or all.
fn condition(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    if tokens.is_empty() {
        return Err(input.error("write the condition: `when = self.is_open()`"));
    }
    Ok(tokens)
}

/// Whether an argument is the actor's context, which is not sent.
pub(crate) fn is_context(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    let Type::Path(path) = &*reference.elem else { return false };
    reference.mutability.is_some() && path.path.segments.last().is_some_and(|last| last.ident == "Context")
}

/// What an argument of type `Reply<R>` is answered with: it is the message's own, and not sent.
pub(crate) fn replied(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Reply")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(answer)), 1) => Some(answer),
        _ => None,
    }
}

/// The item without the words on its methods: they are read, and no attributes of anything.
pub(crate) fn strip(item: TokenStream) -> TokenStream {
    let is_block =
        |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let stripped = item.into_iter().map(|token| match token {
        TokenTree::Group(group) if is_block(&TokenTree::Group(group.clone())) => {
            let mut inside = Group::new(Delimiter::Brace, strip_words(group.stream()));
            inside.set_span(group.span());
            TokenTree::Group(inside)
        }
        other => other,
    });
    stripped.collect()
}

fn strip_words(tokens: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let opens = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if opens && tokens.peek().is_some_and(is_words) {
            tokens.next();
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

fn is_words(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut inside = group.stream().into_iter();
    let named = matches!(inside.next(), Some(TokenTree::Ident(name)) if name == "actor");
    group.delimiter() == Delimiter::Bracket && named && matches!(inside.next(), Some(TokenTree::Group(_)))
}
