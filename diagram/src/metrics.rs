//! How wide a text is, by the table of one wide common font. Not a font engine: other fonts are mostly narrower.

/// The faces that a picture is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// Sans-serif.
    Plain,
    /// Sans-serif, bold.
    Bold,
    /// Monospace.
    Mono,
}

/// Advances of the characters from space to tilde, in hundredths of the size (DejaVu Sans).
const PLAIN: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63,
    59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// The same for DejaVu Sans Bold.
const BOLD: [u8; 95] = [
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40,
    84, 84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110,
    77, 72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60,
    48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
];

/// Characters that a cut text keeps at most, however narrow they are.
const LONGEST: usize = 120;

/// The width of `text` at `size`.
pub(crate) fn width(text: &str, face: Face, size: f64) -> f64 {
    text.chars().map(|c| advance(c, face)).sum::<f64>() * size / 100.0
}

/// `text`, cut at its end with an ellipsis where it is wider than `room`.
pub(crate) fn fit(text: &str, face: Face, size: f64, room: f64) -> String {
    let kept = fitting(text.chars(), face, size, room);
    if text.chars().nth(kept).is_none() {
        return text.to_owned();
    }
    let kept = fitting(text.chars(), face, size, room - width("…", face, size));
    text.chars().take(kept).chain(['…']).collect()
}

/// `text`, cut at its beginning with an ellipsis where it is wider than `room`: for paths, whose end says most.
pub(crate) fn fit_tail(text: &str, face: Face, size: f64, room: f64) -> String {
    let kept = fitting(text.chars().rev(), face, size, room);
    if text.chars().nth(kept).is_none() {
        return text.to_owned();
    }
    let kept = fitting(text.chars().rev(), face, size, room - width("…", face, size));
    let tail: Vec<char> = text.chars().rev().take(kept).collect();
    std::iter::once('…').chain(tail.into_iter().rev()).collect()
}

/// `text` in lines of at most `room`, broken at spaces where there are any.
pub(crate) fn wrap(text: &str, face: Face, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = fit(word, face, size, room);
        match lines.last_mut() {
            Some(line) if width(line, face, size) + width(" ", face, size) + width(&word, face, size) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// How many of `chars` fit into `room`.
fn fitting(chars: impl Iterator<Item = char>, face: Face, size: f64, room: f64) -> usize {
    let mut used = 0.0;
    chars
        .take(LONGEST)
        .take_while(|&c| {
            used += advance(c, face) * size / 100.0;
            used <= room
        })
        .count()
}

/// The advance of one character, in hundredths of the size.
fn advance(c: char, face: Face) -> f64 {
    let wide = matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0x1F000..);
    match (face, c) {
        _ if wide => 130.0,
        (Face::Mono, _) => 60.5,
        (Face::Plain, ' '..='~') => f64::from(PLAIN[c as usize - 32]),
        (Face::Bold, ' '..='~') => f64::from(BOLD[c as usize - 32]),
        _ => 100.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_kept_whole() {
        assert_eq!(fit("worker", Face::Plain, 10.0, 100.0), "worker");
        assert_eq!(fit_tail("worker", Face::Plain, 10.0, 100.0), "worker");
    }

    #[test]
    fn a_text_that_does_not_fit_ends_in_an_ellipsis_and_fits() {
        let long = "w".repeat(10_000);
        for cut in [fit(&long, Face::Bold, 12.0, 90.0), fit_tail(&long, Face::Bold, 12.0, 90.0)] {
            assert!(cut.contains('…') && width(&cut, Face::Bold, 12.0) <= 90.0, "{cut}");
        }
    }

    #[test]
    fn the_end_of_a_path_survives() {
        assert!(fit_tail("/a/very/long/way/to/src/main.rs:12", Face::Mono, 10.0, 80.0).ends_with("main.rs:12"));
    }

    #[test]
    fn lines_hold_all_words_in_order() {
        let lines = wrap("A waits for B and B waits for A", Face::Plain, 10.0, 60.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "A waits for B and B waits for A");
    }
}
