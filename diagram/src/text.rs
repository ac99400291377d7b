//! The network in plain text, for terminals: the tree of processes, then the channels. No colours, no control characters.

use crate::plan::{Block, Folding, Plan, Tips, Wire};
use crate::words::{deadlock, wish};
use rendez_model::{Network, Side};

/// Most holders of one side that are named.
const MOST_NAMED: usize = 4;

/// The network in plain text, as the crate's page shows it. Large families are folded as in a picture.
#[must_use]
pub fn text(network: &Network) -> String {
    let plan = Plan::of(network, Folding::default());
    let mut out = format!("{}\n", plan.totals.says(plan.hosts.len(), false));
    for (verdict, sentence) in &plan.sentences {
        out.push_str(&format!("\n{}: {sentence}\n", deadlock(*verdict)));
    }
    let tree = Tree::of(&plan);
    for (h, host) in plan.hosts.iter().enumerate() {
        let lost = if host.lost { "  ? lost" } else { "" };
        let note = if host.note.is_empty() { String::new() } else { format!("  {}", host.note) };
        out.push_str(&format!("\nnode {} ({}){lost}{note}\n", host.name, host.id));
        let rows: Vec<_> = tree.rows(&tree.roots[h], "").collect();
        out.push_str(&table(&rows, "  "));
    }
    if !plan.wires.is_empty() {
        out.push_str("\nchannels\n");
        let rows: Vec<_> = plan.wires.iter().map(|wire| row(&plan, wire)).collect();
        out.push_str(&table(&rows, "  "));
    }
    out
}

/// The blocks by the block that they live in.
struct Tree<'a> {
    plan: &'a Plan,
    roots: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl<'a> Tree<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut tree =
            Self { plan, roots: vec![Vec::new(); plan.hosts.len()], children: vec![Vec::new(); plan.blocks.len()] };
        for (b, block) in plan.blocks.iter().enumerate() {
            match block.parent {
                Some(up) => tree.children[up].push(b),
                None => tree.roots[block.host].push(b),
            }
        }
        tree
    }

    /// One row for each block below `before`, a string of branches.
    fn rows(&self, blocks: &'a [usize], before: &str) -> Box<dyn Iterator<Item = Vec<String>> + '_> {
        let before = before.to_owned();
        Box::new(blocks.iter().enumerate().flat_map(move |(i, &b)| {
            let last = i + 1 == blocks.len();
            let branch = if last { "└─ " } else { "├─ " };
            let below = format!("{before}{}", if last { "   " } else { "│  " });
            let block = &self.plan.blocks[b];
            let own = vec![
                format!("{before}{branch}{}", block.title()),
                block.ids.clone(),
                states(block),
                block.used().join(", "),
                block.spawned_at.clone(),
            ];
            std::iter::once(own).chain(self.rows(&self.children[b], &below))
        }))
    }
}

fn states(block: &Block) -> String {
    let mut parts: Vec<String> =
        block.tally.keys().map(|&m| format!("{} {}", m.sign(), block.says(m, false))).collect();
    let stands: Vec<String> = block.stands.iter().map(|s| format!("{} {}", wish(s.side), s.channel)).collect();
    match stands.as_slice() {
        [] => {}
        [one] => parts.push(format!("waits {one}")),
        several => parts.push(format!("offers {}", several.join(" or "))),
    }
    parts.extend(block.caught.map(|verdict| deadlock(verdict).to_uppercase()));
    if !block.note.is_empty() {
        parts.push(block.note.clone());
    }
    parts.join(", ")
}

fn row(plan: &Plan, wire: &Wire) -> Vec<String> {
    let ends = format!("{} ─▶ {}", holders(plan, wire.tips(Side::Send)), holders(plan, wire.tips(Side::Receive)));
    vec![wire.title(), ends, wire.fill(), wire.traffic(), wire.remarks().join(", ")]
}

fn holders(plan: &Plan, tips: &Tips) -> String {
    let name = |&b: &usize| {
        let block = &plan.blocks[b];
        let alone = plan.blocks.iter().filter(|b| (b.host, &b.name) == (block.host, &block.name)).nth(1).is_none();
        let id = if alone { String::new() } else { format!(" {}", block.ids) };
        let at = if plan.hosts.len() > 1 { format!("@{}", plan.hosts[block.host].name) } else { String::new() };
        format!("{}{id}{at}", block.title())
    };
    let mut names: Vec<String> = tips.blocks.keys().take(MOST_NAMED).map(name).collect();
    if tips.blocks.len() > MOST_NAMED {
        names.push(format!("{} more", tips.blocks.len() - MOST_NAMED));
    }
    if tips.unknown > 0 {
        names.push(format!("{} unknown", tips.unknown));
    }
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// Rows in columns; a column is as wide as its widest cell, up to [`WIDEST`].
fn table(rows: &[Vec<String>], before: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| {
            rows.iter().filter_map(|row| row.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0).min(WIDEST)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        let line = format!("{before}{}", cells.collect::<Vec<_>>().join("  "));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Widest column; longer cells push what follows to the right.
const WIDEST: usize = 64;
