//! Kernel text to words that a device takes: naga reads, checks and writes. Text is data: hostile text costs a bounded
//! time and stack, and gives an error. Not the pipeline that a driver makes of it.

use crate::{interface::Interface, spirv};
use naga::{
    back::spv,
    front::wgsl,
    proc::{BoundsCheckPolicies, BoundsCheckPolicy},
    valid::{Capabilities, ValidationFlags, Validator},
};
use std::{error::Error, fmt, thread};

/// The longest text that is looked at.
pub const TEXT_LIMIT: usize = 64 << 10;
/// How deep brackets may nest.
const NESTING_LIMIT: usize = 100;
/// How many operators may follow each other before a `;`, `,`, or bracket ends them: naga's stack grows with each.
const OPERATOR_LIMIT: usize = 2_000;
/// How many `else` a text may have: each `else if` nests into the one before it.
const ELSE_LIMIT: usize = 500;
/// How much of a line an error shows.
const SHOWN_COLUMNS: usize = 100;
/// The stack of the compiling thread: an unoptimised naga takes some 10 KiB per operator and level.
const STACK: usize = 128 << 20;

/// A kernel as a device driver takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compiled {
    pub(crate) words: Vec<u32>,
    pub(crate) interface: Interface,
}

/// Whether the author of a text is trusted to end its loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loops {
    /// Our own text: its loops end.
    Ours,
    /// Foreign text: the driver must not assume that its loops end.
    Foreign,
}

/// Why a text is not a kernel. Its `Display` shows the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    message: String,
    notes: Vec<String>,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    width: usize,
    text: String,
}

/// Compiles a text, off the caller's stack.
///
/// # Errors
/// [`CompileError`] when the text is not a kernel, or over a limit.
pub(crate) fn compile(text: &str, loops: Loops) -> Result<Compiled, CompileError> {
    check_limits(text)?;
    thread::scope(|scope| {
        let compiling = thread::Builder::new().name("rendez-gpu-wgsl".into()).stack_size(STACK);
        match compiling.spawn_scoped(scope, || translate(text, loops)) {
            // naga is not ours: a panic in it, on text nobody thought of, is an error of that text.
            Ok(running) => {
                running.join().unwrap_or_else(|_| Err(CompileError::plain("the compiler gave up on this text")))
            }
            Err(error) => Err(CompileError::plain(format!("the system gave no thread to compile on ({error})"))),
        }
    })
}

fn translate(text: &str, loops: Loops) -> Result<Compiled, CompileError> {
    let module = wgsl::parse_str(text).map_err(|error| {
        let span = error.labels().next().map(|(span, _)| span);
        let notes = error.labels().map(|(_, note)| note.to_owned()).filter(|note| !note.is_empty()).collect();
        CompileError::at(text, span, error.message(), notes)
    })?;
    // No capability beyond immediates: f64, i64 and the like are refused here, by name, and not by the driver.
    let info = Validator::new(ValidationFlags::all(), Capabilities::IMMEDIATES).validate(&module).map_err(|error| {
        let span = error.spans().next().map(|(span, _)| *span);
        let mut notes = Vec::new();
        let mut cause: &dyn Error = error.as_inner();
        while let Some(next) = cause.source() {
            notes.push(next.to_string());
            cause = next;
        }
        CompileError::at(text, span, &error.as_inner().to_string(), notes)
    })?;
    let interface =
        Interface::of(&module).map_err(|(problem, span)| CompileError::at(text, span, &problem, Vec::new()))?;
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: bounds(&module),
        force_loop_bounding: loops == Loops::Foreign,
        ..Default::default()
    };
    let words =
        spv::write_vec(&module, &info, &options, None).map_err(|error| CompileError::plain(error.to_string()))?;
    Ok(Compiled { words: spirv::refine(&words), interface })
}

/// An index out of range reads zero and writes nothing; in kernels with atomics, for which naga cannot do that, it
/// means the last element.
fn bounds(module: &naga::Module) -> BoundsCheckPolicies {
    let atomics = module.types.iter().any(|(_, ty)| matches!(ty.inner, naga::TypeInner::Atomic(_)));
    let policy = if atomics { BoundsCheckPolicy::Restrict } else { BoundsCheckPolicy::ReadZeroSkipWrite };
    BoundsCheckPolicies { index: policy, buffer: policy, image_load: policy, binding_array: policy }
}

