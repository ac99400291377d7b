//! The network as a Mermaid flow chart, which many sites draw from a code block. Where things are put is left to it.

use crate::outline::{Edge, Format, Kind, Outline, Vertex};
use crate::paint::{Paint, alarm};
use crate::plan::{Folding, Plan};
use crate::words::{Mark, deadlock};
use rendez_model::{Network, Verdict};
use std::fmt::Write;

/// The network as a Mermaid flow chart.
#[must_use]
pub fn mermaid(network: &Network) -> String {
    let plan = Plan::of(network, Folding::default());
    let mut out = Mermaid::default();
    Outline::of(&plan).write(&mut out);
    out.finish(&plan)
}

#[derive(Default)]
struct Mermaid {
    body: String,
    edges: usize,
    strands: Vec<(usize, Verdict)>,
    caught: Vec<(String, Verdict)>,
}

impl Mermaid {
    fn finish(mut self, plan: &Plan) -> String {
        for (i, (verdict, sentence)) in plan.sentences.iter().enumerate() {
            let said = quote(&[format!("{}: {sentence}", deadlock(*verdict))]);
            let _ = writeln!(self.body, "  deadlock{i}[{said}]:::{}", class(*verdict));
        }
        for mark in Mark::ALL.into_iter().filter(|m| plan.blocks.iter().any(|b| b.mark() == *m)) {
            let paint = Paint::of(mark);
            let dashes = if paint.dashed { ",stroke-dasharray:5 3" } else { "" };
            let _ = writeln!(
                self.body,
                "  classDef {} fill:{},stroke:{},color:#1f2937{dashes}",
                mark.word(),
                paint.fill,
                paint.stroke
            );
        }
        for verdict in [Verdict::Certain, Verdict::Suspected] {
            let said = plan.sentences.iter().map(|(verdict, _)| verdict);
            if said.chain(self.caught.iter().map(|(_, verdict)| verdict)).any(|known| *known == verdict) {
                let (class, alarm) = (class(verdict), alarm(verdict));
                let _ = writeln!(self.body, "  classDef {class} stroke:{alarm},stroke-width:3px");
            }
        }
        for (id, verdict) in &self.caught {
            let _ = writeln!(self.body, "  class {id} {}", class(*verdict));
        }
        for (edge, verdict) in &self.strands {
            let _ = writeln!(self.body, "  linkStyle {edge} stroke:{},stroke-width:3px", alarm(*verdict));
        }
        format!("flowchart LR\n{}", self.body)
    }
}

impl Format for Mermaid {
    fn open(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex) {
        let _ = writeln!(self.body, "{}subgraph {id}[{}]", "  ".repeat(depth), quote(lines));
        self.mark(id, vertex);
    }

    fn close(&mut self, depth: usize) {
        let _ = writeln!(self.body, "{}end", "  ".repeat(depth));
    }

    fn vertex(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex) {
        let label = quote(lines);
        let shape = match vertex.kind {
            Kind::Node | Kind::Process => format!("({label})"),
            Kind::Own => format!("(({label}))"),
            Kind::Hub => format!("{{{label}}}"),
            Kind::Unknown => "((\" \"))".to_owned(),
        };
        let class = vertex.mark.map_or_else(String::new, |mark| format!(":::{}", mark.word()));
        let _ = writeln!(self.body, "{}{id}{shape}{class}", "  ".repeat(depth));
        self.mark(id, vertex);
    }

    fn edge(&mut self, edge: &Edge) {
        let arrow = match (edge.ended, edge.bundle, edge.arrow) {
            (true, _, true) => "-.->",
            (true, _, false) => "-.-",
            (_, true, true) => "==>",
            (_, true, false) => "===",
            (_, _, true) => "-->",
            _ => "---",
        };
        let label = if edge.lines.is_empty() { String::new() } else { format!("|{}|", quote(&edge.lines)) };
        let _ = writeln!(self.body, "  {} {arrow}{label} {}", edge.from, edge.to);
        self.strands.extend(edge.caught.map(|verdict| (self.edges, verdict)));
        self.edges += 1;
    }
}

impl Mermaid {
    fn mark(&mut self, id: &str, vertex: &Vertex) {
        self.caught.extend(vertex.caught.map(|verdict| (id.to_owned(), verdict)));
    }
}

/// The class of what is caught in a deadlock.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certain => "alarm",
        Verdict::Suspected => "suspected",
    }
}

/// A label: everything that Mermaid, Markdown or HTML could take for its own is written as a number.
fn quote(lines: &[String]) -> String {
    let mut out = String::from("\"");
    for (i, line) in lines.iter().enumerate() {
        out.push_str(if i > 0 { "<br/>" } else { "" });
        for c in line.chars() {
            if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | '/' | '-' | '(' | ')' | '_' | '+' | '=') {
                let _ = write!(out, "#{};", u32::from(c));
            } else {
                out.push(c);
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_end_early() {
        assert_eq!(quote(&["a\"b".to_owned(), "<i>".to_owned()]), "\"a#34;b<br/>#60;i#62;\"");
    }
}
