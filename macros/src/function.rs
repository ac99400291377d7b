//! A function as the attributes look at it: its signature parsed, its patterns and its body as they were written.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Ident, LitStr, ReturnType, Token, Type, Visibility};

/// A function or method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) asyncness: Option<Token![async]>,
    /// The first of `const`, `unsafe` and `extern`.
    pub(crate) qualifier: Option<Ident>,
    pub(crate) name: Ident,
    /// With the where clause.
    pub(crate) generics: Generics,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: ReturnType,
    /// The braces with what is in them.
    pub(crate) body: Group,
}

/// How a method takes `self`.
pub(crate) struct Receiver {
    pub(crate) span: Span,
    /// Whether it is `&self` or `&mut self`.
    pub(crate) borrowed: bool,
    /// Whether it is `&mut self`.
    pub(crate) mutable: bool,
}

/// One argument other than `self`.
pub(crate) struct Argument {
    pub(crate) pattern: TokenStream,
    pub(crate) ty: Type,
    /// Its name if the pattern is one, else a made-up one.
    pub(crate) name: Ident,
}

impl Function {
    /// Its name without `r#`.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// What it returns; `()` where nothing is written.
    pub(crate) fn output_type(&self) -> TokenStream {
        match &self.output {
            ReturnType::Default => quote::quote!(()),
            ReturnType::Type(_, ty) => ty.to_token_stream(),
        }
    }

    /// What keeps a function from being one that an attribute runs by itself; `not_async` is said of one that is not async.
    pub(crate) fn misuse_by_itself(&self, not_async: impl FnOnce(&Ident) -> String) -> Errors {
        let mut errors = Errors::default();
        let name = &self.name;
        if self.asyncness.is_none() {
            errors.push(name.span(), not_async(name));
        }
        if let Some(argument) = self.arguments.first() {
            errors
                .push(argument.name.span(), format!("nobody calls `{name}` with arguments: write `async fn {name}()`"));
        }
        if let Some(parameter) = self.generics.params.first() {
            errors.push(parameter.span(), format!("`{name}` cannot be generic: write `async fn {name}()`"));
        }
        errors
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let (mut asyncness, mut qualifier) = (None, None);
        while !input.peek(Token![fn]) {
            if input.peek(Token![async]) {
                asyncness = Some(input.parse()?);
            } else if input.peek(Token![const]) || input.peek(Token![unsafe]) || input.peek(Token![extern]) {
                qualifier = Some(input.call(Ident::parse_any)?);
                input.parse::<Option<LitStr>>()?;
            } else {
                return Err(input.error("expected a function: write `async fn name(..)`"));
            }
        }
        input.parse::<Token![fn]>()?;
        let name = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let (receiver, arguments) = parse_arguments(input)?;
        let output = input.parse()?;
        generics.where_clause = input.parse()?;
        let body = parse_body(input)?;
        Ok(Self { attributes, visibility, asyncness, qualifier, name, generics, receiver, arguments, output, body })
    }
}

fn parse_arguments(input: ParseStream<'_>) -> syn::Result<(Option<Receiver>, Vec<Argument>)> {
    let inside;
    syn::parenthesized!(inside in input);
    let (mut receiver, mut arguments) = (None, Vec::new());
    while !inside.is_empty() {
        inside.call(Attribute::parse_outer)?;
        let pattern = parse_pattern(&inside)?;
        match as_receiver(&pattern) {
            Some(found) => {
                let typed = inside.parse::<Option<Token![:]>>()?.is_some();
                if typed {
                    inside.parse::<Type>()?;
                }
                receiver = Some(Receiver { borrowed: found.borrowed && !typed, ..found });
            }
            None => {
                inside.parse::<Token![:]>()?;
                let name = name_of(&pattern).unwrap_or_else(|| format_ident!("argument{}", arguments.len()));
                arguments.push(Argument { pattern, ty: inside.parse()?, name });
            }
        }
        if !inside.is_empty() {
            inside.parse::<Token![,]>()?;
        }
    }
    Ok((receiver, arguments))
}