/// What naga itself does not limit: it would overflow the stack, and with that end the program.
fn check_limits(text: &str) -> Result<(), CompileError> {
    if text.len() > TEXT_LIMIT {
        let problem = format!("the text has {} bytes, and {TEXT_LIMIT} are the limit", text.len());
        return Err(CompileError::plain(problem));
    }
    if let Some((at, _)) = text.match_indices("else").nth(ELSE_LIMIT) {
        let here = Some(naga::Span::new(at as u32, at as u32 + 4));
        let problem = format!("more than {ELSE_LIMIT} `else`: write `switch`, or split the kernel");
        return Err(CompileError::at(text, here, &problem, Vec::new()));
    }
    let (mut depth, mut operators) = (0_usize, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'!' | b'~' | b'<' | b'>' | b'=' | b'.' => {
                operators += 1
            }
            _ => {}
        }
        if matches!(byte, b';' | b'{' | b'}') {
            operators = 0;
        }
        let here = Some(naga::Span::new(at as u32, at as u32 + 1));
        if depth > NESTING_LIMIT {
            return Err(CompileError::at(
                text,
                here,
                &format!("brackets nest deeper than {NESTING_LIMIT}"),
                Vec::new(),
            ));
        }
        if operators > OPERATOR_LIMIT {
            let problem = format!("more than {OPERATOR_LIMIT} operators in one statement: split it");
            return Err(CompileError::at(text, here, &problem, Vec::new()));
        }
    }
    Ok(())
}

impl CompileError {
    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Line and column, both counted from 1, where the text has such a place.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| (place.line, place.column))
    }

    fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), notes: Vec::new(), place: None }
    }

    fn at(text: &str, span: Option<naga::Span>, message: &str, notes: Vec<String>) -> Self {
        let place = span.and_then(|span| span.to_range()).map(|range| Place::of(text, range.start, range.end));
        Self { message: message.to_owned(), notes, place }
    }
}

impl Place {
    fn of(text: &str, start: usize, end: usize) -> Self {
        let start = floor_char(text, start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let column = text[line_start..start].chars().count();
        // A long line is shown from shortly before the place.
        let skipped = column.saturating_sub(SHOWN_COLUMNS / 2);
        let shown: String = line.chars().skip(skipped).take(SHOWN_COLUMNS).map(printable).collect();
        let span = text[start..floor_char(text, end.max(start))].chars().take_while(|c| *c != '\n').count();
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: column + 1,
            width: span.clamp(1, SHOWN_COLUMNS - (column - skipped).min(SHOWN_COLUMNS - 1)),
            text: if skipped > 0 { format!("..{}", shown.chars().skip(2).collect::<String>()) } else { shown },
        }
    }

    fn indent(&self) -> usize {
        (self.column - 1).min(SHOWN_COLUMNS / 2)
    }
}

/// The nearest boundary of a character at or before a byte.
fn floor_char(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Foreign text does not get to steer a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel does not compile: {}", self.message)?;
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n{margin}--> line {}, column {}", place.line, place.column)?;
            write!(f, "\n{margin} |\n{number} | {}", place.text)?;
            write!(f, "\n{margin} | {}{}", " ".repeat(place.indent()), "^".repeat(place.width))?;
        }
        for note in &self.notes {
            write!(f, "\n  = {note}")?;
        }
        Ok(())
    }
}

impl Error for CompileError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::Access;

    const SAXPY: &str = "struct P { n: u32, a: f32 }
