//! The reference to an actor: the methods that send its messages, to the same node or to another.

use crate::actor::Actor;
use crate::message::Message;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

/// Set in a method's number when no answer is wanted.
const TELL: u32 = 1 << 31;

/// The type of the reference with all that it can do.
pub(crate) fn code(actor: &Actor) -> TokenStream {
    let remote = if actor.options.has("remote") { remote_impl(actor) } else { TokenStream::new() };
    [struct_code(actor), methods(actor), remote].into_iter().collect()
}

fn struct_code(actor: &Actor) -> TokenStream {
    let Actor { text, ty, reference, generics, options, .. } = actor;
    let krate = &options.krate;
    let (generic, arguments, where_clause) = generics.split_for_impl();
    let doc =
        format!("Refers to a running [`{text}`]: each method sends it a message. It stays valid across restarts.");
    let here = Span::mixed_site();
    let (inside, from) = if options.has("remote") {
        (quote!(#krate::__private::Inlet<#ty>), quote_spanned!(here=> #krate::__private::Inlet::Local(actor)))
    } else {
        (quote!(#krate::__private::ActorRef<#ty>), quote_spanned!(here=> actor))
    };
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #[allow(private_interfaces, private_bounds, unreachable_pub)]
        pub struct #reference #generics(#inside) #where_clause;

        impl #generic ::core::clone::Clone for #reference #arguments #where_clause {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0))
            }
        }

        impl #generic ::core::fmt::Debug for #reference #arguments #where_clause {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!(#reference)).finish_non_exhaustive()
            }
        }

        impl #generic ::core::convert::From<#krate::__private::ActorRef<#ty>> for #reference #arguments #where_clause {
            fn from(actor: #krate::__private::ActorRef<#ty>) -> Self {
                Self(#from)
            }
        }
    }
}

fn methods(actor: &Actor) -> TokenStream {
    let Actor { reference, generics, messages, options, .. } = actor;
    let (generic, arguments, where_clause) = generics.split_for_impl();
    let process = process_method(&options.krate, &actor.ty, options.has("remote"));
    let two_way = messages.iter().enumerate().filter(|(_, message)| !message.one_way);
    let asks = two_way.map(|(number, message)| ask_methods(actor, message, number));
    let tells = messages.iter().enumerate().map(|(number, message)| tell_method(actor, message, number));
    quote_spanned! {Span::mixed_site()=>
        #[allow(private_interfaces, private_bounds, unreachable_pub, dead_code, clippy::too_many_arguments)]
        impl #generic #reference #arguments #where_clause {
            #(#asks)*
            #(#tells)*
            #process
        }
    }
}

fn process_method(krate: &TokenStream, ty: &TokenStream, remote: bool) -> TokenStream {
    if remote {
        return quote_spanned! {Span::mixed_site()=>
            /// The same reference, whose calls wait for an answer for so long at most.
            #[must_use]
            pub fn within(&self, patience: ::core::time::Duration) -> Self {
                Self(self.0.within(patience))
            }

            /// Its address, if it runs on this node.
            #[must_use]
            pub fn address(&self) -> ::core::option::Option<&#krate::__private::ActorRef<#ty>> {
                match &self.0 {
                    #krate::__private::Inlet::Local(actor) => ::core::option::Option::Some(actor),
                    #krate::__private::Inlet::Remote(_) => ::core::option::Option::None,
                }
            }

            /// Its process, if it runs on this node.
            #[must_use]
            pub fn process(&self) -> ::core::option::Option<#krate::__private::ProcessRef> {
                match &self.0 {
                    #krate::__private::Inlet::Local(actor) => ::core::option::Option::Some(actor.process()),
                    #krate::__private::Inlet::Remote(_) => ::core::option::Option::None,
                }
            }
        };
    }
    quote_spanned! {Span::mixed_site()=>
        /// The same reference, whose calls wait for an answer for so long at most. A call that the actor has not begun by
        /// then is withdrawn, and was not sent.
        #[must_use]
        pub fn within(&self, patience: ::core::time::Duration) -> Self {
            Self(self.0.within(patience))
        }

        /// Its address: what can be done with an actor whatever its messages are.
        #[must_use]
        pub fn address(&self) -> &#krate::__private::ActorRef<#ty> {
            &self.0
        }

        /// The process of the present incarnation.
        #[must_use]
        pub fn process(&self) -> #krate::__private::ProcessRef {
            self.0.process()
        }
    }
}

