//! Which arguments a process cannot give away: those that its body only ever uses in place. It reads tokens and knows no types.
//!
//! A deadlock is certain only if the ends that could help are where they were declared to be. An end leaves a process by being
//! moved: into a call, a message, a task, a closure. So an argument counts as kept when each mention of it is `&name`, or a call
//! `name.method(..)` of a method that takes an end by reference, also of a field (`name.field.method(..)`). Whatever could move it
//! otherwise makes it not kept, rather once too often: `move` anywhere, mentions in a macro that is not known. That a kept place is
//! a channel end is for the compiler to find, by the trait that the expansion asks for.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Methods of ends, and of handles of events, conditions and tokens, that take them by reference.
const IN_PLACE: &[&str] = &[
    "send",
    "send_from",
    "try_send",
    "send_by",
    "reserve",
    "try_reserve",
    "send_blocking",
    "send_by_blocking",
    "reserve_blocking",
    "closed",
    "recv",
    "next",
    "recv_extended",
    "recv_by",
    "recv_many",
    "recv_blocking",
    "next_blocking",
    "recv_extended_blocking",
    "recv_by_blocking",
    "recv_many_blocking",
    "try_recv",
    "sync",
    "try_sync",
    "sync_blocking",
    "wait",
    "wait_while",
    "wait_blocking",
    "wait_while_blocking",
    "set",
    "clear",
    "is_set",
    "notify_one",
    "notify_all",
    "cancel",
    "cancelled",
    "cancelled_blocking",
    "is_cancelled",
    "child",
    "poison",
    "poison_at",
    "poison_with",
    "id",
    "name",
    "set_name",
    "inspect",
    "clone",
    "iter",
    "len",
    "is_empty",
    "first",
    "last",
    "get",
];
/// Macros that use what is mentioned in them where they stand.
const KNOWN_MACROS: &[&str] = &[
    "alt",
    "select",
    "join",
    "try_join",
    "println",
    "eprintln",
    "print",
    "eprint",
    "format",
    "write",
    "writeln",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "matches",
    "panic",
];

/// The places (`name`, `name.field`, ..) of an argument that its process cannot give away.
pub(crate) fn kept(name: &Ident, body: &TokenStream, blocks: bool) -> Vec<TokenStream> {
    let mut places = BTreeSet::new();
    // A thread may lend what it has to others while it waits for them.
    let lends = blocks && (mentions(body, "scope") || mentions(body, "spawn"));
    if lends || mentions(body, "move") || !in_place(&name.to_string(), body, &mut places) {
        return Vec::new();
    }
    places.into_iter().map(|path| place(name, &path)).collect()
}

fn place(name: &Ident, path: &[String]) -> TokenStream {
    let fields = path.iter().map(|field| {
        let index = field.parse::<u32>().map(|index| {
            let index = syn::Index { index, span: Span::call_site() };
            quote::quote!(#index)
        });
        index.unwrap_or_else(|_| {
            let field = Ident::new(field, name.span());
            quote::quote!(#field)
        })
    });
    quote::quote!(#name #(.#fields)*)
}

/// Whether the word stands anywhere.
fn mentions(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(&group.stream(), word),
        _ => false,
    })
}

/// Whether each mention of `name` uses it in place; the places are collected.
fn in_place(name: &str, tokens: &TokenStream, places: &mut BTreeSet<Vec<String>>) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    (0..tokens.len()).all(|at| match &tokens[at] {
        TokenTree::Group(group) if is_unknown_macro(&tokens, at) => !mentions(&group.stream(), name),
        TokenTree::Group(group) => in_place(name, &group.stream(), places),
        // A field or method of something else, or a path.
        TokenTree::Ident(ident) if ident == name && !is(&tokens, at.checked_sub(1), '.') => {
            use_in_place(&tokens, at, places)
        }
        _ => true,
    })
}

fn use_in_place(tokens: &[TokenTree], at: usize, places: &mut BTreeSet<Vec<String>>) -> bool {
    let mut path = Vec::new();
    let mut next = at + 1;
    while is(tokens, Some(next), '.') {
        let called =
            matches!(tokens.get(next + 2), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
        match tokens.get(next + 1) {
            Some(TokenTree::Ident(method)) if called => {
                places.insert(path);
                return IN_PLACE.contains(&method.to_string().as_str());
            }
            Some(TokenTree::Ident(field)) => path.push(field.to_string()),
            Some(TokenTree::Literal(index)) if index.to_string().parse::<u32>().is_ok() => path.push(index.to_string()),
            _ => return false,
        }
        next += 2;
    }
    let borrowed = is(tokens, at.checked_sub(1), '&') && !is(tokens, at.checked_sub(2), '&');
    if borrowed {
        places.insert(path);
    }
    borrowed
}

fn is(tokens: &[TokenTree], at: Option<usize>, sign: char) -> bool {
    matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether the group is what a macro gets that is not known.
fn is_unknown_macro(tokens: &[TokenTree], at: usize) -> bool {
    let name = at.checked_sub(2).and_then(|before| tokens.get(before));
    is(tokens, at.checked_sub(1), '!')
        && matches!(name, Some(TokenTree::Ident(name)) if !KNOWN_MACROS.contains(&name.to_string().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(body: &str, blocks: bool) -> Vec<String> {
        let name = Ident::new("tx", Span::call_site());
        let kept = kept(&name, &body.parse().unwrap(), blocks);
        kept.into_iter().map(|place| place.to_string().replace(' ', "")).collect()
    }

    #[test]
    fn an_end_that_is_used_in_place_is_kept() {
        assert_eq!(places("tx.send(1).await?; other.tx(); helper(&tx).await; Ok(())", false), ["tx"]);
        assert_eq!(places("alt! { _ = tx.recv() => (), } println!(\"{}\", tx.name());", false), ["tx"]);
        assert_eq!(places("tx.jobs.recv().await; tx.0.send(1)", false), ["tx.0", "tx.jobs"]);
        assert_eq!(places("while let Some(x) = tx.next().await? { if x & 1 == 0 { tx.try_send(x); } }", false), ["tx"]);
    }

    #[test]
    fn whatever_could_move_it_makes_it_free() {
        for body in [
            "drop(tx)",
            "tx.retire();",
            "tx.send(1).await; Parcel { tx }",
            "spawn(async move { tx.send(1).await })",
            "let tx = other; tx.send(1)",
            "std::mem::replace(&mut tx, other)",
            "mine!(tx.send(1))",
            "for x in tx {}",
            "a && tx",
            "tx.jobs",
            "tx.jobs.take().send(1)",
            "Some(tx)",
        ] {
            assert_eq!(places(body, false), [""; 0], "{body}");
        }
    }

    #[test]
    fn a_thread_that_lends_to_others_keeps_nothing() {
        assert_eq!(places("tx.send_blocking(1)", true), ["tx"]);
        assert_eq!(places("thread::scope(|s| { s.spawn(|| tx.send_blocking(1)); })", true), [""; 0]);
    }

    #[test]
    fn one_that_is_not_mentioned_is_no_place() {
        assert_eq!(places("Ok(())", false), [""; 0]);
    }
}