/// The tokens before the colon or, for `self`, the comma.
fn parse_pattern(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut pattern = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.peek(Token![::]) {
            input.parse::<Token![::]>()?.to_tokens(&mut pattern);
        } else if input.peek(Token![:]) {
            break;
        } else {
            input.parse::<TokenTree>()?.to_tokens(&mut pattern);
        }
    }
    Ok(pattern)
}

fn as_receiver(pattern: &TokenStream) -> Option<Receiver> {
    let last = pattern.clone().into_iter().last()?;
    let is_self = matches!(&last, TokenTree::Ident(ident) if ident == "self");
    let borrowed = matches!(pattern.clone().into_iter().next()?, TokenTree::Punct(punct) if punct.as_char() == '&');
    let mutable = pattern.clone().into_iter().any(|token| matches!(&token, TokenTree::Ident(word) if word == "mut"));
    is_self.then(|| Receiver { span: pattern.span(), borrowed, mutable })
}

/// `name` or `mut name`.
fn name_of(pattern: &TokenStream) -> Option<Ident> {
    let mut tokens: Vec<_> = pattern.clone().into_iter().collect();
    let Some(TokenTree::Ident(name)) = tokens.pop() else { return None };
    let plain = match tokens.as_slice() {
        [] => true,
        [TokenTree::Ident(word)] => word == "mut",
        _ => false,
    };
    (plain && name != "_").then_some(name)
}

fn parse_body(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        other => Err(syn::Error::new(other.span(), "expected a body in braces")),
    }
}

/// The first borrow in a type, unless it is for `'static`. What function types take does not count.
pub(crate) fn borrow_in(ty: &TokenStream) -> Option<Span> {
    let tokens: Vec<_> = ty.clone().into_iter().collect();
    tokens.iter().enumerate().find_map(|(i, token)| match token {
        TokenTree::Punct(punct) if punct.as_char() == '&' => {
            let is_static = matches!(tokens.get(i + 2), Some(TokenTree::Ident(name)) if name == "static")
                && is_quote(tokens.get(i + 1));
            (!is_static).then(|| punct.span())
        }
        TokenTree::Ident(name) if name == "_" && i > 0 && is_quote(tokens.get(i - 1)) => Some(name.span()),
        TokenTree::Group(group) => {
            let of_function = group.delimiter() == Delimiter::Parenthesis
                && matches!(i.checked_sub(1).map(|before| &tokens[before]), Some(TokenTree::Ident(_)));
            if of_function { None } else { borrow_in(&group.stream()) }
        }
        _ => None,
    })
}

fn is_quote(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '\'')
}

/// The type to write in place of a borrowed one, as text.
pub(crate) fn owned(ty: &Type) -> String {
    match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Slice(slice) => format!("Vec<{}>", compact(&slice.elem.to_token_stream())),
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Path(path) if path.path.is_ident("Path") => "PathBuf".to_owned(),
            elem => compact(&elem.to_token_stream()),
        },
        _ => "a type that owns what it holds".to_owned(),
    }
}

/// Where `impl Trait` stands in a type.
pub(crate) fn impl_in(ty: &TokenStream) -> Option<Span> {
    ty.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word.span()),
        TokenTree::Group(group) => impl_in(&group.stream()),
        _ => None,
    })
}

/// Tokens as text that does not depend on how they were spaced: a blank only between two words.
pub(crate) fn compact(tokens: &TokenStream) -> String {
    let mut text = String::new();
    write_compact(tokens, &mut text);
    text
}

fn write_compact(tokens: &TokenStream, text: &mut String) {
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_compact(&group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => text.push(punct.as_char()),
            word => {
                if text.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

/// Collects errors, to report all of them at once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, span: Span, message: impl std::fmt::Display) {
        let error = syn::Error::new(span, message);
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn into_result(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }

    pub(crate) fn into_code(self) -> TokenStream {
        self.0.map_or_else(TokenStream::new, |error| error.into_compile_error())
    }
}
