//! What is printed: lines for programs, and a table of ratios, which are what to judge by: they hold within one run only.

use crate::networks::Run;
use std::fmt::Write;

/// The first line on standard output.
pub(crate) const HEADER: &str = "bench,contender,ops,seconds,ns_per_op";

/// Contenders that the others are compared with, as far as they take part; most first.
const BASELINES: [&str; 9] = [
    "tokio-mt2",
    "tokio-mt1",
    "actix-arbiter",
    "kanal-mt2",
    "kanal-mt1",
    "crossbeam-threads",
    "kanal-threads",
    "rendez-unwatched-mt2",
    "rendez-unwatched-mt1",
];

/// A contender's runs.
pub(crate) struct Row {
    name: String,
    /// By the time of an operation, and never empty.
    runs: Vec<Run>,
}

impl Row {
    /// The row of a contender, if it has run.
    pub(crate) fn new(name: String, mut runs: Vec<Run>) -> Option<Self> {
        runs.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        (!runs.is_empty()).then_some(Self { name, runs })
    }

    fn median(&self) -> Run {
        self.runs[self.runs.len() / 2]
    }
}

/// Prints the lines of a benchmark to standard output and its table to standard error.
pub(crate) fn print(bench: &str, rows: &[Row]) {
    rows.iter().for_each(|row| println!("{}", line(bench, row)));
    eprintln!("\n{}", table(bench, rows));
}

fn line(bench: &str, row: &Row) -> String {
    let median = row.median();
    format!("{bench},{},{},{:.3},{:.1}", row.name, median.ops, median.time.as_secs_f64(), median.cost())
}

fn table(bench: &str, rows: &[Row]) -> String {
    let baselines: Vec<_> = BASELINES.iter().filter_map(|name| rows.iter().find(|row| row.name == *name)).collect();
    let mut text = format!("{bench:<20}{:>10}{:>10}{:>10}", "median", "least", "most");
    baselines.iter().for_each(|row| write!(text, "  /{}", row.name).expect("a String takes all"));
    for row in rows {
        let (least, most) = (row.runs[0].cost(), row.runs[row.runs.len() - 1].cost());
        let median = row.median().cost();
        write!(text, "\n{:<20}{median:>10.1}{least:>10.1}{most:>10.1}", row.name).expect("a String takes all");
        for baseline in &baselines {
            let (ratio, width) = (median / baseline.median().cost(), baseline.name.len() + 3);
            write!(text, "{ratio:>width$.2}").expect("a String takes all");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn row(name: &str, times: &[u64]) -> Row {
        let runs = times.iter().map(|&time| Run::timed(10, Duration::from_nanos(time)));
        Row::new(name.to_owned(), runs.collect()).unwrap()
    }

    #[test]
    fn a_line_has_the_median() {
        let line = line("ring", &row("rendez-ct", &[500, 100, 2_000]));
        assert_eq!(line, "ring,rendez-ct,10,0.000,50.0");
    }

    #[test]
    fn ratios_are_to_those_who_take_part() {
        let table = table("ring", &[row("rendez-mt2", &[500]), row("tokio-mt2", &[1_000])]);
        let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["ring", "median", "least", "most", "/tokio-mt2"]);
        assert_eq!(lines[1], ["rendez-mt2", "50.0", "50.0", "50.0", "0.50"]);
        assert_eq!(lines[2], ["tokio-mt2", "100.0", "100.0", "100.0", "1.00"]);
    }

    #[test]
    fn who_has_not_run_has_no_row() {
        assert!(Row::new("rendez-ct".to_owned(), vec![]).is_none());
    }
}
