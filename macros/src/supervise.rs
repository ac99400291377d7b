//! `supervise!`: a supervisor's options and children as tokens, and the builder calls they expand to. What a child is, the compiler says.

use crate::tokens::{Walk, error};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

const STRATEGIES: [&str; 4] = ["one_for_one", "one_for_all", "rest_for_one", "dynamic"];
const SHAPE: &str = "write `supervise!(one_for_one, intensity = 3 per period; child, child)`";
const STRATEGY: &str =
    "a supervisor begins with its strategy: write `one_for_one`, `one_for_all`, `rest_for_one` or `dynamic`";
const OPTION: &str = "this is no option of a supervisor: write `intensity = 3 per period`, `backoff = ..`, \
                      `auto_shutdown = ..` or `name = ..`, and `;` before the children";
const WORD: &str = "this is no word on a child: write `#[permanent]`, `#[transient]`, `#[temporary]`, `#[significant]`, \
                    `#[shutdown = ..]` or `#[name = ..]`";

/// What is written between the parentheses.
struct Declared {
    /// The crate whose `__private` is used.
    krate: TokenStream,
    strategy: Ident,
    /// Calls on the builder.
    options: TokenStream,
    children: Vec<Child>,
    errors: TokenStream,
}

/// One child.
struct Child {
    span: Span,
    /// What it is to be called, where that was said.
    name: Option<TokenStream>,
    /// Calls on its spec.
    words: TokenStream,
    /// The variable that gets its reference.
    place: Option<TokenStream>,
    value: Vec<TokenTree>,
}

/// The code for a `supervise!`. Broken input gives a compile error beside the code for what could be read.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let tokens: Vec<_> = input.into_iter().collect();
    Declared::parse(Walk::new(&tokens)).code()
}

impl Declared {
    fn parse(mut walk: Walk<'_>) -> Self {
        let mut declared = Self {
            krate: quote!(::rendez),
            strategy: Ident::new(STRATEGIES[0], Span::mixed_site()),
            options: TokenStream::new(),
            children: Vec::new(),
            errors: TokenStream::new(),
        };
        declared.parse_crate(&mut walk);
        declared.parse_strategy(&mut walk);
        while walk.take_operator(",") {
            declared.parse_option(&mut walk);
        }
        if !walk.is_empty() && !walk.take_operator(";") {
            declared.fail(walk.span(), &format!("a `;` is missing before the children: {SHAPE}"));
            walk.until(|walk| walk.at_operator(";"));
            walk.take_operator(";");
        }
        while !walk.is_empty() {
            declared.parse_child(&mut walk);
        }
        declared
    }

    /// `crate = path;`.
    fn parse_crate(&mut self, walk: &mut Walk<'_>) {
        if walk.take_word("crate") {
            if !walk.take_operator("=") {
                return self.fail(walk.previous_span(), "write `crate = path;` to name the crate");
            }
            self.krate = walk.until(|walk| walk.at_operator(";"));
            walk.take_operator(";");
        }
    }

    fn parse_strategy(&mut self, walk: &mut Walk<'_>) {
        match walk.peek() {
            Some(TokenTree::Ident(word)) if STRATEGIES.iter().any(|strategy| word == strategy) => {
                self.strategy = word.clone();
                walk.next();
            }
            _ => {
                self.fail(walk.span(), STRATEGY);
                walk.until(|walk| walk.at_operator(",") || walk.at_operator(";"));
            }
        }
    }

