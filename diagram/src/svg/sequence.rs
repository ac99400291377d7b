//! A sequence as SVG: a line for each process, a row for each step, an arrow to whom it wakes or starts. It lays nothing else out.

use super::pen::{Pen, Style, line};
use super::{BORDER, Svg};
use crate::layout::{Point, Rect};
use crate::metrics::{Face, fit, fit_tail, width, wrap};
use crate::words::clean;
use rendez_model::{ProcessId, Sequence, Step};

/// Most steps that are drawn; of a longer sequence the first half and the last half of so many.
pub const STEPS_MAX: usize = 400;
/// From lane to lane.
const LANE: f64 = 96.0;
/// From row to row.
const ROW: f64 = 24.0;
/// The height of what stands above the lanes.
const HEAD: f64 = 34.0;
/// Room for the number of a step.
const NUMBER: f64 = 44.0;
/// Widest sentence.
const SENTENCE: f64 = 520.0;

const NAME: Style = Style::new(Face::Bold, 12.0, "ink");
const SAYS: Style = Style::new(Face::Plain, 12.0, "ink");
const COUNT: Style = Style::new(Face::Mono, 10.0, "faint");
const VERDICT: Style = Style::new(Face::Bold, 12.0, "red");

/// Draws a sequence as an SVG picture. Of more than [`STEPS_MAX`] steps those in the middle are left out, and it says how many.
///
/// ```
/// use rendez_model::{Lane, ProcessId, Sequence, Step};
///
/// let lanes = vec![Lane { process: ProcessId(1), name: "left".into() }, Lane { process: ProcessId(2), name: "right".into() }];
/// let step = Step { process: ProcessId(1), wakes: vec![ProcessId(2)], starts: vec![], what: "sends on `a`".into() };
/// let sequence = Sequence { lanes, steps: vec![step], verdict: "both have ended".into() };
/// assert!(rendez_diagram::sequence(&sequence).contains("left sends on `a`, wakes right"));
/// ```
#[must_use]
pub fn sequence(sequence: &Sequence) -> String {
    let rows = rows(sequence);
    let lanes = sequence.lanes.len() as f64 * LANE;
    let says = widest(sequence, &rows);
    let verdict = wrap(&clean(&sequence.verdict), VERDICT.face, VERDICT.size, NUMBER + lanes + says);
    let top = BORDER + HEAD;
    let foot = top + rows.len() as f64 * ROW + 26.0;
    let size = Point { x: 2.0 * BORDER + NUMBER + lanes + says, y: foot + verdict.len() as f64 * 17.0 + BORDER };
    let mut pen = Pen::default();
    for (number, lane) in sequence.lanes.iter().enumerate() {
        let x = lane_at(number);
        let name = fit_tail(&clean(&lane.name), NAME.face, NAME.size, LANE - 8.0);
        pen.text_middle(Point { x, y: BORDER + 12.0 }, NAME, &name);
        pen.text_middle(Point { x, y: BORDER + 24.0 }, COUNT, &lane.process.to_string());
        pen.path(&line(&[Point { x, y: top }, Point { x, y: foot - 18.0 }]), "wire retired");
    }
    for (number, row) in rows.iter().enumerate() {
        let y = top + (number as f64 + 0.5) * ROW;
        row.write(&mut pen, sequence, y, BORDER + NUMBER + lanes);
    }
    for (number, text) in verdict.iter().enumerate() {
        pen.text(Point { x: BORDER, y: foot + 10.0 + number as f64 * 17.0 }, VERDICT, text);
    }
    format!("{}{}</svg>\n", Svg::new().title("What happened, step by step").begin(size, ""), pen.finish())
}

enum Row<'a> {
    Step(usize, &'a Step),
    LeftOut(usize),
}

fn rows(sequence: &Sequence) -> Vec<Row<'_>> {
    let mut rows: Vec<_> =
        sequence.steps.iter().enumerate().map(|(number, step)| Row::Step(number + 1, step)).collect();
    let surplus = rows.len().saturating_sub(STEPS_MAX);
    if surplus > 0 {
        let half = STEPS_MAX / 2;
        drop(rows.splice(half..half + surplus, [Row::LeftOut(surplus)]));
    }
    rows
}

fn widest(sequence: &Sequence, rows: &[Row<'_>]) -> f64 {
    let widths = rows.iter().map(|row| width(&row.says(sequence), SAYS.face, SAYS.size));
    widths.fold(260.0, f64::max).min(SENTENCE) + 12.0
}

fn lane_at(lane: usize) -> f64 {
    BORDER + NUMBER + (lane as f64 + 0.5) * LANE
}

impl Row<'_> {
    fn says(&self, sequence: &Sequence) -> String {
        match self {
            Self::Step(_, step) => clean(&sequence.sentence(step)),
            Self::LeftOut(steps) => format!("({steps} steps are left out)"),
        }
    }

    fn write(&self, pen: &mut Pen, sequence: &Sequence, y: f64, right: f64) {
        let says = fit(&self.says(sequence), SAYS.face, SAYS.size, SENTENCE);
        pen.text(Point { x: right + 8.0, y: y + 4.0 }, SAYS, &says);
        let Self::Step(number, step) = self else { return };
        pen.text_end(Point { x: BORDER + NUMBER - 14.0, y: y + 3.5 }, COUNT, &number.to_string());
        let lane = |id: &ProcessId| sequence.lane(*id).map(lane_at);
        let Some(from) = lane(&step.process) else {
            // The clock: a line through all.
            let ends = [Point { x: BORDER + NUMBER, y }, Point { x: right, y }];
            return pen.path(&line(&ends), "wire");
        };
        for to in step.wakes.iter().chain(&step.starts).filter_map(lane) {
            let back = if to > from { -1.0 } else { 1.0 };
            pen.path(&line(&[Point { x: from, y }, Point { x: to + 7.0 * back, y }]), "wire");
            pen.shape(Point { x: to, y }, &format!("M0 0L{} -4L{} 4Z", 8.0 * back, 8.0 * back), "head");
        }
        pen.rect(Rect { x: from - 4.0, y: y - 8.0, w: 8.0, h: 16.0 }, 2.0, "gf s-running");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::Lane;

    fn long(steps: usize) -> Sequence {
        let lanes = vec![Lane { process: ProcessId(1), name: "<one>".into() }];
        let step = Step { process: ProcessId(1), wakes: vec![], starts: vec![], what: "goes on".into() };
        Sequence { lanes, steps: vec![step; steps], verdict: "it ended".into() }
    }

    #[test]
    fn of_a_long_one_the_middle_is_left_out_and_it_says_so() {
        let picture = sequence(&long(STEPS_MAX + 1000));
        assert!(picture.contains("(1000 steps are left out)"));
        assert!(picture.matches("goes on").count() == STEPS_MAX && picture.contains(">1400<"));
        assert!(!sequence(&long(STEPS_MAX)).contains("left out"));
    }

    #[test]
    fn names_are_escaped_and_an_empty_one_is_drawn() {
        assert!(sequence(&long(1)).contains("&lt;one&gt;"));
        assert!(sequence(&Sequence::default()).ends_with("</svg>\n"));
    }
}
