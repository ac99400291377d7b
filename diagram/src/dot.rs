//! The network in the language of Graphviz. Where things are put is left to it.

use crate::metrics::{Face, wrap};
use crate::outline::{Edge, Format, Kind, Outline, Vertex};
use crate::paint::{Paint, alarm};
use crate::plan::{Folding, Plan};
use crate::words::deadlock;
use rendez_model::Network;
use std::fmt::Write;

/// The network as a DOT graph: clusters for nodes and scopes, boxes for processes, diamonds where ends are shared.
#[must_use]
pub fn dot(network: &Network) -> String {
    let plan = Plan::of(network, Folding::default());
    let mut out = Dot { out: String::from(HEAD) };
    if !plan.sentences.is_empty() {
        let said = plan.sentences.iter().map(|(verdict, text)| format!("{}: {text}", deadlock(*verdict)));
        let lines: Vec<_> = said.flat_map(|text| wrap(&text, Face::Plain, 12.0, SENTENCE)).collect();
        let label = quote(&lines.join("\n"));
        // The surest one is the first.
        let _ = writeln!(out.out, "  label={label} labelloc=t fontcolor=\"{}\"", alarm(plan.sentences[0].0));
    }
    Outline::of(&plan).write(&mut out);
    out.out.push_str("}\n");
    out.out
}

/// Width of the lines of a deadlock's sentence.
const SENTENCE: f64 = 600.0;

const HEAD: &str = "digraph network {
  rankdir=LR
  compound=true
  fontname=\"sans-serif\"
  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\" fontsize=11]
  edge [fontname=\"sans-serif\" fontsize=10 color=\"#64748b\"]
";

struct Dot {
    out: String,
}

impl Format for Dot {
    fn open(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex) {
        let (pad, label) = ("  ".repeat(depth), quote(&lines.join("\n")));
        let (fill, stroke, style) = look(vertex);
        let _ = writeln!(self.out, "{pad}subgraph cluster_{id} {{");
        let _ = writeln!(
            self.out,
            "{pad}  label={label} labeljust=l fontsize=11 style=\"rounded,filled{style}\" fillcolor=\"{fill}\" color=\"{stroke}\""
        );
    }

    fn close(&mut self, depth: usize) {
        let _ = writeln!(self.out, "{}}}", "  ".repeat(depth));
    }

    fn vertex(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex) {
        let (pad, label) = ("  ".repeat(depth), quote(&lines.join("\n")));
        let (fill, stroke, style) = look(vertex);
        let wide = if vertex.caught.is_some() { " penwidth=2.5" } else { "" };
        let shape = match vertex.kind {
            Kind::Node | Kind::Process => format!("style=\"rounded,filled{style}\" "),
            Kind::Own => "shape=circle ".to_owned(),
            Kind::Hub => "shape=diamond style=filled ".to_owned(),
            Kind::Unknown => "shape=circle width=0.12 ".to_owned(),
        };
        let _ = writeln!(self.out, "{pad}{id} [{shape}label={label} fillcolor=\"{fill}\" color=\"{stroke}\"{wide}]");
    }

    fn edge(&mut self, edge: &Edge) {
        let label =
            if edge.lines.is_empty() { String::new() } else { format!("label={} ", quote(&edge.lines.join("\n"))) };
        let caught = |verdict| format!("color=\"{}\" penwidth=2.5 ", alarm(verdict));
        let caught = edge.caught.map_or_else(String::new, caught);
        let head = if edge.arrow { "" } else { "dir=none " };
        let look = match (edge.ended, edge.bundle) {
            (true, _) => "style=dashed ",
            (_, true) => "penwidth=3 ",
            _ => "",
        };
        let attributes = format!("{label}{caught}{head}{look}");
        let attributes = if attributes.is_empty() { attributes } else { format!(" [{}]", attributes.trim_end()) };
        let _ = writeln!(self.out, "  {} -> {}{attributes}", edge.from, edge.to);
    }
}

fn look(vertex: &Vertex) -> (&'static str, &'static str, &'static str) {
    let paint = vertex.mark.map_or(Paint { fill: "#f8fafc", stroke: "#94a3b8", dashed: vertex.lost }, Paint::of);
    let stroke = vertex.caught.map_or(paint.stroke, alarm);
    (paint.fill, stroke, if paint.dashed { ",dashed" } else { "" })
}

/// A string of DOT.
fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_cannot_end_early() {
        assert_eq!(quote("a\"]; b\\\nc"), r#""a\"]; b\\\nc""#);
    }
}
