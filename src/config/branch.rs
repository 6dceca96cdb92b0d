//! Names: what git takes for a branch, and what Hydrant takes for an environment or an app.

/// Why git would refuse `refs/heads/<name>` (git-check-ref-format(1)), or `None` if it would not.
pub(super) fn why_no_branch(name: &str) -> Option<&'static str> {
    let parts = || name.split('/');
    let forbidden = |sign: char| sign.is_control() || " ~^:?*[\\".contains(sign);
    match name {
        "" => Some("it is empty"),
        "HEAD" => Some("git reserves the name"),
        "@" => Some("git reads `@` as `HEAD`"),
        _ if name.starts_with("refs/") => Some("it is a full reference: leave out `refs/heads/`"),
        _ if name.starts_with('-') => Some("it begins with a dash"),
        _ if name.contains(forbidden) => Some("it holds a blank or one of `~^:?*[\\`"),
        _ if name.contains("..") => Some("it holds `..`"),
        _ if name.contains("@{") => Some("it holds `@{`"),
        _ if parts().any(str::is_empty) => Some("a part between its slashes is empty"),
        _ if parts().any(|part| part.starts_with('.')) => Some("a part of it begins with a dot"),
        _ if parts().any(|part| part.ends_with(".lock")) => Some("a part of it ends with `.lock`"),
        _ if name.ends_with('.') => Some("it ends with a dot"),
        _ => None,
    }
}

/// Whether a name of an environment or an app can be a folder on a branch, on every file system.
///
/// A leading dot is left to our own records there.
#[must_use]
pub(crate) fn is_name(name: &str) -> bool {
    let begins_well = name.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
    let known = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    begins_well && name.chars().all(known) && !name.ends_with('.') && name.len() <= 128
}

/// What [`is_name`] wants, for the help line.
pub(crate) const NAME_RULE: &str =
    "use letters, digits, `-`, `_` and `.`, and let the first be a letter, a digit or `_`";
