//! The message of a hydrated commit: the dry commit's own, and trailers that machines read.

use super::HydratedTree;
use crate::config::Style;

/// How many paths of one kind a message lists.
const LISTED: usize = 20;

/// What was taken from others with their paths: it is said where everybody can see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Takeover {
    /// Paths where others had put files, or edits that say what we say; a branch that something else wrote.
    pub adopted: Vec<String>,
    /// Paths where edits of others are lost.
    pub overwritten: Vec<String>,
}

impl HydratedTree {
    /// The message of its commit: `<first 7 of the dry commit>: <its subject>`, and in Argo CD's style its body and authors.
    #[must_use]
    pub fn message(&self, takeover: &Takeover) -> String {
        let dry = self.dry();
        let (subject, body) = match self.style {
            Style::Argocd => (printable(dry.subject()), printable(&dry.body())),
            Style::Plain => (one_line(dry.subject()), String::new()),
        };
        let subject = if subject.is_empty() { "(no subject)" } else { &subject };
        let mut text = format!("{}: {subject}\n\n", dry.short());
        if !body.is_empty() {
            text.push_str(&format!("{body}\n\n"));
        }
        let mut trailer = |name: &str, value: &str| text.push_str(&format!("{name}: {}\n", one_line(value)));
        if self.style == Style::Argocd {
            let referenced = dry.reference().map(|commit| commit.author).filter(|author| !author.is_empty());
            referenced.iter().chain([&dry.author]).for_each(|author| trailer("Co-authored-by", author));
        }
        trailer("Hydrant-Environment", &self.record().environment);
        if let Some(folder) = &self.record().folder {
            trailer("Hydrant-Folder", folder.as_str());
        }
        trailer("Hydrant-Dry-Commit", &dry.id);
        for (name, paths) in [("Hydrant-Adopted", &takeover.adopted), ("Hydrant-Overwritten", &takeover.overwritten)] {
            paths.iter().take(LISTED).for_each(|path| trailer(name, path));
            if paths.len() > LISTED {
                trailer(name, &format!("and {} more", paths.len() - LISTED));
            }
        }
        text
    }
}

/// A text that fits one line: control characters become blanks, the ends are trimmed.
fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect::<String>().trim().to_owned()
}

/// Several lines without what git or a terminal would stumble over.
fn printable(text: &str) -> String {
    let keep = |sign: char| !sign.is_control() || sign == '\n' || sign == '\t';
    text.chars().map(|sign| if keep(sign) { sign } else { ' ' }).collect::<String>().trim().to_owned()
}
