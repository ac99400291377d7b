//! `alt!`: arms as tokens, and the choice they expand to. It knows no guard: what one is, the compiler says.

use crate::tokens::{Walk, error};
use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

const SHAPE: &str = "write `pattern = guard => body`";

/// What is written between the braces.
struct Choice {
    /// The crate whose `__private` is used.
    krate: TokenStream,
    in_order: bool,
    arms: Vec<Arm>,
    or_else: Option<TokenStream>,
    errors: TokenStream,
}

/// One guard and what follows when it commits.
struct Arm {
    pattern: TokenStream,
    guard: TokenStream,
    guard_span: Span,
    condition: Option<TokenStream>,
    body: TokenStream,
    /// Whether its pattern was refused.
    refutable: bool,
}

/// The code for an `alt!`. Broken input gives a compile error beside the code for what could be read.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let tokens: Vec<_> = input.into_iter().collect();
    let choice = Choice::parse(Walk::new(&tokens));
    let errors = &choice.errors;
    let code = if choice.arms.is_empty() { quote!() } else { choice.code() };
    quote!({ #errors #code })
}

impl Choice {
    fn parse(mut walk: Walk<'_>) -> Self {
        let mut choice = Self {
            krate: quote!(::rendez),
            in_order: false,
            arms: Vec::new(),
            or_else: None,
            errors: TokenStream::new(),
        };
        choice.parse_options(&mut walk);
        if walk.is_empty() {
            choice.fail(walk.span(), &format!("a choice needs at least one guard: {SHAPE}"));
        }
        while !walk.is_empty() {
            choice.parse_arm(&mut walk);
        }
        if let (true, Some(body)) = (choice.arms.is_empty(), &choice.or_else) {
            let span = body.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
            choice.fail(span, &format!("an `else` alone chooses nothing: {SHAPE} before it"));
        }
        choice
    }

    /// `crate = path;` and `pri` or `pri;`.
    fn parse_options(&mut self, walk: &mut Walk<'_>) {
        let start = *walk;
        if walk.take_word("crate") {
            if walk.take_operator("=") {
                self.krate = walk.until(|walk| walk.at_operator(";"));
                walk.take_operator(";");
            } else {
                self.fail(start.span(), "write `crate = path;` to name the crate");
            }
        }
        let start = *walk;
        if walk.take_word("pri") {
            self.in_order = !walk.at_operator("=");
            if !self.in_order {
                *walk = start;
            }
            walk.take_operator(";");
        }
    }

    fn parse_arm(&mut self, walk: &mut Walk<'_>) {
        let start = walk.span();
        if self.or_else.is_some() {
            self.fail(start, "`else` is the last arm: move it to the end");
        }
        if walk.at_word("else") {
            walk.next();
            if !walk.take_operator("=>") {
                self.fail(start, "write `else => body`, which runs when no guard is ready");
            }
            self.or_else = Some(body(walk));
            return;
        }
        let (pattern, guard_span, guard) = self.parse_head(walk);
        if pattern.is_empty() {
            self.fail(start, &format!("a pattern is missing: {SHAPE}"));
        }
        if guard.is_empty() && !walk.at_operator("=>") && !walk.at_operator(",") {
            // It ends with its `=`.
            self.fail(walk.previous_span(), &format!("a guard is missing: {SHAPE}"));
            return;
        }
        let condition = self.parse_condition(walk);
        let body = self.parse_body(walk);
        let refutable = self.refuse_refutable(&pattern);
        if guard.is_empty() {
            self.fail(guard_span, &format!("a guard is missing: {SHAPE}"));
            return;
        }
        let pattern = if pattern.is_empty() { quote!(_) } else { pattern };
        self.arms.push(Arm { pattern, guard, guard_span, condition, body, refutable });
    }

    /// `pattern = guard`. Where there is no `=`, what stands there is taken for the guard.
    fn parse_head(&mut self, walk: &mut Walk<'_>) -> (TokenStream, Span, TokenStream) {
        let start = walk.span();
        let at_end = |walk: &Walk<'_>| walk.at_operator("=>") || walk.at_operator(",");
        let before = walk.until(|walk| walk.at_operator("=") || at_end(walk));
        if !walk.take_operator("=") {
            let message = "this arm has no pattern: write `_ = guard => body`, or a name for what the guard gives";
            self.fail(start, message);
            return (quote!(_), start, before);
        }
        let span = walk.span();
        let begin = *walk;
        let guard = walk.until(|walk| walk.at_operator("=") || at_end(walk));
        // But for `if let`, no guard has an `=`: it is the next arm's, and this one is being typed.
        if walk.at_operator("=") && !has_word(&guard, "let") {
            return (before, span, walk.back_to_pattern(begin).unwrap_or(guard));
        }
        *walk = begin;
        (before, span, walk.until(at_end))
    }

    fn parse_condition(&mut self, walk: &mut Walk<'_>) -> Option<TokenStream> {
        let ahead = {
            let mut ahead = *walk;
            ahead.take_operator(",");
            ahead
        };
        if !ahead.at_word("if") {
            return None;
        }
        *walk = ahead;
        let span = walk.span();
        walk.next();
        let condition = walk.until(|walk| walk.at_operator("=>") || walk.at_operator(","));
        if condition.is_empty() {
            self.fail(span, "a condition is missing: write `pattern = guard, if condition => body`");
            return Some(quote!(true));
        }
        Some(condition)
    }

    fn parse_body(&mut self, walk: &mut Walk<'_>) -> TokenStream {
        let span = walk.span();
        if !walk.take_operator("=>") {
            let span = if walk.at_operator(",") { span } else { walk.previous_span() };
            self.fail(span, "this arm has no body: write `=> body` after the guard");
            walk.take_operator(",");
            return quote!(::core::unreachable!());
        }
        let begin = *walk;
        let mut code = body(walk);
        // A body was not all that was passed: the next arm's pattern and guard came with it.
        let no_comma = "a comma is missing before this arm: it ends a body that is not a block";
        if (walk.at_operator("=>") || walk.at_word("if"))
            && let Some(before) = walk.back_to_pattern(begin)
        {
            code = before;
            if !code.is_empty() {
                self.fail(walk.span(), no_comma);
            }
        }
        while walk.at_operator("=>") {
            self.fail(walk.span(), no_comma);
            walk.take_operator("=>");
            let next = body(walk);
            code.extend(quote!(; #next));
        }
        if code.is_empty() {
            self.fail(span, "this arm has no body: write `{}` to do nothing");
            return quote!(::core::unreachable!());
        }
        code
    }

    /// Refuses what is seen to match only some of what a guard gives; the compiler finds the rest.
    fn refuse_refutable(&mut self, pattern: &TokenStream) -> bool {
        let span = match pattern.clone().into_iter().next() {
            Some(TokenTree::Ident(word)) if is_refutable(&word) => word.span(),
            Some(TokenTree::Literal(literal)) => literal.span(),
            _ => return false,
        };
        let message = "a guard has committed before its pattern is looked at, so the pattern has to match always: \
                       bind the outcome, `outcome = guard`, and `match` on it in the body, or open it with `?`";
        self.fail(span, message);
        true
    }

    fn fail(&mut self, span: Span, message: &str) {
        self.errors.extend(error(span, message));
    }

    /// Evaluates the guards, waits, takes the output out of the guard that committed, drops all guards, runs the body.
    ///
    /// Variables are hygienic; the names of items are not, hence the prefix.
    fn code(&self) -> TokenStream {
        let krate = &self.krate;
        let count = self.arms.len();
        let numbers = (0..count).map(Literal::usize_unsuffixed);
        let slots: Vec<_> =
            self.arms.iter().enumerate().map(|(i, arm)| format_ident!("slot{i}", span = arm.here())).collect();
        let variants: Vec<_> = (0..count).map(|i| format_ident!("Guard{i}")).collect();
        let guards = self.arms.iter().map(Arm::guard_code);
        let bodies = self.arms.iter().map(Arm::body_code);
        let attempts = self
            .arms
            .iter()
            .zip(&slots)
            .map(|(arm, slot)| quote_spanned!(arm.here()=> __rendez_attempt(#slot.as_mut())));
        let outputs =
            self.arms.iter().zip(&slots).map(|(arm, slot)| quote_spanned!(arm.here()=> __rendez_output(#slot)));
        let order = if self.in_order { quote!(Listed) } else { quote!(Fair) };
        let has_else = self.or_else.is_some();
        let (unserved, else_arm) = match &self.or_else {
            Some(body) => {
                let body = unwrap_block(body);
                (quote!(__RendezServed::Else), quote!(__RendezServed::Else => { #body }))
            }
            None => (quote!(::core::unreachable!("a choice without `else` waits for a guard")), quote!()),
        };
        let items = self.items();
        quote_spanned! {Span::mixed_site()=>
            #items
            let served = {
                #(let mut #slots = ::core::pin::pin!(#guards);)*
                let number = #krate::__private::choose(
                    &mut [#(#attempts),*],
                    #krate::__private::Order::#order,
                    #has_else,
                ).await;
                match number {
                    #(#numbers => __RendezServed::#variants(#outputs),)*
                    _ => #unserved,
                }
            };
            match served {
                #(__RendezServed::#variants(output) => #bodies)*
                #else_arm
            }
        }
    }

    /// What the guards' outputs travel in from the choice to the bodies, and two functions that fix the guards' types.
    fn items(&self) -> TokenStream {
        let krate = &self.krate;
        let types: Vec<_> = (0..self.arms.len()).map(|i| format_ident!("T{i}")).collect();
        let variants = (0..self.arms.len()).map(|i| format_ident!("Guard{i}"));
        let else_variant = self.or_else.as_ref().map(|_| quote!(Else));
        quote! {
            enum __RendezServed<#(#types),*> { #(#variants(#types),)* #else_variant }
            fn __rendez_attempt<G: #krate::__private::Guard>(
                slot: ::core::pin::Pin<&mut ::core::option::Option<G>>,
            ) -> #krate::__private::Arm<'_> {
                slot.as_pin_mut().map(|guard| guard as _)
            }
            fn __rendez_output<G: #krate::__private::Guard>(
                slot: ::core::pin::Pin<&mut ::core::option::Option<G>>,
            ) -> G::Output {
                slot.as_pin_mut().expect("a choice commits to a guard that takes part in it").output()
            }
        }
    }
}

impl Arm {
    /// Where the guard is, for names of the expansion's own.
    fn here(&self) -> Span {
        self.guard_span.resolved_at(Span::mixed_site())
    }

    /// An `Option` of the guard: none where its condition does not hold.
    fn guard_code(&self) -> TokenStream {
        let guard = &self.guard;
        let some = quote_spanned!(self.here()=> ::core::option::Option::Some(#guard));
        match &self.condition {
            Some(condition) => quote!(if #condition { #some } else { ::core::option::Option::None }),
            None => some,
        }
    }

    fn body_code(&self) -> TokenStream {
        let (pattern, body) = (&self.pattern, unwrap_block(&self.body));
        let output = Ident::new("output", Span::mixed_site());
        // A refused pattern still binds its names, so that no other error follows from the first.
        let or_else = if self.refutable { quote!(else { ::core::unreachable!() }) } else { quote!() };
        quote_spanned!(Span::mixed_site()=> { let #pattern = #output #or_else; #body })
    }
}

fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == word))
}

/// Words that start a pattern that a `Result` or an `Option` may fail to match, or any type of several values.
fn is_refutable(word: &Ident) -> bool {
    ["Ok", "Err", "Some", "None", "true", "false"].iter().any(|refutable| word == refutable)
}

/// What is in a body that is one block, so that no block is the last expression of another.
fn unwrap_block(body: &TokenStream) -> TokenStream {
    let mut tokens = body.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Brace => group.stream(),
        _ => body.clone(),
    }
}

/// The tokens of a body, and past the comma that ends it. Blocks, `if`, `match` and loops need no comma.
fn body(walk: &mut Walk<'_>) -> TokenStream {
    let mut body = TokenStream::new();
    take_block_like(walk, &mut body);
    let goes_on = body.is_empty() || walk.at_operator(".") || walk.at_operator("?");
    if goes_on {
        body.extend(walk.until(|walk| walk.at_operator(",") || walk.at_operator("=>")));
    }
    walk.take_operator(",");
    body
}

/// Takes an expression that ends with a block, if one starts here.
fn take_block_like(walk: &mut Walk<'_>, body: &mut TokenStream) {
    let start = *walk;
    let is_if = walk.at_word("if");
    let keyword = ["if", "match", "while", "for", "loop", "unsafe"].iter().any(|word| walk.at_word(word));
    let labelled = walk.at_operator("'");
    if !(keyword || labelled || walk.at_braces()) {
        return;
    }
    let head = walk.until(|walk| walk.at_braces() || walk.at_operator(",") || walk.at_operator("=>"));
    if !walk.at_braces() {
        *walk = start;
        return;
    }
    body.extend(head);
    body.extend(walk.next().cloned());
    let mut after_else = *walk;
    if is_if && after_else.take_word("else") && !after_else.at_operator("=>") {
        body.extend(walk.next().cloned());
        take_block_like(walk, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::half_typed;

    fn expanded(input: &str) -> String {
        expand(input.parse().unwrap()).to_string()
    }

    #[test]
    fn input_broken_off_anywhere_expands() {
        let whole = "crate = ::rendez ; pri ; (a, b) = rx . recv :: < u8 , u8 > () , if a > b => out . send (a ?) . await ? , \
                     _ = after (delay) => { done () } x = f () => match x { _ => 1 } . max (2) , else => 'l : loop { break 'l }";
        for input in half_typed(whole) {
            expand(input);
        }
        assert!(!expanded(whole).contains("compile_error"));
    }

    #[test]
    fn a_body_being_typed_is_in_the_code() {
        assert!(expanded("job = urgent.recv() => output.").contains("{ let job = output ; output . }"));
        let both = expanded("job = a.recv() => output. x = b.recv() => x.");
        assert!(
            both.contains("{ let job = output ; output . }") && both.contains("{ let x = output ; x . }"),
            "{both}"
        );
        assert!(both.contains("a comma is missing"));
    }

    #[test]
    fn a_guard_being_typed_is_in_the_code() {
        assert!(expanded("job = urgent.").contains("Some (urgent .)"));
        assert!(expanded("urgent.rec").contains("Some (urgent . rec)"));
        assert!(expanded("job = urgent.recv(), if self. => {}").contains("if self ."));
        assert!(expanded("x = a.recv::<B, => {}, y = b.recv() => {}").contains("Some (b . recv ())"));
    }

    #[test]
    fn an_arm_being_typed_leaves_the_next_one_whole() {
        for typed in ["job = urgent.", "job = urgent.recv()", "job = urgent.recv() =>", "job = urgent.recv() => job."] {
            for pattern in ["x", "_", "(x, y)", "mut x", "Point { x, y }"] {
                let code = expanded(&format!("{typed} {pattern} = b.recv(), if x == y => x,"));
                let text = |tokens: &str| tokens.parse::<TokenStream>().unwrap().to_string();
                let arm = text(&format!("let {pattern} = output; x"));
                assert!(code.contains("if x == y") && code.contains("Some (b . recv ())"), "{typed} {pattern}: {code}");
                assert!(code.contains(&arm), "{typed} {pattern}: {code}");
                assert!(code.contains("Some (urgent ."), "{typed} {pattern}: {code}");
            }
        }
        let code = expanded("x = y = b.recv() => y");
        assert!(code.contains("a guard is missing") && code.contains("Some (b . recv ())"), "{code}");
    }

    #[test]
    fn a_guard_may_have_a_let() {
        let code = expanded("x = if let Some(a) = a { a.recv() } else { b.recv() } => x, y = c.recv() => y");
        assert!(!code.contains("compile_error") && code.contains("if let Some (a) = a {"), "{code}");
    }

    #[test]
    fn a_missing_part_is_named() {
        let said = |input, words: &str| assert!(expanded(input).contains(words), "{input}: {}", expanded(input));
        said("", "a choice needs at least one guard");
        said("else => {}", "an `else` alone chooses nothing");
        said("x = a.recv()", "write `=> body` after the guard");
        said("x = a.recv() =>", "write `{}` to do nothing");
        said("a.recv() => {}", "write `_ = guard => body`");
        said("x = => {}", "a guard is missing");
        said("= a.recv() => {}", "a pattern is missing");
        said("x = a.recv(), if => {}", "a condition is missing");
        said("x = a.recv() => {} else {}", "write `else => body`");
        said("else => {}, x = a.recv() => {}", "`else` is the last arm");
        said("Ok(x) = a.recv() => {}", "the pattern has to match always");
        said("crate x = a.recv() => {}", "write `crate = path;`");
    }
}
