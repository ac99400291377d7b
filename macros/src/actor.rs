//! `#[actor]`: makes messages and a reference of the `pub async fn` methods of an `impl` block. The block stays as it is.

use crate::function::{Argument, Errors, Function, borrow_in, compact, impl_in};
use crate::options::Options;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Ident, Token, Type, Visibility};

/// The block with what the attribute adds. What cannot be read is left as it is, beside the error.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parsed =
        Options::parse(arguments, Some("remote")).and_then(|options| Ok((options, syn::parse2(item.clone())?)));
    let added = parsed.and_then(|(options, block): (Options, Block)| Actor::new(&options, &block)?.code());
    [item, added.unwrap_or_else(syn::Error::into_compile_error)].into_iter().collect()
}

/// `impl<..> Type where .. { items }`.
struct Block {
    generics: Generics,
    ty: Type,
    items: TokenStream,
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        if !input.peek(Token![impl]) {
            return Err(
                input.error("write `#[actor]` on an `impl` block: its `pub async fn` methods become the messages")
            );
        }
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let ty: Type = input.parse()?;
        if input.peek(Token![for]) {
            return Err(input.error("write `#[actor]` on the actor's own `impl` block, not on one of a trait"));
        }
        generics.where_clause = input.parse()?;
        match input.parse()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Ok(Self { generics, ty, items: group.stream() })
            }
            other => Err(syn::Error::new(other.span(), "expected the methods in braces")),
        }
    }
}

/// The methods among the items; all else is passed over, half-typed code too.
struct Methods(Vec<Function>);

impl Parse for Methods {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut methods = Vec::new();
        while !input.is_empty() {
            let ahead = input.fork();
            if ahead.parse::<Function>().is_ok() {
                methods.push(input.parse()?);
            } else {
                input.parse::<TokenTree>()?;
            }
        }
        Ok(Self(methods))
    }
}

/// One actor: what all parts of the expansion need.
struct Actor<'a> {
    krate: &'a TokenStream,
    remote: bool,
    generics: &'a Generics,
    ty: &'a Type,
    name: Ident,
    message: Ident,
    reference: Ident,
    methods: Vec<Function>,
}

impl<'a> Actor<'a> {
    fn new(options: &'a Options, block: &'a Block) -> syn::Result<Self> {
        let name = type_name(&block.ty)?;
        let Methods(functions) = syn::parse2(block.items.clone())?;
        let mut errors = Errors::default();
        let methods: Vec<_> = functions.into_iter().filter(|function| is_message(function, &mut errors)).collect();
        if methods.is_empty() && errors.is_empty() {
            let text = "an actor needs a message: write a method `pub async fn name(&mut self, ..)`";
            errors.push(name.span(), text);
        }
        errors.into_result()?;
        let (message, reference) = (format_ident!("{name}Message"), format_ident!("{name}Ref"));
        let (krate, remote) = (&options.krate, options.flag);
        Ok(Self { krate, remote, generics: &block.generics, ty: &block.ty, name, message, reference, methods })
    }

    fn code(&self) -> syn::Result<TokenStream> {
        let parts = [self.message_enum(), self.actor_impl(), self.reference_struct(), self.reference_impl()];
        let remote = if self.remote { self.remote_impl() } else { TokenStream::new() };
        Ok(parts.into_iter().chain([remote]).collect())
    }

