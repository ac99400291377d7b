//! `#[actor]`: the messages, the reference and the dispatch of an actor, from the methods of an `impl` block.
//!
//! The block itself stays as it is.

use crate::function::{Errors, Function};
use crate::hook::Hooks;
use crate::message::Message;
use crate::method::strip;
use crate::options::Options;
use crate::{reference, state};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Ident, Token, Type, Visibility};

/// The `impl` block and everything made from it. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = Options::parse(arguments, &["remote", "reentrant"])
        .and_then(|options| Ok((options, syn::parse2::<Block>(item.clone())?)))
        .and_then(|(options, block)| Actor::new(options, block));
    let item = strip(item);
    let made = match parsed {
        Ok(actor) => [actor.message_enum(), actor.actor_impl(), reference::code(&actor)].into_iter().collect(),
        Err(error) => error.into_compile_error(),
    };
    [item, made].into_iter().collect()
}

/// What an `#[actor]` block says.
pub(crate) struct Actor {
    pub(crate) options: Options,
    /// The name of its type, and the same for people.
    pub(crate) name: Ident,
    pub(crate) text: String,
    /// The type, with its generic arguments.
    pub(crate) ty: TokenStream,
    /// `NameMessage` and `NameRef`.
    pub(crate) message: Ident,
    pub(crate) reference: Ident,
    pub(crate) generics: Generics,
    pub(crate) messages: Vec<Message>,
    hooks: Hooks,
}

impl Actor {
    fn new(options: Options, block: Block) -> syn::Result<Self> {
        let mut errors = Errors::default();
        for lifetime in block.generics.lifetimes() {
            let message = "an actor outlives whoever starts it and borrows nothing: let it own what it holds";
            errors.push(lifetime.lifetime.span(), message);
        }
        let ty = block.ty.to_token_stream();
        let all_reentrant = options.has("reentrant");
        let mut messages: Vec<_> = block
            .functions
            .iter()
            .filter_map(|function| Message::new(function, &ty, all_reentrant, &mut errors))
            .collect();
        if messages.is_empty() && errors.is_empty() {
            errors.push_no_messages(&block);
        }
        state::add_alternatives(&block.functions, &mut messages, &mut errors);
        if all_reentrant && errors.is_empty() && !messages.iter().any(|message| message.reentrant) {
            let text =
                "no message of this actor can be handled beside another one: write `&self` where the state is shared";
            errors.push(block.name.span(), text);
        }
        let hooks = Hooks::new(&block.functions, &mut errors);
        check_names(&messages, &mut errors);
        errors.into_result()?;
        Ok(Self {
            options,
            text: block.name.unraw().to_string(),
            ty,
            message: format_ident!("{}Message", block.name),
            reference: format_ident!("{}Ref", block.name),
            name: block.name,
            generics: block.generics,
            messages,
            hooks,
        })
    }

