//! Walking over tokens by their outer shape: what lies at the top level, not what it means.

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// A position in a list of tokens.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    tokens: &'a [TokenTree],
    at: usize,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(tokens: &'a [TokenTree]) -> Self {
        Self { tokens, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<&'a TokenTree> {
        self.tokens.get(self.at)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(crate) fn next(&mut self) -> Option<&'a TokenTree> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Where the next token is; at the end, where the last one was.
    pub(crate) fn span(&self) -> Span {
        let token = self.peek().or_else(|| self.tokens.last());
        token.map_or_else(Span::call_site, TokenTree::span)
    }

    /// Where the token before is.
    pub(crate) fn previous_span(&self) -> Span {
        self.at.checked_sub(1).map_or_else(|| self.span(), |before| self.tokens[before].span())
    }

    pub(crate) fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenTree::Ident(ident)) if ident == word)
    }

    /// Whether the next tokens are this operator, and not the start of a longer one.
    pub(crate) fn at_operator(&self, operator: &str) -> bool {
        self.operator() == operator
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn take_operator(&mut self, operator: &str) -> bool {
        let found = self.at_operator(operator);
        self.at += if found { operator.len() } else { 0 };
        found
    }

    pub(crate) fn at_braces(&self) -> bool {
        matches!(self.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
    }

    /// Goes on until `stop` says so or the tokens end, and returns what was passed.
    ///
    /// It is asked between operators, never inside one, and not between the angle brackets of generic arguments.
    pub(crate) fn until(&mut self, stop: impl Fn(&Self) -> bool) -> TokenStream {
        let from = *self;
        if !self.pass(&stop, true) {
            // A bracket that never closes, in half-typed input.
            *self = from;
            self.pass(&stop, false);
        }
        self.tokens[from.at..self.at].iter().cloned().collect()
    }

    /// Goes back to where a pattern begins whose `=` is the last one after `start`, if there is one, and returns what is
    /// before it. Of patterns of several tokens it knows `mut name` and `Name(..)`.
    pub(crate) fn back_to_pattern(&mut self, start: Self) -> Option<TokenStream> {
        let mut walk = start;
        let mut equals = None;
        while walk.at <= self.at && !walk.is_empty() {
            if walk.at_operator("=") {
                equals = Some(walk.at);
            }
            walk.at += walk.operator().len().max(1);
        }
        let pattern = equals?.checked_sub(1).filter(|&pattern| pattern >= start.at)?;
        let opens = |word: &Ident| word == "mut" || word.to_string().starts_with(char::is_uppercase);
        let before = pattern.checked_sub(1).filter(|&before| before >= start.at);
        let longer = before.filter(|&at| matches!(&self.tokens[at], TokenTree::Ident(word) if opens(word)));
        self.at = longer.unwrap_or(pattern);
        Some(self.tokens[start.at..self.at].iter().cloned().collect())
    }

    /// False when the tokens end between angle brackets.
    fn pass(&mut self, stop: &impl Fn(&Self) -> bool, generics: bool) -> bool {
        let mut depth = 0_usize;
        let mut operand_before = false;
        while let Some(token) = self.peek() {
            if depth == 0 && stop(self) {
                return true;
            }
            let operator = self.operator();
            // A `<` after an operand compares; after `::`, an operator or nothing it opens generic arguments.
            if generics && (depth > 0 || !operand_before) && operator.starts_with('<') {
                depth += operator.matches('<').count();
            } else if operator.starts_with('>') {
                depth = depth.saturating_sub(operator.matches('>').count());
            }
            operand_before = !matches!(token, TokenTree::Punct(punct) if punct.as_char() != '?');
            self.at += operator.len().max(1);
        }
        depth == 0
    }

    /// The operator that starts here; empty where there is none. A lifetime's quote is none.
    fn operator(&self) -> String {
        let mut operator = String::new();
        for token in &self.tokens[self.at..] {
            let TokenTree::Punct(punct) = token else { break };
            if !operator.is_empty() && !continues(&operator, punct.as_char()) {
                break;
            }
            operator.push(punct.as_char());
            if punct.spacing() == Spacing::Alone {
                break;
            }
        }
        operator
    }
}

/// Whether a longer operator of the language starts with `operator` and goes on with `next`.
fn continues(operator: &str, next: char) -> bool {
    const LONG: [&str; 24] = [
        "=>", "==", "!=", "<=", ">=", "->", "::", "..", "...", "..=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=",
        "&=", "|=", ">>", "<<", ">>=", "<<=",
    ];
    LONG.iter().any(|long| long.strip_prefix(operator).is_some_and(|rest| rest.starts_with(next)))
}

/// The same tokens, to be seen at `span`: what the compiler says about code that starts with them is said there.
pub(crate) fn seen_at(tokens: &TokenStream, span: Span) -> TokenStream {
    let seen = tokens.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    seen.collect()
}

/// A compile error at `span`, as a statement or an item.
pub(crate) fn error(span: Span, message: &str) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #message })
}

/// An input broken off anywhere, whole or with one token missing: what a macro is given while somebody types.
#[cfg(test)]
pub(crate) fn half_typed(whole: &str) -> impl Iterator<Item = TokenStream> + use<> {
    let tokens: Vec<TokenTree> = whole.parse::<TokenStream>().unwrap().into_iter().collect();
    let ends = (0..=tokens.len()).flat_map(|end| (0..=end).map(move |hole| (end, hole)));
    ends.map(move |(end, hole)| {
        let kept = tokens[..end].iter().enumerate().filter(|&(i, _)| i != hole);
        kept.map(|(_, token)| token.clone()).collect()
    })
}