/// The method that asks, and, under a name of its own, what it has in common with serving a remote call.
fn ask_methods(actor: &Actor, message: &Message, number: usize) -> TokenStream {
    let krate = &actor.options.krate;
    let Message { conditions, docs, visibility, name, names, types, answer, result, .. } = message;
    let (returns, flatten) = match result {
        Some((value, error)) => (
            quote!(::core::result::Result<#value, #krate::__private::CallError<#error>>),
            quote!(#krate::__private::flatten),
        ),
        None => (quote!(::core::result::Result<#answer, #krate::__private::CallError>), TokenStream::new()),
    };
    let text = format!("`{}::{}`, by message.", actor.text, name.unraw());
    let docs = if docs.is_empty() { quote!(#[doc = #text]) } else { quote!(#(#docs)*) };
    let ask = ask_code(actor, message, number);
    // What a call and a served remote call have in common has a name of its own; one layer less where there are no remote ones.
    let (called, asking) = if actor.options.has("remote") {
        let asking = ask_name(message);
        let common = quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            async fn #asking(
                &self,
                #(#names: #types),*
            ) -> ::core::result::Result<#answer, #krate::__private::CallError> {
                #ask
            }
        };
        (quote_spanned!(Span::mixed_site()=> self.#asking(#(#names),*).await), common)
    } else {
        (ask, TokenStream::new())
    };
    quote_spanned! {Span::mixed_site()=>
        #(#conditions)*
        #docs
        ///
        /// # Errors
        /// What the actor answered, as `CallError::Answer`, where it may answer with an error; else what became of the
        /// call.
        ///
        /// # Cancel safety
        /// Dropping the call does not stop a handler that began, and takes no message back that was sent.
        #visibility async fn #name(&self, #(#names: #types),*) -> #returns {
            #flatten(#called)
        }

        #asking
    }
}

fn ask_code(actor: &Actor, message: &Message, number: usize) -> TokenStream {
    let krate = &actor.options.krate;
    let (enumeration, Message { name, names, urgent, .. }) = (&actor.message, message);
    let made = quote_spanned!(Span::mixed_site()=> #enumeration::#name(#(#names,)* reply));
    let (ask, make) = if *urgent {
        (quote!(ask_urgently), quote_spanned!(Span::mixed_site()=> move |reply| #made))
    } else {
        (quote!(ask_made), quote_spanned!(Span::mixed_site()=> move |reply| move || #made))
    };
    if !actor.options.has("remote") {
        return quote_spanned!(Span::mixed_site()=> self.0.#ask(#make).await);
    }
    let number = Literal::usize_unsuffixed(number);
    let (answer, here) = (answer_code(krate, message), place_of(&message.answer));
    let unpack = quote_spanned!(here=> #answer.unpack(&bytes, &inlet.link()).await);
    quote_spanned! {Span::mixed_site()=>
        match &self.0 {
            #krate::__private::Inlet::Local(actor) => actor.#ask(#make).await,
            #krate::__private::Inlet::Remote(inlet) => {
                #[allow(unused_imports)]
                use #krate::__private::wire::ByValue as _;
                let arguments = #krate::__private::wire::encode(&(#(#names,)*))?;
                let bytes = inlet.call(#number, arguments).await?;
                #unpack
            }
        }
    }
}

/// What packs and unpacks the answer of a message: as a value, or as a channel end, which the type decides.
fn answer_code(krate: &TokenStream, message: &Message) -> TokenStream {
    let answer = &message.answer;
    quote_spanned!(place_of(answer)=> #krate::__private::wire::Answer::<#answer>::new())
}

/// Where a type is written, for what the compiler says of it.
fn place_of(ty: &TokenStream) -> Span {
    let first = ty.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    first.resolved_at(Span::mixed_site())
}

/// Says of each argument, where its type is written, that it has to travel.
fn travelling(krate: &TokenStream, message: &Message) -> TokenStream {
    let types =
        message.types.iter().map(|ty| quote_spanned!(place_of(ty)=> #krate::__private::wire::travels::<#ty>();));
    types.collect()
}

fn tell_method(actor: &Actor, message: &Message, number: usize) -> TokenStream {
    let krate = &actor.options.krate;
    let (enumeration, Message { conditions, visibility, name, names, types, .. }) = (&actor.message, message);
    let telling = tell_name(message);
    let text =
        format!("[`{}`](Self::{}) without waiting for an answer: only for room in the mailbox.", name, name.unraw());
    let docs = match message.docs.as_slice() {
        docs if message.one_way && !docs.is_empty() => quote!(#(#docs)*),
        _ if message.one_way => {
            let text = format!("`{}::{}`, by message, without an answer.", actor.text, name.unraw());
            quote!(#[doc = #text])
        }
        _ => quote!(#[doc = #text]),
    };
    let reply = (!message.one_way).then(|| quote!(#krate::__private::Reply::none()));
    let made = quote!(#enumeration::#name(#(#names,)* #reply));
    let (tell, made) = if message.urgent { (quote!(urge), made) } else { (quote!(tell_made), quote!(move || #made)) };
    let code = if actor.options.has("remote") {
        let number = tell_number(number);
        quote_spanned! {Span::mixed_site()=>
            match &self.0 {
                #krate::__private::Inlet::Local(actor) => actor.#tell(#made).await,
                #krate::__private::Inlet::Remote(inlet) => {
                    let arguments = #krate::__private::wire::encode(&(#(#names,)*))?;
                    inlet.call(#number, arguments).await.map(::core::mem::drop)
                }
            }
        }
    } else {
        quote_spanned!(Span::mixed_site()=> self.0.#tell(#made).await)
    };
    quote_spanned! {Span::mixed_site()=>
        #(#conditions)*
        #docs
        ///
        /// # Errors
        /// The actor has stopped, or its node cannot be reached.
        ///
        /// # Cancel safety
        /// Dropped before there was room, the message has not been sent.
        #visibility async fn #telling(
            &self,
            #(#names: #types),*
        ) -> ::core::result::Result<(), #krate::__private::CallError> {
            #code
        }
    }
}

fn remote_impl(actor: &Actor) -> TokenStream {
    let Actor { text, reference, generics, messages, options, .. } = actor;
    let krate = &options.krate;
    let (generic, arguments, where_clause) = generics.split_for_impl();
    let interface = interface(actor);
    let served = messages.iter().enumerate().map(|(number, message)| serve_arms(krate, message, number));
    let unknown = format!("`{text}` has no method number {{}}");
    quote_spanned! {Span::mixed_site()=>
        impl #generic #krate::__private::RemoteActor for #reference #arguments #where_clause {
            const INTERFACE: &'static str = #interface;

            fn from_remote(inlet: ::std::sync::Arc<dyn #krate::__private::RemoteInlet>) -> Self {
                Self(#krate::__private::Inlet::Remote(inlet))
            }

            fn serve(
                &self,
                method: u32,
                arguments: ::std::vec::Vec<u8>,
                link: #krate::__private::RemoteLink,
            ) -> #krate::__private::RemoteCall {
                #[allow(unused_imports)]
                use #krate::__private::wire::ByValue as _;
                let actor = ::core::clone::Clone::clone(self);
                ::std::boxed::Box::pin(async move {
                    match method {
                        #(#served)*
                        _ => ::core::result::Result::Err(
                            #krate::__private::CallError::Refused(::std::format!(#unknown, method)),
                        ),
                    }
                })
            }
        }
    }
}

/// One arm for the ask and one for the tell.
fn serve_arms(krate: &TokenStream, message: &Message, number: usize) -> TokenStream {
    let Message { conditions, names, types, .. } = message;
    let (asking, telling) = (ask_name(message), tell_name(message));
    let (ask, tell) = (Literal::usize_unsuffixed(number), tell_number(number));
    let ask = (!message.one_way).then(|| {
        let (packs, here) = (answer_code(krate, message), place_of(&message.answer));
        let pack = quote_spanned!(here=> #packs.pack(answer, &link));
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #ask => {
                let (#(#names,)*): (#(#types,)*) = #krate::__private::wire::decode(&arguments)?;
                let answer = actor.#asking(#(#names),*).await?;
                #pack
            }
        }
    });
    let travelling = travelling(krate, message);
    quote_spanned! {Span::mixed_site()=>
        #ask
        #(#conditions)*
        #tell => {
            #travelling
            let (#(#names,)*): (#(#types,)*) = #krate::__private::wire::decode(&arguments)?;
            actor.#telling(#(#names),*).await?;
            ::core::result::Result::Ok(::std::vec::Vec::new())
        }
    }
}

/// The signatures as text. A changed one gives another text, so that two nodes notice.
fn interface(actor: &Actor) -> String {
    let signatures: Vec<_> = actor.messages.iter().map(|message| message.signature.as_str()).collect();
    format!("{}{{{}}}", actor.text, signatures.join(";"))
}

fn ask_name(message: &Message) -> Ident {
    format_ident!("__ask_{}", message.name, span = message.name.span())
}

/// A one-way message is sent under its own name.
fn tell_name(message: &Message) -> Ident {
    if message.one_way { message.name.clone() } else { format_ident!("tell_{}", message.name) }
}

fn tell_number(number: usize) -> Literal {
    // An `impl` block of two thousand million methods is not written.
    Literal::u32_unsuffixed(TELL | u32::try_from(number).unwrap_or(TELL))
}