    /// All messages as one type, so that a mailbox holds them without an allocation each.
    fn message_enum(&self) -> TokenStream {
        let Self { message, generics, messages, options, .. } = self;
        let krate = &options.krate;
        let where_clause = &generics.where_clause;
        let variants = messages.iter().map(|Message { conditions, docs, name, types, answer, one_way, .. }| {
            let reply = (!one_way).then(|| quote!(#krate::__private::Reply<#answer>));
            quote!(#(#conditions)* #(#docs)* #name(#(#types,)* #reply))
        });
        let doc = format!(
            "The messages of [`{}`], each under the name of its method: to be sent later, or in a batch.",
            self.text
        );
        let uses_generics = self.type_parameters().map(|parameters| {
            let phantom = quote!(::core::marker::PhantomData<fn() -> (#(#parameters,)*)>);
            quote!(#[doc(hidden)] __Generics(#phantom, ::core::convert::Infallible))
        });
        quote_spanned! {Span::mixed_site()=>
            // Methods of private types may be `pub`; so may be the types made of them.
            #[doc = #doc]
            #[allow(
                non_camel_case_types, missing_docs, private_interfaces, private_bounds, unreachable_pub, dead_code,
                clippy::large_enum_variant
            )]
            pub enum #message #generics #where_clause { #(#variants,)* #uses_generics }
        }
    }

    fn actor_impl(&self) -> TokenStream {
        let Self { text, ty, message, reference, generics, messages, options, .. } = self;
        let (krate, message_type) = (&options.krate, message);
        let (generic, arguments, where_clause) = generics.split_for_impl();
        let handled = messages.iter().map(|message| {
            let Message { conditions, name, names, one_way, .. } = message;
            let (reply, call) = ((!one_way).then(|| quote_spanned!(Span::mixed_site()=> reply)), message.handled());
            quote_spanned!(Span::mixed_site()=> #(#conditions)* #message_type::#name(#(#names,)* #reply) => #call)
        });
        let begun = messages.iter().map(|Message { conditions, name, one_way, .. }| {
            let begun = if *one_way {
                quote_spanned!(Span::mixed_site()=> #message::#name(..) => true)
            } else {
                quote_spanned!(Span::mixed_site()=> #message::#name(.., reply) => reply.begin())
            };
            quote!(#(#conditions)* #begun)
        });
        let texts = messages.iter().map(|message| message.name.unraw().to_string());
        // An `impl` block of sixty thousand methods is not written.
        let numbered = (0_u16..)
            .zip(messages)
            .map(|(number, Message { conditions, name, .. })| quote!(#(#conditions)* #message::#name(..) => #number));
        let no_message = self.type_parameters().map(|_| quote!(#message::__Generics(_, never) => match never {}));
        let unnamed = self.type_parameters().map(|_| quote!(#message::__Generics(_, never) => match *never {}));
        // What the compiler says of the whole, such as that it is not `Send`, it says at the actor's name.
        let here = self.name.span().resolved_at(Span::mixed_site());
        let handle = quote_spanned! {here=>
            #[allow(unused_variables)]
            async fn handle(&mut self, message: Self::Message, context: &mut #krate::__private::Context<Self>) {
                match message { #(#handled,)* #no_message }
            }
        };
        let accepts = self.accepts();
        let (hooks, states) = (self.hooks.code(krate), self.states());
        let (beside, beside_impl) = self.beside();
        quote_spanned! {Span::mixed_site()=>
            #states

            impl #generic #krate::__private::Actor for #ty #where_clause {
                type Message = #message #arguments;
                type Ref = #reference #arguments;
                const NAME: &'static str = #text;
                const METHODS: &'static [&'static str] = &[#(#texts),*];

                #handle

                #[inline]
                fn method(message: &Self::Message) -> u16 {
                    match message { #(#numbered,)* #unnamed }
                }

                #[inline]
                fn begin(message: &Self::Message) -> bool {
                    match message { #(#begun,)* #unnamed }
                }

                #accepts
                #beside
                #hooks
            }

            #beside_impl
        }
    }

    /// The generic types, where there are any.
    fn type_parameters(&self) -> Option<Vec<&Ident>> {
        let parameters: Vec<_> = self.generics.type_params().map(|parameter| &parameter.ident).collect();
        (!parameters.is_empty()).then_some(parameters)
    }
}

/// Refuses methods whose calls would get the name of something else that the reference has.
fn check_names(messages: &[Message], errors: &mut Errors) {
    for message in messages {
        let name = message.name.unraw().to_string();
        let taken = match name.as_str() {
            "process" => Some("`process` is how a reference gives its process"),
            "address" => Some("`address` is how a reference gives its address"),
            "within" => Some("`within` is how a reference gets a deadline"),
            _ => None,
        };
        if let Some(taken) = taken {
            errors.push(message.name.span(), format!("{taken}: give this method another name"));
        }
        let told = name.strip_prefix("tell_");
        if told.is_some_and(|told| messages.iter().any(|other| other.name.unraw() == told)) {
            let told = told.unwrap_or_default();
            let text = format!("`{name}` is how `{told}` is sent without waiting: give this method another name");
            errors.push(message.name.span(), text);
        }
    }
}

/// An `impl` block, as far as it is looked at.
struct Block {
    generics: Generics,
    ty: Type,
    /// The last name in the type's path.
    pub(crate) name: Ident,
    functions: Vec<Function>,
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        if !input.peek(Token![impl]) {
            let message = "an actor is made of its methods: write `#[actor]` before `impl Name { .. }`";
            return Err(input.error(message));
        }
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let ty: Type = input.parse()?;
        if input.peek(Token![for]) {
            let message = "messages are an actor's own methods: write `impl Name { .. }`, without a trait";
            return Err(syn::Error::new(ty.span(), message));
        }
        let name = match &ty {
            Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
            _ => None,
        };
        let message = "an actor is a struct or an enum of your own: write `impl Name { .. }`";
        let name = name.ok_or_else(|| syn::Error::new(ty.span(), message))?;
        generics.where_clause = input.parse()?;
        let inside;
        syn::braced!(inside in input);
        Ok(Self { generics, ty, name, functions: parse_functions(&inside) })
    }
}

/// The functions of a block; what is none, or not yet, is passed over.
fn parse_functions(input: ParseStream<'_>) -> Vec<Function> {
    let mut functions = Vec::new();
    while !input.is_empty() {
        let ahead = input.fork();
        match ahead.parse() {
            Ok(function) => {
                functions.push(function);
                input.advance_to(&ahead);
            }
            Err(_) => skip_item(input),
        }
    }
    functions
}

/// Goes past the next `;` or braces.
fn skip_item(input: ParseStream<'_>) {
    while let Ok(token) = input.parse::<TokenTree>() {
        let ends = match token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ends {
            return;
        }
    }
}

impl Errors {
    /// Points at a method that may have been meant, or at the block.
    fn push_no_messages(&mut self, block: &Block) {
        let is_private = |function: &&Function| matches!(function.visibility, Visibility::Inherited);
        let takes_self = |function: &&Function| function.receiver.as_ref().is_some_and(|receiver| receiver.borrowed);
        let mut methods = block.functions.iter().filter(takes_self);
        let meant = methods.clone().filter(is_private).find(|f| f.asyncness.is_some()).or_else(|| methods.next());
        match meant {
            Some(Function { name, .. }) => self.push(
                name.span(),
                format!(
                    "no method of this actor is a message: write `pub async fn {name}(&mut self, ..)` to make it one"
                ),
            ),
            None => self.push(
                block.name.span(),
                "this actor has no messages: write `pub async fn name(&mut self, ..)` for each of them",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &str, item: &str) -> String {
        expand(arguments.parse().unwrap(), item.parse().unwrap()).to_string()
    }

    #[test]
    fn a_block_broken_off_anywhere_expands_and_is_still_there() {
        let whole = "impl < T : Send > Shop < T > where T : Clone { const N : usize = 1 ; #[doc = \"x\"] pub async fn \
                     put (& mut self , (a , b) : (T , u8) , c : Vec < & 'static str >) -> Result < Self , E > { self . } \
                     fn plain (& self) {} }";
        let tokens: Vec<TokenTree> = whole.parse::<TokenStream>().unwrap().into_iter().collect();
        for end in 0..=tokens.len() {
            let part: TokenStream = tokens[..end].iter().cloned().collect();
            assert!(expand(TokenStream::new(), part.clone()).to_string().starts_with(&part.to_string()));
        }
        let Some(TokenTree::Group(block)) = tokens.last() else { panic!("the methods") };
        let items: Vec<_> = block.stream().into_iter().collect();
        for end in 0..items.len() {
            let part = items[..end].iter();
            expand(TokenStream::new(), quote!(impl Shop { #(#part)* }));
        }
        assert!(!expanded("remote", whole).contains("compile_error"));
    }

    #[test]
    fn a_misuse_is_named() {
        let said = |methods: &str, words: &str| {
            let text = expanded("", &format!("impl Shop {{ {methods} }}"));
            assert!(text.contains(words), "{methods}: {text}");
        };
        said("", "write `pub async fn name(&mut self, ..)`");
        said("async fn put(&mut self) {}", "write `pub async fn put(&mut self, ..)` to make it one");
        said("pub fn put(&mut self) {}", "write `pub async fn put(&mut self, ..)` to make it one");
        said("pub async fn put(self) {}", "write `&mut self`");
        said("pub async fn put(self: Box<Self>) {}", "write `&mut self`");
        said("pub async fn put<T>(&self, t: T) {}", "make the actor generic");
        said("pub async fn put(&self, t: &str) {}", "write `t: String`");
        said("pub async fn put(&self, t: Option<&[u8]>) {}", "write `t: a type that owns");
        said("pub async fn put(&self, t: impl Send) {}", "write the type of `t`");
        said("pub async fn put(&self) -> &[u8] {}", "return `Vec<u8>`");
        said("pub async fn process(&self) {}", "give this method another name");
        said("pub async fn put(&self) {} pub async fn tell_put(&self) {}", "`tell_put` is how `put` is sent");
        let put = "#[actor(when = self.open)] pub async fn put(&mut self, n: u8) {}";
        let answering = |words: &str, method: &str, said_is: &str| {
            said(&format!("{put} #[actor(answers = {words})] {method}"), said_is);
        };
        answering("putt", "async fn put_shut(&mut self, n: u8) {}", "`putt` is no message of this actor");
        answering("put", "async fn put_shut(&mut self, n: u16) {}", "take and return what that does");
        answering("put", "async fn put_shut(&mut self, n: u8) -> u8 {}", "take and return what that does");
        answering("put", "fn put_shut(&mut self, n: u8) {}", "async fn put_shut(&mut self, ..)`");
        answering("put, urgent", "async fn put_shut(&mut self, n: u8) {}", "async fn put_shut(&mut self, ..)`");
        said(
            "pub async fn put(&self) {} #[actor(answers = put)] async fn put_shut(&self) {}",
            "always answered before it comes to this",
        );
        said("pub async fn put(&self, reply: Reply<u8>) -> u8 {}", "return nothing");
        said("#[actor(one_way)] pub async fn put(&self, reply: Reply<u8>) {}", "leave the reply out");
        assert!(expanded("", "impl Clone for Shop {}").contains("without a trait"));
        assert!(expanded("", "struct Shop;").contains("before `impl Name { .. }`"));
        assert!(expanded("local", "impl Shop {}").contains("write `remote` or `reentrant` or `crate = path` here"));
        assert!(expanded("", "impl<'a> Shop<'a> {}").contains("let it own what it holds"));
    }

    #[test]
    fn what_borrows_nothing_is_let_pass() {
        let methods = "pub async fn put(&self, a: &'static str, b: Box<dyn Fn(&str) -> u8 + Send>, c: fn(&u8)) {}";
        assert!(!expanded("", &format!("impl Shop {{ {methods} }}")).contains("compile_error"));
    }
}
