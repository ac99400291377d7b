//! Rule: a public function whose outcome is waited for says what becomes of a wait that is dropped. Its words are not judged.

use super::Finding;
use super::sources::Source;

/// The crates it holds for, by folder.
const CRATES: [&str; 5] = ["channels/src/", "runtime/src/", "net/src/", "gpu/src/", "skeletons/src/"];
const HEADING: &str = "# Cancel safety";

/// Finds public async functions, and functions that return a future, without the heading in their docs. A `#[process]` is
/// none: it is awaited by nobody but its scope.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let of_crate = |folder: &str| {
        let sources: Vec<_> = sources.iter().filter(|source| source.path.starts_with(folder)).collect();
        let futures: Vec<_> = sources.iter().flat_map(|source| futures(&source.code.0)).collect();
        sources.into_iter().flat_map(|source| silent(source, &futures)).collect::<Vec<_>>()
    };
    CRATES.into_iter().flat_map(of_crate).collect()
}

/// The types that implement `Future`.
fn futures(code: &str) -> impl Iterator<Item = String> {
    code.split(" Future for ").skip(1).map(name)
}

fn silent(source: &Source, futures: &[String]) -> Vec<Finding> {
    let code: Vec<_> = source.code.0.lines().collect();
    let text: Vec<_> = source.text.lines().collect();
    let waits = (0..code.len()).filter(|&line| is_waited_for(&code[line..], futures));
    let silent = waits.filter(|&line| !says(&text[..line], HEADING) && !says(&text[..line], "#[process"));
    let finding = |line: usize| {
        let function = name(code[line].split_once("fn ").map_or("", |(_, rest)| rest));
        source.finding(format_args!(
            "{}: `{function}` is waited for: say under `{HEADING}` what dropping it does",
            line + 1
        ))
    };
    silent.map(finding).collect()
}

/// Whether a public function begins here whose outcome is a future.
fn is_waited_for(lines: &[&str], futures: &[String]) -> bool {
    let Some((before, _)) = lines[0].trim_start().strip_prefix("pub ").and_then(|line| line.split_once("fn ")) else {
        return false;
    };
    if before.contains("async ") {
        return true;
    }
    let end = lines.iter().position(|line| line.contains('{') || line.ends_with(';')).unwrap_or(lines.len() - 1);
    let signature = lines[..=end].join(" ");
    let signature = signature.split(" where ").next().unwrap_or_default();
    let Some((_, returns)) = signature.rsplit_once("-> ") else { return false };
    returns.starts_with("impl Future") || futures.contains(&name(returns))
}

/// Whether the docs and attributes above have these words.
fn says(above: &[&str], words: &str) -> bool {
    let is_doc_or_attribute = |line: &&&str| line.starts_with("///") || line.starts_with("#[");
    let above: Vec<_> = above.iter().map(|line| line.trim_start()).collect();
    above.iter().rev().take_while(is_doc_or_attribute).any(|line| line.contains(words))
}

/// The name that a text begins with.
fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let named = Source::new("channels/src/recv.rs", "impl<T> Future for Recv<'_, T> {");
        check(&[named, Source::new("channels/src/a.rs", text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_waited_for_says_what_dropping_does() {
        let silent = [
            "pub async fn f() {}",
            "    pub fn f(&self) -> impl Future<Output = u8> + Guard {",
            "pub const fn f<C: Fn() -> u8>(\n    c: C,\n) -> Recv<'_, u8>\nwhere\n    C: Send,\n{",
        ];
        for text in silent {
            let findings = found(&format!("/// Waits.\n#[must_use]\n{text}"));
            assert_eq!(findings.len(), 1, "{text}");
            assert!(findings[0].contains("3: `f` is waited for"), "{findings:?}");
            assert_eq!(
                found(&format!("/// Waits.\n///\n/// # Cancel safety\n/// Safe.\n#[must_use]\n{text}")).len(),
                0
            );
        }
    }

    #[test]
    fn what_is_not_public_or_not_waited_for_need_not() {
        let text = "async fn f() {}\npub(crate) async fn g() {}\npub fn h() -> Option<Recv<'static, u8>> { None }\npub fn i() {}\n\
                    #[process]\npub async fn j() {}\n";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(check(&[Source::new("cli/src/a.rs", "pub async fn f() {}")]), []);
    }
}
