//! The picture in the README is what the terminal shows: the colours of a real run, drawn as SVG.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/check.svg");
const COMMAND: [&str; 4] = ["hydrant", "check", "--color", "always"];

/// Sizes in pixels of a cell of the terminal, and of the border around all of them.
const CELL: (usize, usize) = (8, 18);
const BORDER: usize = 20;

/// How a piece of text looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Look {
    /// One of the eight colours of a terminal.
    color: Option<u8>,
    bold: bool,
    dim: bool,
    underlined: bool,
}

/// Text that looks the same all along.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    look: Look,
    text: String,
}

#[test]
fn the_picture_in_the_readme_is_what_the_terminal_shows() {
    let sandbox = Sandbox::new();
    sandbox.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases/check-four-findings/in"), "");
    let output = sandbox.run(&COMMAND);
    assert_eq!(output.code, 1, "{output}");
    let picture = drawn(&format!("\u{1b}[1m$ hydrant check\u{1b}[0m\n{}", output.stderr));
    if fs::read_to_string(PICTURE).is_ok_and(|old| old == picture) {
        return;
    }
    assert!(
        std::env::var_os("HYDRANT_BLESS").is_some(),
        "{PICTURE} is not up to date: HYDRANT_BLESS=1 cargo test docs"
    );
    fs::create_dir_all(Path::new(PICTURE).parent().expect("a file lies in a folder")).unwrap();
    fs::write(PICTURE, picture).unwrap();
}

#[test]
fn colours_begin_where_the_terminal_is_told_and_end_at_a_zero() {
    let red = Look { color: Some(1), bold: true, ..Look::default() };
    let run = |look: &Look, text: &str| Run { look: look.clone(), text: text.to_owned() };
    let plain = Look::default();
    assert_eq!(runs("a\u{1b}[1;31mb\u{1b}[0mc"), [run(&plain, "a"), run(&red, "b"), run(&plain, "c")]);
    assert_eq!(runs("\u{1b}[39ma"), [run(&plain, "a")]);
    assert_eq!(runs("\u{1b}[2mx\u{1b}[22my")[0].look, Look { dim: true, ..Look::default() });
}

#[test]
#[should_panic(expected = "not drawn")]
fn what_the_picture_cannot_draw_is_told() {
    runs("\u{1b}[38;5;200mpink");
}

/// The lines of a terminal as SVG. Every run has its place and width, so that any font keeps the columns.
fn drawn(text: &str) -> String {
    let lines: Vec<Vec<Run>> = text.lines().map(runs).collect();
    let columns = lines.iter().map(|line| line.iter().map(|run| run.text.chars().count()).sum()).max().unwrap_or(0);
    let (width, height) = (columns * CELL.0 + 2 * BORDER, lines.len() * CELL.1 + 2 * BORDER);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <title>hydrant check: one run tells everything</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#15181e\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let mut column = 0;
        for run in line {
            let cells = run.text.chars().count();
            // blanks around a run only move it
            let blanks = run.text.chars().take_while(|sign| *sign == ' ').count();
            let shown = run.text.trim();
            if !shown.is_empty() {
                let (x, y) = (BORDER + (column + blanks) * CELL.0, BORDER + row * CELL.1 + 13);
                let length = shown.chars().count() * CELL.0;
                let (look, text) = (attributes(&run.look), escaped(shown));
                let _ = writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" xml:space=\"preserve\" {look}>{text}</text>"
                );
            }
            column += cells;
        }
    }
    svg + "</svg>\n"
}

/// A line cut where its look changes.
fn runs(line: &str) -> Vec<Run> {
    let mut look = Look::default();
    let mut runs: Vec<Run> = Vec::new();
    for (index, piece) in line.split("\u{1b}[").enumerate() {
        let text = match index {
            0 => piece,
            _ => {
                let (codes, text) = piece.split_once('m').expect("a colour ends with `m`");
                codes.split(';').for_each(|code| look.take(code));
                text
            }
        };
        if !text.is_empty() {
            runs.push(Run { look: look.clone(), text: text.to_owned() });
        }
    }
    runs
}

impl Look {
    /// Follows one number of "select graphic rendition".
    fn take(&mut self, code: &str) {
        match code {
            "" | "0" => *self = Self::default(),
            "1" => self.bold = true,
            "2" => self.dim = true,
            "4" => self.underlined = true,
            "22" => (self.bold, self.dim) = (false, false),
            "24" => self.underlined = false,
            "39" => self.color = None,
            _ => match code.strip_prefix('3').and_then(|color| color.parse().ok()) {
                Some(color @ 0..=7) => self.color = Some(color),
                _ => panic!("`{code}` is not drawn"),
            },
        }
    }
}

fn attributes(look: &Look) -> String {
    let colors = ["#5c6370", "#ff6b68", "#98c379", "#e5c07b", "#61afef", "#d291e4", "#56c8d8", "#d7dae0"];
    let fill = match look.color {
        Some(color) => colors[usize::from(color)],
        None if look.dim => colors[0],
        None => colors[7],
    };
    let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
    let underlined = if look.underlined { " text-decoration=\"underline\"" } else { "" };
    format!("fill=\"{fill}\"{bold}{underlined}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
