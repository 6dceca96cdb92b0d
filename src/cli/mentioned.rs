//! The command lines that a text mentions: tests try those of help pages and of files for CI.

/// The lines `hydrant …` of a text, as words. A line goes on after `\`; a command ends where a shell ends it, or at two
/// blanks, behind which help pages explain. Variables are taken for a word without meaning.
pub(super) fn commands_in(text: &str) -> Vec<Vec<String>> {
    let mut joined = String::new();
    for line in text.lines() {
        match line.trim_end().strip_suffix('\\') {
            Some(line) => {
                joined.push_str(&format!("{} ", if joined.ends_with(' ') { line.trim() } else { line.trim_end() }))
            }
            None if joined.ends_with(' ') => joined.push_str(&format!("{}\n", line.trim())),
            None => joined.push_str(&format!("{line}\n")),
        }
    }
    joined.lines().flat_map(commands_of_line).collect()
}

fn commands_of_line(line: &str) -> Vec<Vec<String>> {
    let begins = |at: &usize| {
        let before = line[..*at].trim_end();
        before.is_empty()
            || ["|", "&&", "||", ";", "$(", "run:", "entry:", "-", "'", "\"", "!", "if", "then", "do", "sh"]
                .iter()
                .any(|sign| before.ends_with(sign))
    };
    let found = line.match_indices("hydrant ").map(|(at, _)| at).filter(begins);
    found.map(|at| words(&line[at..])).filter(|words| is_command(words)).collect()
}

/// `hydrant check`, and not a sentence about Hydrant.
fn is_command(words: &[String]) -> bool {
    use clap::CommandFactory as _;
    let command = super::Cli::command();
    words.get(1).is_some_and(|word| word.starts_with('-') || command.find_subcommand(word).is_some())
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (Some('"') | None, '$') => {
                skip_variable(&mut signs);
                word.get_or_insert_default().push_str("variable");
            }
            (Some(_), sign) => word.get_or_insert_default().push(sign),
            (None, ' ') => {
                words.extend(word.take());
                if signs.peek() == Some(&' ') {
                    break;
                }
            }
            (None, '|' | '>' | ';' | '#' | '&' | ')') => break,
            (None, sign) => word.get_or_insert_default().push(sign),
        }
    }
    // a quote that does not end is the end of a string around the command
    words.extend(word);
    words
}

fn skip_variable(signs: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let braces = signs.peek() == Some(&'{');
    let mut depth = 0;
    while let Some(sign) = signs.peek().copied() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            sign if !braces && !sign.is_ascii_alphanumeric() && sign != '_' => return,
            _ => {}
        }
        signs.next();
        if braces && depth == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_where_a_shell_would_run_them() {
        let text = "Run hydrant check by hand.\n  kubectl get cm | hydrant drift prod -\n  - run: hydrant check \"$ENV\" \\\n      \
                    --report 'sarif=a b.sarif' && echo done\n  hydrant test  tests, all of them\n";
        let found = commands_in(text);
        let expected: [&[&str]; 3] = [
            &["hydrant", "drift", "prod", "-"],
            &["hydrant", "check", "variable", "--report", "sarif=a b.sarif"],
            &["hydrant", "test"],
        ];
        assert_eq!(found, expected);
    }
}