var<immediate> p: P;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    if g.x < p.n { y[g.x] = p.a * x[g.x] + y[g.x]; }
}";

    #[test]
    fn the_interface_is_read_from_the_text() {
        let interface = compile(SAXPY, Loops::Foreign).unwrap().interface;
        let ports: Vec<_> = interface.ports.iter().map(|p| (p.name.as_str(), p.binding, p.access)).collect();
        assert_eq!(ports, [("x", 0, Access::Read), ("y", 1, Access::Write)]);
        let scalars: Vec<_> = interface.immediates.iter().map(|i| (i.name.as_str(), i.offset, i.scalar)).collect();
        assert_eq!(scalars, [("n", 0, "u32"), ("a", 4, "f32")]);
        assert_eq!((interface.group_size, interface.immediate_bytes), ([64, 1, 1], 8));
    }

    #[test]
    fn float_arithmetic_may_not_be_contracted() {
        let words = compile(SAXPY, Loops::Foreign).unwrap().words;
        let decorated = words.windows(3).filter(|w| w[0] == (3 << 16 | 71) && w[2] == 42).count();
        assert_eq!(decorated, 2, "one product and one sum");
    }

    #[test]
    fn an_error_shows_line_and_caret() {
        let error = compile(&SAXPY.replace("p.a *", "p.b *"), Loops::Foreign).unwrap_err();
        assert_eq!(error.place(), Some((7, 31)));
        let shown = error.to_string();
        let lines: Vec<_> = shown.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("7 |")).expect("the line is shown");
        assert_eq!(lines[at].find("b *"), lines[at + 1].find('^'), "the caret stands under the place:\n{shown}");
    }

    #[test]
    fn what_cannot_be_bound_is_named() {
        let with = |declaration: &str| {
            let text = format!("{declaration}\n@compute @workgroup_size(1) fn main() {{}}");
            compile(&text, Loops::Foreign).unwrap_err().to_string()
        };
        assert!(with("@group(0) @binding(0) var<uniform> u: vec4<f32>;").contains("`u` is neither"));
        assert!(with("@group(1) @binding(0) var<storage> x: array<f32>;").contains("`x` is not in `@group(0)`"));
        assert!(with("@group(0) @binding(0) var<storage> x: array<vec3<f32>>;").contains("elements of `x`"));
        assert!(with("override n: u32 = 1;").contains("`override`"));
        assert!(compile("fn f() {}", Loops::Foreign).unwrap_err().to_string().contains("no entry point"));
    }

    #[test]
    fn hostile_text_gives_an_error_and_nothing_worse() {
        let kernel = |body: &str| {
            format!(
                "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
                 @compute @workgroup_size(1) fn main() {{ {body} }}"
            )
        };
        let refused = |text: &str, with: &str| {
            let error = compile(text, Loops::Foreign).expect_err(with).to_string();
            assert!(error.contains(with), "{}", &error[..error.len().min(400)]);
            assert!(error.len() < 2_000, "an error is short");
        };
        refused(&kernel(&format!("x[0] = 1.0{};", " + 1.0".repeat(5_000))), "operators in one statement");
        refused(&kernel(&format!("x[0] = {}1.0;", "-".repeat(50_000))), "operators in one statement");
        refused(&kernel(&format!("x[0] = {}1.0{};", "(".repeat(5_000), ")".repeat(5_000))), "nest deeper");
        refused(&" ".repeat(TEXT_LIMIT + 1), "are the limit");
        refused(&kernel("x[0] = 1.0lf;"), "");
        refused("fn f() -> f32 { return g(); } fn g() -> f32 { return f(); }", "");
        refused("\u{1b}[31m @ \u{0} fn", "");
        assert!(!compile("\u{1b}[31m", Loops::Foreign).unwrap_err().to_string().contains('\u{1b}'));
    }

    /// Nesting that no bracket shows: each of these makes naga recurse once per repetition.
    #[test]
    fn hidden_nesting_comes_back() {
        let kernel = |body: &str| format!("@compute @workgroup_size(1) fn main() {{ {body} }}");
        let chained = |count: usize, link: &dyn Fn(usize) -> String| (0..count).map(link).collect::<String>();
        let texts = [
            kernel(&format!("var a = 0; if a == 0 {{}} {}", "else if a==1{}".repeat(TEXT_LIMIT / 14 - 20))),
            kernel(&format!("var a = 0; if a == 0 {{}} {}", "else if a==1{}".repeat(ELSE_LIMIT))),
            format!("{}const c3700=1;{}", chained(3700, &|i| format!("const c{i}=c{};", i + 1)), kernel("")),
            format!(
                "{}alias t3700=u32;{}",
                chained(3700, &|i| format!("alias t{i}=t{};", i + 1)),
                kernel("var v: t0;")
            ),
            // naga's time on these grows with the square of the length: at the limit it is some seconds, unoptimised.
            format!("{}fn f500(){{}}{}", chained(500, &|i| format!("fn f{i}(){{f{}();}}", i + 1)), kernel("f0();")),
            format!(
                "{}struct s500{{x:u32}}{}",
                chained(500, &|i| format!("struct s{i}{{x:s{}}}", i + 1)),
                kernel("var v: s0;")
            ),
            kernel(&format!("var x: {}u32{};", "array<".repeat(1990), ",1>".repeat(1990))),
            kernel(&format!("let v = vec2(1,2){};", ".xy".repeat(1990))),
            "/*".repeat(TEXT_LIMIT / 2),
        ];
        for text in texts {
            assert!(text.len() <= TEXT_LIMIT, "{}", text.len());
            // An error or a kernel: what counts is that it comes back.
            drop(compile(&text, Loops::Foreign));
        }
    }

    #[test]
    fn text_at_the_limits_compiles() {
        let sum = " + 1.0".repeat(OPERATOR_LIMIT - 10).replace("1.0", "a");
        let text = format!(
            "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
             @compute @workgroup_size(1) fn main() {{ let a = x[1]; x[0] = a{sum}; }}"
        );
        compile(&text, Loops::Foreign).unwrap();
        let minus = text.replace(&sum, &format!("+ {}a", "-".repeat(OPERATOR_LIMIT - 10)));
        // naga may or may not take it; what counts is that it comes back.
        drop(compile(&minus, Loops::Foreign));
    }
}
