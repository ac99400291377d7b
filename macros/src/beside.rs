//! Re-entrance: the messages of an actor that are handled beside each other, as a trait that only who has some implements.

use crate::actor::Actor;
use crate::message::Message;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

impl Actor {
    /// How an actor gives its shared half out, and that half; nothing where no message is re-entrant.
    pub(crate) fn beside(&self) -> (TokenStream, TokenStream) {
        let messages: Vec<_> = self.messages.iter().filter(|message| message.reentrant).collect();
        if messages.is_empty() {
            return Default::default();
        }
        let (ty, enumeration, krate) = (&self.ty, &self.message, &self.options.krate);
        let (generic, arguments, where_clause) = self.generics.split_for_impl();
        let taken = messages
            .iter()
            .map(|Message { conditions, name, .. }| quote!(#(#conditions)* #enumeration::#name(..) => true,));
        let handled = messages.iter().map(|message| {
            let Message { conditions, name, names, one_way, .. } = message;
            let (reply, call) = ((!one_way).then(|| quote_spanned!(Span::mixed_site()=> reply)), message.handled());
            quote_spanned!(Span::mixed_site()=> #(#conditions)* #enumeration::#name(#(#names,)* #reply) => #call,)
        });
        // What the compiler says of the whole, such as that it is not `Sync`, it says at the actor's name.
        let here = self.name.span().resolved_at(Span::mixed_site());
        let beside = quote_spanned! {here=>
            fn beside(&self) -> ::core::option::Option<&(dyn #krate::__private::Beside<Self> + ::core::marker::Sync)> {
                ::core::option::Option::Some(self)
            }
        };
        let shared = quote_spanned! {here=>
            impl #generic #krate::__private::Beside<#ty> for #ty #where_clause {
                fn takes(&self, message: &#enumeration #arguments) -> bool {
                    let is_reentrant = match message {
                        #(#taken)*
                        #[allow(unreachable_patterns)]
                        _ => false,
                    };
                    is_reentrant && #krate::__private::Actor::accepts(self, message)
                }

                #[allow(unused_variables, unused_mut)]
                fn handle(
                    &self,
                    message: #enumeration #arguments,
                    mut own: #krate::__private::Context<#ty>,
                ) -> #krate::__private::Handling<'_, #ty> {
                    ::std::boxed::Box::pin(async move {
                        let context = &mut own;
                        match message {
                            #(#handled)*
                            #[allow(unreachable_patterns)]
                            _ => {}
                        }
                        own
                    })
                }
            }
        };
        (beside, shared)
    }
}