    fn message_enum(&self) -> TokenStream {
        let Self { krate, message, generics, .. } = self;
        let where_clause = &generics.where_clause;
        let variants = self.methods.iter().map(|method| {
            let (variant, fields, output) = (variant(method), fields(method), method.output_type());
            quote!(#variant { #(#fields,)* reply: #krate::__private::Reply<#output> })
        });
        let phantom = self.phantom();
        quote! {
            #[doc(hidden)]
            #[allow(missing_docs, reason = "the methods are documented")]
            pub enum #message #generics #where_clause { #(#variants,)* #phantom }
        }
    }

    /// A variant that never is, so that type parameters no message mentions are allowed.
    fn phantom(&self) -> TokenStream {
        let types = self.generics.type_params().map(|parameter| &parameter.ident);
        if self.generics.params.is_empty() {
            return TokenStream::new();
        }
        quote!(__Never(::core::convert::Infallible, ::core::marker::PhantomData<fn() -> (#(#types,)*)>),)
    }

    fn actor_impl(&self) -> TokenStream {
        let Self { krate, message, reference, name, ty, .. } = self;
        let (impl_generics, type_generics, where_clause) = self.generics.split_for_impl();
        let text = name.unraw().to_string();
        let handlers = self.methods.iter().map(|method| {
            let (variant, function, names) = (variant(method), &method.name, names(method));
            quote!(#message::#variant { #(#names,)* reply } => reply.answer(self.#function(#(#names),*).await))
        });
        let labels = self.methods.iter().map(|method| {
            let (variant, text) = (variant(method), method.text());
            quote!(#message::#variant { .. } => #text)
        });
        let never = if self.generics.params.is_empty() {
            (TokenStream::new(), TokenStream::new())
        } else {
            (
                quote!(#message::__Never(never, _) => match never {},),
                quote!(#message::__Never(never, _) => match *never {},),
            )
        };
        let (never_handled, never_labelled) = never;
        quote! {
            impl #impl_generics #krate::__private::Actor for #ty #where_clause {
                type Message = #message #type_generics;
                type Ref = #reference #type_generics;
                const NAME: &'static str = #text;

                async fn handle(&mut self, message: Self::Message) {
                    match message { #(#handlers,)* #never_handled }
                }

                fn method(message: &Self::Message) -> &'static str {
                    match message { #(#labels,)* #never_labelled }
                }
            }
        }
    }

    fn reference_struct(&self) -> TokenStream {
        let Self { krate, reference, generics, ty, name, .. } = self;
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        let doc = format!("Refers to a `{name}`: its methods are calls, which it handles one after another.");
        let (inner, made, debug) = if self.remote {
            let made = quote!(Self(#krate::__private::Inlet::Local(actor)));
            (quote!(#krate::__private::Inlet<#ty>), made, quote!("(local or remote)"))
        } else {
            (quote!(#krate::__private::ActorRef<#ty>), quote!(Self(actor)), quote!("(local)"))
        };
        let shown = format!("{reference}");
        quote! {
            #[doc = #doc]
            pub struct #reference #generics (#inner) #where_clause;

            impl #impl_generics ::core::clone::Clone for #reference #type_generics #where_clause {
                fn clone(&self) -> Self {
                    Self(::core::clone::Clone::clone(&self.0))
                }
            }

            impl #impl_generics ::core::fmt::Debug for #reference #type_generics #where_clause {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(#shown)?;
                    f.write_str(#debug)
                }
            }

            impl #impl_generics ::core::convert::From<#krate::__private::ActorRef<#ty>> for #reference #type_generics #where_clause {
                fn from(actor: #krate::__private::ActorRef<#ty>) -> Self {
                    #made
                }
            }
        }
    }

    fn reference_impl(&self) -> TokenStream {
        let Self { krate, reference, ty, .. } = self;
        let (impl_generics, type_generics, where_clause) = self.generics.split_for_impl();
        let methods = (0u32..).zip(&self.methods).map(|(number, method)| self.method(number, method));
        let local = if self.remote {
            quote! {
                /// The process behind it, if it is on this node.
                pub fn process(&self) -> ::core::option::Option<&#krate::__private::ProcessRef> {
                    match &self.0 {
                        #krate::__private::Inlet::Local(actor) => ::core::option::Option::Some(actor.process()),
                        #krate::__private::Inlet::Remote(_) => ::core::option::Option::None,
                    }
                }
            }
        } else {
            quote! {
                /// The process behind it.
                pub fn process(&self) -> &#krate::__private::ProcessRef {
                    let actor: &#krate::__private::ActorRef<#ty> = &self.0;
                    actor.process()
                }
            }
        };
        quote! {
            impl #impl_generics #reference #type_generics #where_clause {
                #(#methods)*
                #local
            }
        }
    }

    /// The two calls of one method: ask and tell.
    fn method(&self, number: u32, method: &Function) -> TokenStream {
        let Self { krate, message, .. } = self;
        let (function, variant, names, fields) = (&method.name, variant(method), names(method), fields(method));
        let tell = format_ident!("tell_{}", method.text());
        let docs = method.attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
        let tell_doc =
            format!("As [`{}`](Self::{function}), without waiting for an answer: waits for room only.", method.text());
        let fields: Vec<_> = fields.collect();
        let (answer, flatten) = answer_type(krate, method);
        let make = quote!(|reply| #message::#variant { #(#names,)* reply });
        let send = quote!(#message::#variant { #(#names,)* reply: #krate::__private::Reply::none() });
        let (ask, told) = if self.remote {
            let output = method.output_type();
            let encoded = quote!(#krate::__private::wire::encode(&(#(&#names,)*))?);
            let ask = quote! {
                match &self.0 {
                    #krate::__private::Inlet::Local(actor) => actor.ask(#make).await,
                    #krate::__private::Inlet::Remote(inlet) => {
                        let called = async {
                            let answer = inlet.call(#number, #encoded).await?;
                            #krate::__private::wire::decode::<#output>(&answer)
                        };
                        called.await
                    }
                }
            };
            let told = quote! {
                match &self.0 {
                    #krate::__private::Inlet::Local(actor) => actor.tell(#send).await,
                    #krate::__private::Inlet::Remote(inlet) => inlet.call(#number, #encoded).await.map(|_| ()),
                }
            };
            (ask, told)
        } else {
            (quote!(self.0.ask(#make).await), quote!(self.0.tell(#send).await))
        };
        quote! {
            #(#docs)*
            ///
            /// # Errors
            /// What became of the call, where there is no answer; `Answer` is what the method itself says.
            ///
            /// # Cancel safety
            /// A dropped call does not stop a handler that began.
            pub async fn #function(&self, #(#fields),*) -> #answer {
                let called = #ask;
                #flatten
            }

            #[doc = #tell_doc]
            ///
            /// # Errors
            /// The message did not get there.
            ///
            /// # Cancel safety
            /// Dropped before there was room, nothing has been sent.
            pub async fn #tell(&self, #(#fields),*) -> ::core::result::Result<(), #krate::__private::CallError> {
                #told
            }
        }
    }

    fn remote_impl(&self) -> TokenStream {
        let Self { krate, reference, .. } = self;
        let (impl_generics, type_generics, where_clause) = self.generics.split_for_impl();
        let interface = self.interface();
        let calls = (0u32..).zip(&self.methods).map(|(number, method)| {
            let (variant, names, message) = (variant(method), names(method), &self.message);
            let types = method.arguments.iter().map(|argument| &argument.ty);
            quote! {
                #number => {
                    let (#(#names,)*) = #krate::__private::wire::decode::<(#(#types,)*)>(&args)?;
                    let answer = match &called.0 {
                        #krate::__private::Inlet::Local(actor) => {
                            actor.ask(|reply| #message::#variant { #(#names,)* reply }).await?
                        }
                        #krate::__private::Inlet::Remote(inlet) => return inlet.call(method, args).await,
                    };
                    #krate::__private::wire::encode(&answer)
                }
            }
        });
        quote! {
            impl #impl_generics #krate::__private::RemoteActor for #reference #type_generics #where_clause {
                const INTERFACE: &'static str = #interface;

                fn from_remote(inlet: ::std::sync::Arc<dyn #krate::__private::RemoteInlet>) -> Self {
                    Self(#krate::__private::Inlet::Remote(inlet))
                }

                fn serve(&self, method: u32, args: ::std::vec::Vec<u8>) -> #krate::__private::RemoteCall {
                    let called = ::core::clone::Clone::clone(self);
                    ::std::boxed::Box::pin(async move {
                        match method {
                            #(#calls)*
                            other => ::core::result::Result::Err(#krate::__private::CallError::Refused(
                                ::std::format!("there is no method number {other}"),
                            )),
                        }
                    })
                }
            }
        }
    }

    /// Name and signatures as text: what two nodes have to agree on.
    fn interface(&self) -> String {
        let signatures = self.methods.iter().map(|method| {
            let types: Vec<_> = method.arguments.iter().map(|a| compact(&a.ty.to_token_stream())).collect();
            format!("{}({})->{}", method.text(), types.join(","), compact(&method.output_type()))
        });
        format!("{}{{{}}}", self.name.unraw(), signatures.collect::<Vec<_>>().join(";"))
    }
}

/// The name of the type that the block is for.
fn type_name(ty: &Type) -> syn::Result<Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
        _ => None,
    }
    .ok_or_else(|| syn::Error::new(ty.span(), "an actor is a type with a name: write `impl Name { .. }`"))
}

/// Whether a method is a message; misuse of one that looks meant is an error.
fn is_message(function: &Function, errors: &mut Errors) -> bool {
    let public = matches!(function.visibility, Visibility::Public(_));
    let Some(receiver) = &function.receiver else { return false };
    if !public || function.asyncness.is_none() {
        return false;
    }
    let name = function.text();
    if !receiver.borrowed {
        errors.push(receiver.span, format!("a message leaves the actor its state: write `&mut self` in `{name}`"));
    }
    if !function.generics.params.is_empty() {
        let text = format!(
            "`{name}` is a message of one type and cannot be generic: make the actor's type generic, or name the types"
        );
        errors.push(function.generics.span(), text);
    }
    for argument in &function.arguments {
        if let Some(span) = borrow_in(&argument.ty.to_token_stream()) {
            let text = format!(
                "what `{name}` is given travels in a message and cannot be borrowed: take it by value (`String` for `&str`, `Vec<T>` for `&[T]`, an `Arc`)"
            );
            errors.push(span, text);
        }
        if let Some(span) = impl_in(&argument.ty.to_token_stream()) {
            errors.push(span, format!("`{name}` is a message of one type: name the type instead of `impl`"));
        }
    }
    if let Some(span) = borrow_in(&function.output_type()) {
        errors.push(span, format!("what `{name}` answers leaves the actor and cannot be borrowed: answer a value"));
    }
    true
}

/// `add_item` as `AddItem`.
fn variant(method: &Function) -> Ident {
    let text: String = method.text().split('_').map(capitalised).collect();
    Ident::new(&text, method.name.span())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn fields(method: &Function) -> impl Iterator<Item = TokenStream> {
    method.arguments.iter().map(|Argument { name, ty, .. }| quote!(#name: #ty))
}

fn names(method: &Function) -> Vec<&Ident> {
    method.arguments.iter().map(|argument| &argument.name).collect()
}

/// What a call answers, and how `called` becomes it: an error of the method's own is joined with those of calls.
fn answer_type(krate: &TokenStream, method: &Function) -> (TokenStream, TokenStream) {
    let output = method.output_type();
    match result_types(&output) {
        Some((value, error)) => (
            quote!(::core::result::Result<#value, #krate::__private::CallError<#error>>),
            quote!(#krate::__private::flatten(called)),
        ),
        None => (quote!(::core::result::Result<#output, #krate::__private::CallError>), quote!(called)),
    }
}

/// The two types of a `Result<T, E>` that is written as such.
fn result_types(output: &TokenStream) -> Option<(Type, Type)> {
    let Ok(Type::Path(path)) = syn::parse2::<Type>(output.clone()) else { return None };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    let (value, error) = (types.next()?, types.next()?);
    (last.ident == "Result" && types.next().is_none()).then_some((value, error))
}
