//! Writes SVG elements, everything escaped. Knows no networks.

use crate::layout::{Point, Rect};
use crate::metrics::Face;
use std::fmt::Write;

/// A picture being written.
#[derive(Default)]
pub(super) struct Pen {
    out: String,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) size: f64,
    /// A colour class of the style sheet.
    pub(super) class: &'static str,
}

impl Style {
    pub(super) const fn new(face: Face, size: f64, class: &'static str) -> Self {
        Self { face, size, class }
    }
}

impl Pen {
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Markup as it is.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    pub(super) fn open(&mut self, class: &str, hover: &str) {
        let _ = write!(self.out, "<g class=\"{class}\">");
        if !hover.is_empty() {
            let _ = write!(self.out, "<title>{}</title>", escape(hover));
        }
        self.out.push('\n');
    }

    pub(super) fn close(&mut self) {
        self.out.push_str("</g>\n");
    }

    pub(super) fn rect(&mut self, r: Rect, round: f64, class: &str) {
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
            number(r.x),
            number(r.y),
            number(r.w),
            number(r.h),
            number(round)
        );
    }

    pub(super) fn circle(&mut self, at: Point, radius: f64, class: &str) {
        let _ = writeln!(
            self.out,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            number(at.x),
            number(at.y),
            number(radius)
        );
    }

    /// A path given in its own language.
    pub(super) fn path(&mut self, d: &str, class: &str) {
        let _ = writeln!(self.out, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// A path of its own coordinates, moved to `at`.
    pub(super) fn shape(&mut self, at: Point, d: &str, class: &str) {
        let _ = writeln!(
            self.out,
            "<path class=\"{class}\" transform=\"translate({} {})\" d=\"{d}\"/>",
            number(at.x),
            number(at.y)
        );
    }

    /// Text that begins at `at`, its base line's beginning.
    pub(super) fn text(&mut self, at: Point, style: Style, text: &str) {
        self.anchored(at, style, "start", text);
    }

    /// Text that ends at `at`.
    pub(super) fn text_end(&mut self, at: Point, style: Style, text: &str) {
        self.anchored(at, style, "end", text);
    }

    /// Text with `at` in its middle.
    pub(super) fn text_middle(&mut self, at: Point, style: Style, text: &str) {
        self.anchored(at, style, "middle", text);
    }

    fn anchored(&mut self, at: Point, style: Style, anchor: &str, text: &str) {
        let face = match style.face {
            Face::Plain => "",
            Face::Bold => " font-weight=\"bold\"",
            Face::Mono => " font-family=\"monospace\"",
        };
        let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let _ = writeln!(
            self.out,
            "<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"{face}{anchor}>{}</text>",
            style.class,
            number(at.x),
            number(at.y),
            number(style.size),
            escape(text)
        );
    }
}

/// A line through `points`, level where they are of one height and curved where not.
pub(super) fn line(points: &[Point]) -> String {
    let mut d = String::new();
    for (i, p) in points.iter().enumerate() {
        let before = points[i.saturating_sub(1)];
        let _ = if i == 0 {
            write!(d, "M{} {}", number(p.x), number(p.y))
        } else if (before.y - p.y).abs() < 0.05 {
            write!(d, "H{}", number(p.x))
        } else {
            let middle = (before.x + p.x) / 2.0;
            let (x, y) = (number(p.x), number(p.y));
            write!(d, "C{m} {} {m} {y} {x} {y}", number(before.y), m = number(middle))
        };
    }
    d
}

/// A number with at most one decimal.
pub(super) fn number(x: f64) -> String {
    let text = format!("{x:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// `text` as XML character data; characters that XML forbids are replaced.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{0}'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_minds_gets_through() {
        assert_eq!(escape("<a href='x'>&\"\u{0}\u{FFFF}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.01, 12.34, 5.0].map(number), ["0", "0", "12.3", "5"]);
    }

    #[test]
    fn a_line_curves_only_where_it_changes_its_height() {
        let points = [(0.0, 0.0), (10.0, 0.0), (30.0, 8.0)].map(|(x, y)| Point { x, y });
        assert_eq!(line(&points), "M0 0H10C20 0 20 8 30 8");
    }
}