    /// `word = value`.
    fn parse_option(&mut self, walk: &mut Walk<'_>) {
        let at_end = |walk: &Walk<'_>| walk.at_operator(",") || walk.at_operator(";");
        let span = walk.span();
        let Some(TokenTree::Ident(word)) = walk.peek() else { return self.fail(span, OPTION) };
        let word = word.to_string();
        walk.next();
        if !["intensity", "backoff", "auto_shutdown", "name"].contains(&&*word) {
            self.fail(span, OPTION);
            walk.until(at_end);
            return;
        }
        if !walk.take_operator("=") {
            self.fail(span, &format!("a value is missing: write `{word} = ..`"));
        }
        let value = walk.until(|walk| at_end(walk) || word == "intensity" && walk.at_word("per"));
        if value.is_empty() {
            return self.fail(walk.previous_span(), &format!("a value is missing: write `{word} = ..`"));
        }
        self.options.extend(match &*word {
            "intensity" => {
                let has_period = walk.take_word("per");
                let period = walk.until(at_end);
                if !has_period || period.is_empty() {
                    let message = "within which time? write `intensity = 3 per Duration::from_secs(10)`";
                    return self.fail(walk.previous_span(), message);
                }
                quote_spanned!(span=> .intensity(#value, #period))
            }
            "name" => quote_spanned!(span=> .named(#value)),
            _ => {
                let setter = Ident::new(&word, span);
                quote_spanned!(span=> .#setter(#value))
            }
        });
    }

    /// `#[word] place = value`.
    fn parse_child(&mut self, walk: &mut Walk<'_>) {
        let (mut name, mut words) = (None, TokenStream::new());
        while walk.take_operator("#") {
            match walk.peek() {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                    self.parse_word(group, &mut name, &mut words);
                    walk.next();
                }
                _ => self.fail(walk.previous_span(), WORD),
            }
        }
        let span = walk.span();
        let begin = *walk;
        let at_end = |walk: &Walk<'_>| walk.at_operator(",") || walk.at_operator(";");
        let before = walk.until(|walk| walk.at_operator("=") || at_end(walk));
        let (place, value) = if walk.at_operator("=") && is_place(&before) {
            walk.take_operator("=");
            (Some(before), walk.until(|walk| walk.at_operator("=") || at_end(walk)))
        } else {
            (None, before)
        };
        let mut value = value;
        if walk.at_operator("=") {
            // The next child's, and this one is being typed.
            let typed = if place.is_some() { walk_after(begin, "=") } else { begin };
            value = walk.back_to_pattern(typed).unwrap_or(value);
            self.fail(walk.span(), "a comma is missing before this child");
            if value.is_empty() {
                walk.next();
            }
        } else if !walk.take_operator(",") && walk.take_operator(";") {
            self.fail(walk.previous_span(), "a `,` separates children; the `;` stands before the first");
        }
        if value.is_empty() {
            return self
                .fail(span, "a child is missing: write an actor, a process or a supervisor, such as `reader(input)`");
        }
        self.children.push(Child { span, name, words, place, value: value.into_iter().collect() });
    }

    fn parse_word(&mut self, group: &Group, name: &mut Option<TokenStream>, words: &mut TokenStream) {
        let krate = &self.krate;
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let mut walk = Walk::new(&tokens);
        let span = if walk.is_empty() { group.span() } else { walk.span() };
        let word = walk.next().map(ToString::to_string).unwrap_or_default();
        let value = walk.take_operator("=").then(|| walk.until(|_| false)).filter(|value| !value.is_empty());
        match (&*word, value) {
            ("permanent", None) => words.extend(quote!(.restart(#krate::__private::Restart::Permanent))),
            ("transient", None) => words.extend(quote!(.restart(#krate::__private::Restart::Transient))),
            ("temporary", None) => words.extend(quote!(.restart(#krate::__private::Restart::Temporary))),
            ("significant", None) => words.extend(quote!(.significant())),
            ("shutdown", Some(value)) => words.extend(quote_spanned!(span=> .shutdown(#value))),
            ("name", Some(value)) => *name = Some(value),
            ("shutdown" | "name", None) => {
                self.fail(span, &format!("a value is missing: write `#[{word} = ..]`"));
            }
            _ => self.fail(span, WORD),
        }
    }

    fn fail(&mut self, span: Span, message: &str) {
        self.errors.extend(error(span, message));
    }

    fn code(&self) -> TokenStream {
        let Self { krate, strategy, options, children, errors } = self;
        let children = children.iter().map(|child| child.code(krate));
        quote_spanned! {Span::mixed_site()=> {
            #errors
            #[allow(unused_imports)]
            use #krate::__private::{MakesActor as _, MakesProcess as _, MakesSupervisor as _};
            let supervisor = #krate::__private::Supervisor::#strategy() #options;
            #(#children)*
            supervisor
        }}
    }
}

impl Child {
    /// Hygienic names, and errors where the child is.
    fn code(&self, krate: &TokenStream) -> TokenStream {
        let Self { span, name, words, place, .. } = self;
        let here = span.resolved_at(Span::mixed_site());
        let given = name.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |name| quote!(::core::option::Option::Some(::std::string::String::from(#name))),
        );
        let (place_name, callee) = (option(place.as_ref().and_then(last_word)), option(self.callee()));
        let names = quote! {
            #krate::__private::Names { given: #given, place: #place_name, callee: #callee }
        };
        let made = self.made(krate, &names, here);
        let bound = place.as_ref().map(|place| quote_spanned!(here=> #place = reference;));
        let reference = Ident::new(if place.is_some() { "reference" } else { "_reference" }, here);
        quote_spanned! {here=>
            let (spec, #reference) = { #made };
            #bound
            let supervisor = supervisor.child(spec #words);
        }
    }

    /// The spec and the reference. The calls that note the child's line stand there; what the macro calls stands at its own.
    fn made(&self, krate: &TokenStream, names: &TokenStream, here: Span) -> TokenStream {
        let value: TokenStream = self.value.iter().cloned().collect();
        if self.is_nested() {
            let nested = quote_spanned!(self.span=> nested(#names, #value));
            return quote_spanned!(here=> #krate::__private::#nested);
        }
        let maker = Ident::new("maker", here);
        let (arguments, make) = match self.call() {
            None => (quote!(), value),
            Some((callee, arguments)) => {
                let places: Vec<_> = (0..arguments.len()).map(|i| format_ident!("argument{i}", span = here)).collect();
                let again = places.iter().map(|place| quote_spanned!(here=> #krate::__private::again(&#place)));
                (quote_spanned!(here=> #(let #places = #arguments;)*), quote_spanned!(here=> #callee(#(#again),*)))
            }
        };
        let child = quote_spanned!(self.span=> .child(#names, #maker));
        quote_spanned! {here=>
            #arguments
            let #maker = #krate::__private::maker(move || #make);
            (&&&#maker).kind()#child
        }
    }

    /// The function that it calls, and the arguments; none where it is something else.
    fn call(&self) -> Option<(TokenStream, Vec<TokenStream>)> {
        let (last, callee) = self.value.split_last()?;
        let TokenTree::Group(group) = last else { return None };
        if group.delimiter() != Delimiter::Parenthesis || callee.is_empty() || !callee.iter().all(is_of_path) {
            return None;
        }
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let (mut walk, mut arguments) = (Walk::new(&tokens), Vec::new());
        while !walk.is_empty() {
            arguments.push(walk.until(|walk| walk.at_operator(",")));
            walk.take_operator(",");
        }
        Some((callee.iter().cloned().collect(), arguments))
    }

    /// What it is called like: the function, or the type that it is a function of.
    fn callee(&self) -> Option<String> {
        let (callee, _) = self.call()?;
        let words = callee.into_iter().filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            _ => None,
        });
        let words: Vec<_> = words.collect();
        let (last, before) = words.split_last()?;
        let of = before.last().filter(|word| word.starts_with(char::is_uppercase));
        Some(of.unwrap_or(last).clone())
    }

    /// Whether it is a `supervise!` itself.
    fn is_nested(&self) -> bool {
        match self.value.as_slice() {
            [.., TokenTree::Ident(word), TokenTree::Punct(bang), TokenTree::Group(_)] => {
                word == "supervise" && bang.as_char() == '!'
            }
            _ => false,
        }
    }
}

/// Whether this may be what a reference is assigned to: a variable, a field, or `_`.
fn is_place(tokens: &TokenStream) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    tokens.len() % 2 == 1
        && tokens.iter().enumerate().all(|(i, token)| match token {
            TokenTree::Ident(_) => i % 2 == 0,
            TokenTree::Punct(punct) => i % 2 == 1 && punct.as_char() == '.',
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        })
}

/// The name of a variable or a field; none for `_`.
fn last_word(place: &TokenStream) -> Option<String> {
    place.clone().into_iter().last().map(|word| word.to_string()).filter(|word| word != "_")
}

/// Whether a token may stand in the path of a function.
fn is_of_path(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => !["move", "async", "if", "match", "while", "return"].iter().any(|no| word == no),
        TokenTree::Punct(punct) => [':', '<', '>', ','].contains(&punct.as_char()),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

/// Past the first such operator.
fn walk_after<'a>(mut walk: Walk<'a>, operator: &str) -> Walk<'a> {
    walk.until(|walk| walk.at_operator(operator));
    walk.take_operator(operator);
    walk
}

fn option(word: Option<String>) -> TokenStream {
    word.map_or_else(|| quote!(::core::option::Option::None), |word| quote!(::core::option::Option::Some(#word)))
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
        let whole = "crate = ::rendez ; one_for_all , intensity = 3 per Duration :: from_secs (10) , backoff = Backoff :: new (a , b) ; \
                     # [permanent] # [name = \"till\"] till = Till { sum : 0 } , self . clerk = Clerk :: < u8 , A > :: new (till . clone ()) , \
                     # [shutdown = Shutdown :: Wait] supervise ! (dynamic ;) , async move { Ok (()) } ,";
        for input in half_typed(whole) {
            expand(input);
        }
        let code = expanded(whole);
        assert!(!code.contains("compile_error"), "{code}");
        assert!(
            code.contains("Supervisor :: one_for_all () . intensity (3 , Duration :: from_secs (10)) . backoff"),
            "{code}"
        );
        assert!(code.contains("self . clerk = reference"), "{code}");
    }

    #[test]
    fn the_arguments_of_a_call_are_evaluated_once_and_cloned_for_each_start() {
        let code = expanded("one_for_one; reader(input, till.clone())");
        assert!(
            code.contains("let argument0 = input ;") && code.contains("let argument1 = till . clone () ;"),
            "{code}"
        );
        assert!(code.contains("move || reader (:: rendez :: __private :: again (& argument0) ,"), "{code}");
        for whole in ["Till { sum: f(0) }", "{ reader(input) }", "make.reader(input)", "async move { f(x) }", "f(x)?"] {
            let code = expanded(&format!("one_for_one; {whole}"));
            let whole = whole.parse::<TokenStream>().unwrap();
            assert!(code.contains(&format!("(move || {whole})")), "{code}");
        }
    }

    #[test]
    fn a_child_is_called_like_its_variable_or_what_makes_it() {
        let names = |child: &str| {
            let code = expanded(&format!("one_for_one; {child}"));
            code.split("Names")
                .nth(1)
                .unwrap()
                .split('}')
                .next()
                .unwrap()
                .replace(":: core :: option :: Option :: ", "")
        };
        assert_eq!(
            names("till = Till::new(0)"),
            " { given : None , place : Some (\"till\") , callee : Some (\"Till\") "
        );
        assert_eq!(names("_ = work::reader(0)"), " { given : None , place : None , callee : Some (\"reader\") ");
        assert!(
            names("#[name = format!(\"{n}\")] Till {}").contains("given : Some (:: std :: string :: String :: from")
        );
    }

    #[test]
    fn a_child_being_typed_is_in_the_code_and_leaves_the_next_one_whole() {
        for typed in ["reader(input).", "clerk = Clerk::", "Till { sum: se }"] {
            let code = expanded(&format!("one_for_one; {typed} till = Till::new(x), writer(y)"));
            let text = typed.rsplit("= ").next().unwrap().parse::<TokenStream>().unwrap().to_string();
            assert!(code.contains(&format!("move || {text}")), "{typed}: {code}");
            assert!(code.contains("till = reference") && code.contains("argument0 = y"), "{typed}: {code}");
            assert!(code.contains("a comma is missing before this child"), "{typed}: {code}");
        }
        let code = expanded("one_for_one; till = , writer(y)");
        assert!(code.contains("a child is missing") && code.contains("argument0 = y"), "{code}");
    }

    #[test]
    fn misuse_is_told_what_to_write() {
        let said = |input: &str, message: &str| {
            let code = expanded(input);
            assert!(code.contains("compile_error") && code.contains(message), "{input}: {code}");
        };
        said("", "a supervisor begins with its strategy");
        said("one_for_many; reader(input)", "a supervisor begins with its strategy");
        said("reader(input), writer(output)", "a supervisor begins with its strategy");
        said("one_for_one, intensity = 3; a()", "within which time?");
        said("one_for_one, intensity = 3 per; a()", "within which time?");
        said("one_for_one, intensity; a()", "a value is missing: write `intensity = ..`");
        said("one_for_one, patience = 3; a()", "this is no option of a supervisor");
        said("one_for_one reader(input)", "a `;` is missing before the children");
        said("one_for_one; a(); b()", "a `,` separates children");
        said("one_for_one; #[forever] a()", "this is no word on a child");
        said("one_for_one; #permanent a()", "this is no word on a child");
        said("one_for_one; #[shutdown] a()", "a value is missing: write `#[shutdown = ..]`");
        said("one_for_one; , a()", "a child is missing");
        said("crate ::rendez; one_for_one", "write `crate = path;`");
    }
}
